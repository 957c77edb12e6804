"""What `why` prints: what comes next, what was sent, what was skipped, and which rules send nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from alerts.cli.app import App
from alerts.cli.delivery_texts import before_hours
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.output import print_line
from alerts.cli.terminal import Terminal
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.alert_wording import describe_alert
from alerts.core.explanation import ALREADY_PAST, NOT_RECORDED, Explanation
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.stage_wording import describe_standing
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.views.recipients import everybody
from alerts.views.sending_times import SendingTimes, due_alert
from alerts.views.shown_times import shown, with_local_times
from alerts.views.unreached import ownerless

MAX_SENT = 20  # the latest; --all lists all
MAX_ALIKE = 3  # skipped alerts of a rule with the same reason; more become one line
INDENT = "  "
out = Terminal()


@dataclass(frozen=True, slots=True)
class ExplainedAlert:
    """An explanation with the rule, the occurrence and the deliveries of the reminder."""

    rule: str
    occurrence: str
    explanation: Explanation
    deliveries: Sequence[Mapping[str, Any]] = ()


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
    found: dict[str, list[ExplainedAlert]] = defaultdict(list)
    for one in sorted(explained, key=lambda one: (one.explanation.send_at, one.explanation.moment)):
        found[_outcome(one)].append(one)
    print_line(item.commitment.title, style="bold")
    print_line(f"{_standing(item, now, app.zone)} · times in {app.zone}")
    ahead = [*found["due"], *found["scheduled"]]
    with_moments = {one.rule for some in found.values() for one in some}
    no_alerts = {**_silent_rules(app, item, with_moments), **no_alerts}
    row_ahead = partial(_row_ahead, app, item, everybody(app, now), now)
    _print_section("Next", [row_ahead(one) for one in ahead if one.rule not in no_alerts])
    if all(one.rule in no_alerts for one in ahead):
        why = f": it is closed ({item.ended_as})" if not item.open else ""
        print_line(f"\nNo alert is scheduled{why}", style="bold")
    sent = found["sent"][::-1]
    some = sent if everything else sent[:MAX_SENT]
    _print_section(
        "Sent, latest first",
        [Row((*_heads(app, item, one), f"rule {one.rule}", _deliveries(app, one))) for one in some],
    )
    if len(some) < len(sent):
        print_line(f"{INDENT}… and {len(sent) - len(some)} earlier: --all lists them", style="dim")
    _print_section(
        "Skipped, latest first", list(_rows_skipped(app, item, found["skipped"][::-1], everything=everything))
    )
    _print_section("Rules that send no alert about it", [_row_without(*one) for one in no_alerts.items()])


def _print_section(title: str, rows: Sequence[Row]) -> None:
    if rows:
        print_line(f"\n{title}", style="bold")
        print_rows(out, rows, indent=INDENT)


def _outcome(explained: ExplainedAlert) -> str:
    """Return the outcome. What no tick has recorded yet is still due."""
    waits = explained.explanation.reason == NOT_RECORDED
    return "due" if waits else explained.explanation.outcome


def _silent_rules(app: App, item: Tracked, with_moments: Collection[str]) -> dict[str, str]:
    """Return the rules that match and yet send nothing, with the reason."""
    found = {}
    for rule in matching(app.settings.rules, item.commitment):
        if not app.owners.channels(rule.notify, item.commitment):
            found[rule.name] = f"it reaches nobody: {ownerless(item.commitment)}"
        elif rule.name not in with_moments:
            found[rule.name] = "it has no reminder for such a deadline"
    return found


def _row_ahead(app: App, item: Tracked, known: RecipientsOfAlerts, now: datetime, ahead: ExplainedAlert) -> Row:
    about = replace(item, bounds=ahead.explanation.bounds or item.bounds)  # of what recurs, those of one date
    due = due_alert(known, app.rules[ahead.rule], about, max(now, ahead.explanation.send_at))
    times, (at, text) = SendingTimes.of(known, due), _heads(app, item, ahead)
    held, whom = times.held_text(app.zone), times.shown_targets(app.zone)
    text += held
    if _outcome(ahead) == "due" and not held:
        return Row(("due now", text, f"rule {ahead.rule}", f"{whom} (while the daemon runs, within a minute)"))
    reason = ahead.explanation.reason
    return Row((at, text, f"rule {ahead.rule}", f"{whom} ({with_local_times(reason, app.zone)})" if reason else whom))


def _rows_skipped(app: App, item: Tracked, skipped: Iterable[ExplainedAlert], *, everything: bool) -> Iterator[Row]:
    """Yield a row for each skipped alert, and one for many with the same reason."""
    groups: dict[tuple[str, str], list[ExplainedAlert]] = defaultdict(list)
    for one in skipped:
        groups[one.rule, one.explanation.reason or ""].append(one)
    for (rule, reason), some in groups.items():
        text = with_local_times(reason, app.zone)
        if everything or not (len(some) > MAX_ALIKE or reason.startswith(ALREADY_PAST)):
            yield from (Row((*_heads(app, item, one), f"rule {rule}", text), "dim") for one in some)
        else:
            count = f"latest of {len(some)} alerts" if len(some) > 1 else _heads(app, item, some[0])[1]
            yield Row((_heads(app, item, some[0])[0], count, f"rule {rule}", f"{text}; --all lists each"), "dim")


def _heads(app: App, item: Tracked, explained: ExplainedAlert) -> tuple[str, str]:
    """Return when an alert goes out or would have, and what it says."""
    one = explained.explanation
    text = describe_alert(item.commitment, one.kind, one.offset, one.bounds, at=one.send_at, zone=app.zone)
    return shown(one.send_at, app.zone), ": ".join(filter(None, (explained.occurrence, text)))


def _row_without(rule: str, reason: str) -> Row:
    return Row(("default_notify" if rule == DEFAULT_RULE else f"rule {rule}", reason), "dim")


def _standing(item: Tracked, now: datetime, zone: str) -> str:
    dates = describe_bounds(item.bounds)
    return (
        dates
        if item.open and (item.recurs or item.bounds.named is None)
        else f"{dates} · {describe_standing(item, now, zone)}"
    )


def _deliveries(app: App, explained: ExplainedAlert) -> str:
    deliveries = [
        f"{row['channel']}{' → ' + row['recipient'] if row['recipient'] else ''} {row['state']}"
        f"{': ' + row['last_error'] if row['last_error'] and row['state'] != 'sent' else ''} ({str(row['id'])[:8]})"
        f" {before_hours(row, app.zone)}".rstrip()
        for row in explained.deliveries
    ]
    return "; ".join(deliveries) or "recorded, no recipient"
