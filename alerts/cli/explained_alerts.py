"""What `why` prints: what comes next, what was sent, what was skipped, and which rules send nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from alerts.cli.app import App
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.output import print_line
from alerts.cli.terminal import Terminal
from alerts.core.rules import DEFAULT_RULE
from alerts.core.stage_wording import describe_standing
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.views.alert_explanations import (
    AlertLine,
    ExplainedAlert,
    by_outcome,
    line_ahead,
    line_sent,
    lines_skipped,
    rules_that_send_nothing,
)
from alerts.views.recipients import everybody

MAX_SENT = 20  # the latest; --all lists all
INDENT = "  "
EACH = "; --all lists each"
out = Terminal()


def print_explanation(
    app: App,
    item: Tracked,
    explained: Iterable[ExplainedAlert],
    no_alerts: Mapping[str, str],
    now: datetime,
    *,
    everything: bool,
) -> None:
    """Print what became of each alert. What comes next is first, then what was sent, then what was skipped.

    `no_alerts` are the rules that send nothing about it, with the reason.
    """
    found = by_outcome(explained)
    print_line(item.commitment.title, style="bold")
    print_line(f"{_standing(item, now, app.zone)} · times in {app.zone}")
    with_moments = {one.rule for some in found.values() for one in some}
    no_alerts = {**rules_that_send_nothing(app, item, with_moments), **no_alerts}
    ahead = [one for one in (*found["due"], *found["scheduled"]) if one.rule not in no_alerts]
    known = everybody(app, now)
    _print_section("Next", [_row(line_ahead(app, item, known, now, one)) for one in ahead])
    if not ahead:
        why = f": it is closed ({item.ended_as})" if not item.open else ""
        print_line(f"\nNo alert is scheduled{why}", style="bold")
    sent = found["sent"][::-1]
    some = sent if everything else sent[:MAX_SENT]
    _print_section("Sent, latest first", [_row(line_sent(app, item, one)) for one in some])
    if len(some) < len(sent):
        print_line(f"{INDENT}… and {len(sent) - len(some)} earlier: --all lists them", style="dim")
    skipped = lines_skipped(app, item, found["skipped"][::-1], everything=everything, hint=EACH)
    _print_section("Skipped, latest first", [_row(one, dim=True) for one in skipped])
    _print_section("Rules that send no alert about it", [_row_without(*one) for one in no_alerts.items()])


def _print_section(title: str, rows: Sequence[Row]) -> None:
    if rows:
        print_line(f"\n{title}", style="bold")
        print_rows(out, rows, indent=INDENT)


def _row(line: AlertLine, *, dim: bool = False) -> Row:
    return Row((line.at, line.text, f"rule {line.rule}", line.outcome), "dim" if dim else "")


def _row_without(rule: str, reason: str) -> Row:
    return Row(("default_notify" if rule == DEFAULT_RULE else f"rule {rule}", reason), "dim")


def _standing(item: Tracked, now: datetime, zone: str) -> str:
    dates = describe_bounds(item.bounds)
    return (
        dates
        if item.open and (item.recurs or item.bounds.named is None)
        else f"{dates} · {describe_standing(item, now, zone)}"
    )
