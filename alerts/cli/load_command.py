"""Commitments out of files: load."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from alerts import interchange
from alerts.cli import restated_report
from alerts.cli.app import App, cli, get_app, instant, who
from alerts.cli.options import At, By
from alerts.cli.output import few, note, warn
from alerts.cli.unreached import warn_without_recipient
from alerts.core.changes import Change, Entry, Move, Report
from alerts.core.registration import tick_may_register
from alerts.daemon_status import nobody_serves
from alerts.deadlines.bounds import describe_bounds, describe_move
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.skipped_months import skipped_periods
from alerts.forecasting import forecast_after_change, forecast_of_changes
from alerts.interchange.file_contents import File, FileProblem
from alerts.recomputing import take_data, take_zone
from alerts.store.restated_closed import Closed

MAX_ROWS_SHOWN = 200  # rows of the table of what would be loaded
MAX_MOVES_SHOWN = 20
MAX_SKIPPING_SHOWN = 20
out = Console(highlight=False)


@cli.command()
def load(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of commitments: " + interchange.KINDS)],
    at: At = None,
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; store nothing.")] = False,
    columns: Annotated[
        Path | None,
        typer.Option("--columns", metavar="FILE", help="YAML that says which column of a table holds what."),
    ] = None,
    close_missing: Annotated[
        bool, typer.Option("--close-missing", help="Close what was loaded from a file and is no longer in it.")
    ] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open again what is closed and stated anew.")] = False,
    keep_closed: Annotated[
        bool, typer.Option("--keep-closed", help="Leave closed what is stated anew, and name it no more.")
    ] = False,
) -> None:
    """Import commitments. Loading a file again changes only what the file changed since it was last loaded."""
    closed = restated_report.decision(reopen=reopen, keep_closed=keep_closed)
    app, now = get_app(context), instant(at)
    read = _read(app, files, columns)
    entries = [
        Entry(placed.commitment, placed.place, _remembered(file.path), placed.sequence)
        for file in read
        for placed in file.entries
    ]
    _refuse_problems(app, read, entries, closed)
    if not dry_run:
        app.store.people.add(app.settings.people)
        _apply_zone(app, now)
    elif (used := app.store.resolved_with.zone(app.settings.timezone)) != app.settings.timezone:
        note(f"shown with the time zone {used or 'none'}: a load takes {app.settings.timezone or 'none'} over first")
    change = Change(now=now, by=who(by), reason=f"loaded from {', '.join(path.name for path in files)}")
    with _progress("storing", len(entries)) as step:
        report = app.store.commitments.load(
            entries,
            [party for found in read for party in found.parties],
            [source for found in read for source in found.sources],
            change,
            people=[person for found in read for person in found.people],
            closed=closed,
            dry_run=dry_run,
            progress=step,
        )
    missing = {
        file.path: app.store.commitments.no_longer_stated(_remembered(file.path), _present(read)) for file in read
    }
    _show_counts(report, "would load" if dry_run else "loaded")
    if dry_run:
        _show_table(report, missing)
    else:
        _show_moves([*report.moved, *report.moved_dependants])
    _report_not_loaded(app, read, report)
    _report_missing(missing, dry_run=dry_run, close_missing=close_missing)
    restated_report.report_closed(report, dry_run=dry_run)
    if not dry_run:
        for path, keys in missing.items() if close_missing else ():
            app.store.commitments.withdraw(keys, replace(change, reason=f"no longer in {path}"))
        for file in read:
            app.store.commitments.note_left(_remembered(file.path), _present(read))
    owners = replace(app.owners, people=app.people | {one.key: one for found in read for one in found.people})
    ahead = (
        forecast_after_change(app.store, app.rules, now, report.planned_state, owners)
        if dry_run
        else forecast_of_changes(app.store, app.rules, now, owners)
    )
    count = sum(1 for _ in ahead)
    out.print(f"{count} to be said at once, at the next tick" if count else "nothing to be said at once")
    fresh = {*report.new, *report.reopened, *(move.key for move in report.moved)}
    stated = (entry.commitment for entry in entries if entry.commitment.key in fresh)
    skipping = [(one, said) for one in stated if (said := skipped_periods(parse(one.deadline)))]
    for one, said in skipping[:MAX_SKIPPING_SHOWN]:
        warn(f"{one.key}: `{one.deadline}` {said}")
    if len(skipping) > MAX_SKIPPING_SHOWN:
        warn(f"{len(skipping) - MAX_SKIPPING_SHOWN} more pass over months or years; `alerts check` names all")
    warn_without_recipient(
        app, (*app.store.ledger.each(), *(one for one in report.planned_state.values() if one.id < 0)), owners
    )
    if report.conflicts:
        raise InputError("\n".join(one.message for one in report.conflicts))
    if report.restated:
        raise typer.Exit(restated_report.LEFT_CLOSED)


def _apply_zone(app: App, now: datetime) -> None:
    """Where no daemon does it, let a changed zone of the settings and newer data hold for what is tracked already."""
    used = app.store.resolved_with.zone(app.settings.timezone)
    if nobody_serves(app.store):
        history = app.store.registrations.history()
        if tick_may_register(
            app.rule_set, history, daemon_lives=False, take_over=False
        ):  # else it is another folder's to say
            taken = (*take_data(app.store, now), *take_zone(app.store, app.settings.timezone, now))
            for one in (one for one in taken if one.moves):
                _say(f"{one.reason}: {len(one.moves)} moved")
                _show_moves(one.moves)
            return
    if used != app.settings.timezone:
        warn(f"{app.store.name} goes by the time zone {used or 'none'}, not by {app.settings.timezone or 'none'}")


def _show_moves(moves: Sequence[Move]) -> None:
    for move in moves[:MAX_MOVES_SHOWN]:
        out.print(f"  {move.key}: {describe_move(move.before, move.after)}", markup=False, soft_wrap=True)


def _remembered(path: str) -> str:
    """The name by which the database remembers a file: the same from whichever folder it is loaded."""
    return os.path.abspath(path)  # noqa: PTH100  # `resolve` would follow links, which deployments change


def _read(app: App, files: Sequence[Path], mapping: Path | None) -> list[File]:
    columns = interchange.read_columns(mapping) if mapping else None
    if columns and not any(path.suffix.lower() in interchange.TABLES for path in files):
        raise InputError(f"--columns {mapping}: none of the files is a table ({', '.join(interchange.TABLES)})")
    parties, sources = set(app.store.ledger.parties()), set(app.store.ledger.sources())
    people, settled = set(app.people), {person.key for person in app.settings.people}
    read = []
    with _progress("reading") as step:
        for path in files:
            found = interchange.gather(
                path,
                parties=parties,
                sources=sources,
                people=people,
                settled=settled,
                progress=step,
                columns=columns,
            )
            parties |= {party.key for party in found.parties}
            sources |= {source.key for source in found.sources}
            people |= {person.key for person in found.people}
            read.append(found)
    return read


def _refuse_problems(app: App, read: Sequence[File], entries: Sequence[Entry], closed: Closed) -> None:
    """Raise InputError with all that is wrong in any of the files, in their order, if anything is."""
    problems = {file.path: list(file.problems) for file in read}
    lines: dict[str, tuple[str, int]] = {}
    first: dict[str, str] = {}
    for file in read:
        for placed in file.entries:
            key = placed.commitment.key
            if key in first:
                said = f'{placed.place}: the key "{key}" is there twice, first at {first[key]}'
                problems[file.path].append(FileProblem(placed.line, said))
            else:
                first[key] = placed.place
                lines[key] = (file.path, placed.line)
    if not any(problems.values()):
        return
    if not any(file.unread for file in read):  # else what is hung on may stand in what was not read
        parties = [party for file in read for party in file.parties]
        fine = {entry.commitment.key: entry for entry in reversed(entries)}
        unread = {key for file in read for key in file.unread_keys}
        for entry_problems in app.store.commitments.find_problems(list(fine.values()), parties, unread, closed):
            path, line = lines.get(entry_problems.key, (read[-1].path, sys.maxsize))
            problems[path].append(FileProblem(line, entry_problems.message))
    interchange.refuse(
        [problem for found in problems.values() for problem in interchange.in_line(found)],
        unread=any(file.unread for file in read),
    )


def _present(read: Sequence[File]) -> set[str]:
    """All keys of which the files speak."""
    entries = {placed.commitment.key for file in read for placed in file.entries}
    return entries | {key for file in read for key in (*file.unread_keys, *(one.key for one in file.ended))}


@contextmanager
def _progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, on a terminal only; yields a function that takes how many are done."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def _show_counts(report: Report, done: str) -> None:
    counts = f"{len(report.new)} new, {len(report.edited)} changed, {len(report.moved)} moved"
    more = ((report.reopened, "reopened"), (report.restated, "left closed"), (report.conflicts, "in conflict"))
    rest = "".join(f", {len(some)} {what}" for some, what in more if some)
    out.print(f"{done}: {counts}, {report.unchanged} unchanged{rest}")


def _show_table(report: Report, missing: dict[str, list[str]]) -> None:
    """Show a row for each commitment that would not stay as it is."""
    rows = [(key, "new", describe_bounds(report.planned_state[key].bounds)) for key in report.new]
    rows += [(key, "changed", ", ".join(report.fields[key])) for key in report.edited]
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for move in moves:
            others = ", ".join(name for name in report.fields.get(move.key, ()) if name != "deadline")
            said = describe_move(move.before, move.after) + (f" (also {others})" if others else "")
            rows.append((move.key, verb, said))
    rows += [(key, "reopened", "it is closed, and stated anew") for key in report.reopened]
    rows += [(one.key, "conflict", "moved by hand since it was loaded") for one in report.conflicts]
    rows += [(key, "missing", f"no longer in {path}") for path, keys in missing.items() for key in keys]
    if not rows:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("key", "what", "how"):
        table.add_column(heading, overflow="fold")
    for row in rows[:MAX_ROWS_SHOWN]:
        table.add_row(*map(escape, row))
    out.print(table)
    if len(rows) > MAX_ROWS_SHOWN:
        out.print(f"and {len(rows) - MAX_ROWS_SHOWN:,} more")


def _report_not_loaded(app: App, read: Sequence[File], report: Report) -> None:
    """Say what the files hold that was not loaded."""
    for file in read:
        for said in file.notes:
            _say(f"{file.path}: {said}")
        status = app.store.commitments.statuses(one.key for one in file.ended)
        unknown = [one.key for one in file.ended if one.key not in status]
        still_open = [one.key for one in file.ended if status.get(one.key) == "open"]
        if unknown:
            _say(f"{file.path}: {len(unknown)} over already and not tracked, so not loaded: {few(unknown)}")
        if still_open:
            _say(f"{file.path}: {len(still_open)} over there and open here; `alerts close` ends one: {few(still_open)}")
    if report.older:
        _say(f"{len(report.older)} left alone, of an older SEQUENCE than was loaded before: {few(report.older)}")


def _report_missing(missing: dict[str, list[str]], *, dry_run: bool, close_missing: bool) -> None:
    """Name what was loaded from a file and is no longer in it, and say what becomes of it."""
    for path, keys in missing.items():
        if keys and close_missing:
            _say(f"{'would close' if dry_run else 'closed'} {len(keys)} that are no longer in {path}: {few(keys)}")
        elif keys:
            _say(
                f"{len(keys)} tracked from {path} and no longer in it: {few(keys)}; they stay open (--close-missing "
                "closes them as withdrawn)"
            )


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
