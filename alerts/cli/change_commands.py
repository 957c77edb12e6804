"""What was closed too early: reopen."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from alerts.cli.app import cli, get_app, instant, who
from alerts.cli.options import OTHER_ZONE, AllOccurrences, At, By, Keys, OneOccurrence, either_occurrence_or_all
from alerts.cli.output import checked_reason
from alerts.core.changes import Change
from alerts.core.commitments import ENDS, Citation
from alerts.deadlines.bounds import describe_bounds, describe_move
from alerts.deadlines.errors import did_you_mean

out = Console(highlight=False)


@cli.command()
def reopen(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="The reason; it is told with it.")],
    occurrence: OneOccurrence = "",
    by: By = None,
    at: At = None,
) -> None:
    """Open again what was closed: its date is worked out anew, and those who hear of its end hear of this."""
    app = get_app(context)
    change = Change(now=instant(at), by=who(by), reason=checked_reason(because, "--because"))
    report = app.store.commitments.reopen(key, change, occurrence)
    item = app.store.commitments.find(key).at(occurrence)
    out.print(
        f"{key} {occurrence}".rstrip() + f" is open again: {describe_bounds(item.bounds)}", markup=False, soft_wrap=True
    )
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for one in moves:
            line = f"{one.key} {verb}: {describe_bounds(one.before)} → {describe_bounds(one.after)}"
            out.print(line, markup=False, soft_wrap=True)


out = Console(highlight=False)


@cli.command()
def move(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="The new deadline.")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="The reason; it is told with the move.")],
    source: Annotated[
        str | None, typer.Option("--source", metavar="KEY", help="A declared source: alerts cite it from now on.")
    ] = None,
    source_locator: Annotated[str | None, typer.Option(metavar="WHERE", help="The place in it.")] = None,
    source_quote: Annotated[str | None, typer.Option(metavar="WORDS", help="What it says.")] = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    by: By = None,
    at: At = None,
) -> None:
    """Give a commitment another deadline; what hangs on it moves too, and everybody concerned is told."""
    app = get_app(context)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    change = Change(now=instant(at), by=who(by), reason=checked_reason(because, "--because"), source=source)
    cited = _citation(source, source_locator, source_quote)
    report = app.store.commitments.move(
        key, expression, change, occurrence, all_occurrences=all_occurrences, cited=cited
    )
    if not report.moved and not report.edited:
        out.print(f"{key} reads so already: nothing changed", markup=False, soft_wrap=True)
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for one in moves:
            line = f"{one.key} {verb}: {describe_move(one.before, one.after)}"
            out.print(line, markup=False, soft_wrap=True)
    if report.edited:
        out.print(f"{key} is stated otherwise now; its bounds are the same", markup=False, soft_wrap=True)
    if report.kept_zone:
        kept = f"the zone stays {report.kept_zone}, as the deadline before stated; to change it, name one: {OTHER_ZONE}"
        out.print(kept, markup=False, soft_wrap=True)


@cli.command()
def close(
    context: typer.Context,
    keys: Keys,
    status: Annotated[str, typer.Option("--as", metavar="fulfilled|breached|withdrawn", help="How it ended.")],
    because: Annotated[str | None, typer.Option("--because", metavar="WHY")] = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    by: By = None,
    at: At = None,
) -> None:
    """End commitments, all of them or none: no more alerts about them but that."""
    if status not in ENDS:
        raise typer.BadParameter(f"{status!r} is not an end{did_you_mean(status, ENDS)}", param_hint="--as")
    app = get_app(context)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    change = Change(now=instant(at), by=who(by), reason=because and checked_reason(because, "--because"))
    app.store.commitments.close(keys, status, change, occurrence, all_occurrences=all_occurrences)  # type: ignore[arg-type]
    for key in dict.fromkeys(keys):
        out.print(f"{_name(key, occurrence)} is closed: {status}", markup=False, soft_wrap=True)


def _citation(key: str | None, locator: str | None, quote: str | None) -> Citation | None:
    if key is None:
        if locator or quote:
            raise typer.BadParameter("say of which source: --source KEY", param_hint="--source-locator, --source-quote")
        return None
    place, said = (
        text and checked_reason(text, option)
        for text, option in ((locator, "--source-locator"), (quote, "--source-quote"))
    )
    return Citation(key=key, locator=place or None, quote=said or None)


def _name(key: str, occurrence: str) -> str:
    return f"{key} {occurrence}".rstrip()
