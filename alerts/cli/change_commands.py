"""The commands reopen, move and close."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from alerts.actions.close import close as close_commitments
from alerts.actions.move import move as move_commitment
from alerts.actions.reopen import reopen as reopen_commitment
from alerts.cli.app import change_of, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.next_alert_lines import print_next_alerts
from alerts.cli.options import (
    OTHER_ZONE,
    AllOccurrences,
    At,
    Because,
    By,
    Keys,
    OneOccurrence,
    SourceLocator,
    SourceQuote,
    either_occurrence_or_all,
)
from alerts.cli.output import checked_reason, print_line
from alerts.core.changes import Change
from alerts.core.commitments import ENDS, NOTICE_ANSWERS, Citation
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import did_you_mean
from alerts.deadlines.moved_bounds import describe_move


@cli.command()
def reopen(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="Reason, shown in the alert.")],
    occurrence: OneOccurrence = "",
    by: By = None,
    at: At = None,
) -> None:
    """Reopen a closed commitment.

    Its date is computed again. Recipients of its closing alert get an alert.
    """
    app = get_app(context)
    change = Change(now=instant(at), by=who(by), reason=checked_reason(because, "--because"))
    report = reopen_commitment(app.store, key, change, occurrence)
    item = app.store.commitments.find(key).at(occurrence)
    print_line(f"{key} {occurrence}".rstrip() + f" is open again: {describe_bounds(item.bounds)}")
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for one in moves:
            line = f"{one.key} {verb}: {describe_bounds(one.before)} → {describe_bounds(one.after)}"
            print_line(line)
    print_next_alerts(app, [key], change.now)


@cli.command()
def move(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="The new deadline.")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="Reason, shown in the alert.")],
    source: Annotated[
        str | None, typer.Option("--source", metavar="KEY", help="Key of a source that alerts cite from now on.")
    ] = None,
    source_locator: SourceLocator = None,
    source_quote: SourceQuote = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    by: By = None,
    at: At = None,
) -> None:
    """Move a commitment to another date. Dependants move too."""
    app = get_app(context)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    change = Change(now=instant(at), by=who(by), reason=checked_reason(because, "--because"), source=source)
    cited = _citation(source, source_locator, source_quote)
    report = move_commitment(
        app.store, key, expression, change, occurrence, all_occurrences=all_occurrences, cited=cited
    )
    if not report.moved and not report.edited:
        print_line(f"{key} already has this deadline: nothing changed")
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for one in moves:
            line = f"{one.key} {verb}: {describe_move(one.before, one.after)}"
            print_line(line)
    if report.moved:
        moved = [*report.moved, *report.moved_dependants]  # one occurrence is named by key and occurrence
        print_next_alerts(app, [one.key.partition(" ")[0] for one in moved], change.now)
    if report.edited:
        print_line(f"{key} has a new wording; its dates stay the same")
    if report.kept_zone:
        kept = f"the zone stays {report.kept_zone}, as in the previous deadline; to change it, state one: {OTHER_ZONE}"
        print_line(kept)


@cli.command()
def close(
    context: typer.Context,
    keys: Keys,
    end: Annotated[
        str, typer.Option("--as", metavar="|".join(ENDS), help="How it ended; a notice: cancelled or renewed.")
    ],
    because: Because = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    yes: Annotated[bool, typer.Option("--yes", help="Cancel without a question.")] = False,
    by: By = None,
    at: At = None,
) -> None:
    """Close commitments (all of them or none)."""
    if end not in (*ENDS, *NOTICE_ANSWERS):
        ends = (*ENDS, *NOTICE_ANSWERS)
        raise typer.BadParameter(f"{end!r} is not an end{did_you_mean(end, ends)}", param_hint="--as")
    if end == "cancelled" and not yes:
        _confirm_cancellation(keys, occurrence)
    app = get_app(context)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    change = change_of(at, by, because)
    close_commitments(app.store, keys, end, change, occurrence, all_occurrences=all_occurrences)  # type: ignore[arg-type]
    for key in dict.fromkeys(keys):
        print_line(f"{_name(key, occurrence)} is closed: {end}")
        _print_following(app.store.commitments.find(key) if occurrence else None)
    print_next_alerts(app, keys, change.now)


def _print_following(series: Tracked | None) -> None:
    """Print when it is due again, where that counts from the closing."""
    recurs = series.bounds.recurrence if series else None
    if series and recurs and recurs.open_name:
        print_line(f"  due again {describe_bounds(series.at(recurs.open_name).bounds)} ({recurs.open_name})")


def _confirm_cancellation(keys: Sequence[str], occurrence: str) -> None:
    """Ask whether what notices are about is to end. Raises BadParameter where nobody can be asked."""
    what = ", ".join(_name(key, occurrence) for key in dict.fromkeys(keys))
    text = f"{what}: what was to be renewed then ends after this term, and has no later dates"
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{text}; add --yes if that is meant", param_hint="--as")
    typer.confirm(f"{text}. Cancel it?", abort=True)


def _citation(key: str | None, locator: str | None, quote: str | None) -> Citation | None:
    if key is None:
        if locator or quote:
            raise typer.BadParameter(
                "name the source, too: --source KEY", param_hint="--source-locator, --source-quote"
            )
        return None
    place, quoted = (
        text and checked_reason(text, option)
        for text, option in ((locator, "--source-locator"), (quote, "--source-quote"))
    )
    return Citation(key=key, locator=place or None, quote=quoted or None)


def _name(key: str, occurrence: str) -> str:
    return f"{key} {occurrence}".rstrip()
