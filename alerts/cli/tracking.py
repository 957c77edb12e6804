"""Commands that change what is tracked: load, move, close, ack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alerts import interchange
from alerts.cli.showing import warn_unsaid
from alerts.cli.wiring import (
    At,
    By,
    app,
    day_or_instant,
    instant,
    office,
    shown,
    who,
    words,
)
from alerts.core.bounds import say_bounds
from alerts.core.commitments import ENDS
from alerts.core.errors import InputError, did_you_mean
from alerts.outlook import at_once
from alerts.store import Change, Entry, Report

out = Console(highlight=False)
OneOf = Annotated[str, typer.Option("--occurrence", metavar="NAME", help="Of what recurs only this one: 2025-11-30.")]


@app.command()
def load(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=".yaml, .yml or .json files of commitments.")],
    at: At = None,
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; store nothing.")] = False,
) -> None:
    """Import commitments. Loading a file again changes only what the file changed since it was last loaded."""
    here, now = office(context), instant(at)
    ledger = here.store.ledger
    parties, sources = set(ledger.parties()), set(ledger.sources())
    read = []
    with _progress("reading") as step:
        for path in files:
            found = interchange.read(path, parties=parties, sources=sources, progress=step)
            parties |= {party.key for party in found.parties}
            sources |= {source.key for source in found.sources}
            read.append(found)
    entries = [Entry(placed.commitment, placed.place) for found in read for placed in found.entries]
    _each_key_once(entries)
    change = Change(now=now, by=who(by), reason=f"loaded from {', '.join(path.name for path in files)}")
    with _progress("storing", len(entries)) as step:
        report = here.store.commitments.load(
            entries,
            [party for found in read for party in found.parties],
            [source for found in read for source in found.sources],
            change,
            dry_run=dry_run,
            progress=step,
        )
    _show_report(report, "would load" if dry_run else "loaded")
    if not dry_run:
        count = sum(1 for _ in at_once(here.store, here.rules, now))
        out.print(f"{count} to be said at once, at the next tick" if count else "nothing to be said at once")
    warn_unsaid(here, ledger.each())


def _each_key_once(entries: Sequence[Entry]) -> None:
    first: dict[str, str] = {}
    wrong = []
    for entry in entries:
        key = entry.commitment.key
        if key in first:
            wrong.append(f'{entry.place}: the key "{key}" is there twice, first at {first[key]}')
        first.setdefault(key, entry.place)
    if wrong:
        raise InputError("\n".join(wrong))


@contextmanager
def _progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; yields a function that takes how many are done."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def _show_report(report: Report, done: str) -> None:
    counts = f"{len(report.new)} new, {len(report.edited)} changed, {len(report.moved)} moved"
    out.print(f"{done}: {counts}, {report.unchanged} unchanged")
    for move in [*report.moved, *report.derived][:20]:
        out.print(f"  {move.key}: {say_bounds(move.before)} → {say_bounds(move.after)}", markup=False)


@app.command()
def move(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="The new deadline.")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="The reason; it is told with the move.")],
    source: Annotated[str | None, typer.Option("--source", metavar="KEY", help="A declared source.")] = None,
    occurrence: OneOf = "",
    by: By = None,
    at: At = None,
) -> None:
    """Give a commitment another deadline; what hangs on it moves too, and everybody concerned is told."""
    here = office(context)
    change = Change(now=instant(at), by=who(by), reason=words(because, "--because"), source=source)
    report = here.store.commitments.move(key, expression, change, occurrence)
    if not report.moved and not report.edited:
        out.print(f"{key} reads so already: nothing changed", markup=False, soft_wrap=True)
    for verb, moves in (("moved", report.moved), ("follows", report.derived)):
        for one in moves:
            line = f"{one.key} {verb}: {say_bounds(one.before)} → {say_bounds(one.after)}"
            out.print(line, markup=False, soft_wrap=True)
    if report.edited:
        out.print(f"{key} is stated otherwise now; its bounds are the same", markup=False, soft_wrap=True)


@app.command()
def close(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    status: Annotated[str, typer.Option("--as", metavar="fulfilled|breached|withdrawn", help="How it ended.")],
    because: Annotated[str | None, typer.Option("--because", metavar="WHY")] = None,
    occurrence: OneOf = "",
    by: By = None,
    at: At = None,
) -> None:
    """End a commitment: nothing more is said of it but that."""
    if status not in ENDS:
        raise typer.BadParameter(f"{status!r} is not an end{did_you_mean(status, ENDS)}", param_hint="--as")
    here = office(context)
    change = Change(now=instant(at), by=who(by), reason=because and words(because, "--because"))
    here.store.commitments.close(key, status, change, occurrence)  # type: ignore[arg-type]
    out.print(f"{_name(key, occurrence)} is closed: {status}", markup=False, soft_wrap=True)


@app.command()
def ack(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="Keep quiet until then: a day (included) or an instant.")
    ] = None,
    because: Annotated[str | None, typer.Option("--because", metavar="WHY")] = None,
    occurrence: OneOf = "",
    by: By = None,
    at: At = None,
) -> None:
    """Acknowledge: overdue and review repeats keep quiet until T, or until the deadline moves."""
    here, now = office(context), instant(at)
    item = here.store.commitments.find(key).at(occurrence)
    end = day_or_instant(until, item.bounds.zone or here.zone) if until else None
    if end is not None and end <= now:
        raise InputError(f"--until {until} has passed already")
    change = Change(now=now, by=who(by), reason=because and words(because, "--because"))
    here.store.commitments.acknowledge(key, end, change, occurrence)
    quiet = f"until {shown(end, here.zone)} {here.zone}" if end else "until its deadline moves"
    done = f"{_name(key, occurrence)} is acknowledged by {who(by)}: repeats keep quiet {quiet}"
    out.print(done, markup=False, soft_wrap=True)


def _name(key: str, occurrence: str) -> str:
    return f"{key} {occurrence}".rstrip()
