"""The command load."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from alerts.cli.app import App, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.options import At, By
from alerts.cli.output import few, note, warn
from alerts.cli.unreached import warn_without_recipient
from alerts.core.changes import Change, Entry, Move, Report
from alerts.core.load_decisions import Closed
from alerts.core.owners import Owners
from alerts.core.registration import tick_may_register
from alerts.daemon_status import nobody_serves
from alerts.deadlines.bounds import describe_bounds, describe_move
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.skipped_months import skipped_periods
from alerts.forecasting import forecast_after_change, forecast_of_changes
from alerts.interchange.file_contents import File, FileProblem
from alerts.recomputing import take_data, take_zone

MAX_ROWS_SHOWN = 200  # rows of the table of --dry-run
MAX_MOVES_SHOWN = 20
MAX_SKIPPING_SHOWN = 20
out = Console(highlight=False)


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; store nothing.")]
ColumnsFile = Annotated[
    Path | None, typer.Option("--columns", metavar="FILE", help="YAML file that maps the columns of a table.")
]
CloseMissing = Annotated[
    bool, typer.Option("--close-missing", help="Close commitments that are no longer in their file.")
]
Reopen = Annotated[bool, typer.Option("--reopen", help="Reopen closed commitments that the file lists again.")]
KeepClosed = Annotated[bool, typer.Option("--keep-closed", help="Keep them closed and stop reporting them.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What one call of the command loads. `owners` includes the people of the files."""

    app: App
    files: Sequence[File]
    entries: Sequence[Entry]
    closed: Closed
    change: Change
    dry_run: bool
    close_missing: bool
    owners: Owners


@cli.command()
def load(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of commitments: " + interchange.KINDS)],
    at: At = None,
    by: By = None,
    dry_run: DryRun = False,
    columns: ColumnsFile = None,
    close_missing: CloseMissing = False,
    reopen: Reopen = False,
    keep_closed: KeepClosed = False,
) -> None:
    """Load commitments from files. Loading again applies only what changed in the file."""
    closed = restated_report.decision(reopen=reopen, keep_closed=keep_closed)
    app, now = get_app(context), instant(at)
    read = _read(app, files, columns)
    people = app.people | {one.key: one for file in read for one in file.people}
    job = _Load(
        app=app,
        files=read,
        entries=_entries_of(read),
        closed=closed,
        change=Change(now=now, by=who(by), reason=f"loaded from {', '.join(path.name for path in files)}"),
        dry_run=dry_run,
        close_missing=close_missing,
        owners=replace(app.owners, people=people),
    )
    _refuse_problems(job)
    report = _store(job)
    _report(job, report)
    if report.conflicts:
        raise InputError("\n".join(one.message for one in report.conflicts))
    if report.restated:
        raise typer.Exit(restated_report.LEFT_CLOSED)


def _entries_of(read: Sequence[File]) -> list[Entry]:
    return [
        Entry(placed.commitment, placed.place, _remembered(file.path), placed.sequence)
        for file in read
        for placed in file.entries
    ]


def _store(job: _Load) -> Report:
    """Store the entries, or compute what storing them would change."""
    app, zone = job.app, job.app.settings.timezone
    if not job.dry_run:
        app.store.people.add(app.settings.people)
        _apply_zone(app, job.change.now)
    elif (used := app.store.resolved_with.zone(zone)) != zone:
        note(f"shown with the time zone {used or 'none'}; a load would first switch to {zone or 'none'}")
    with _progress("storing", len(job.entries)) as step:
        return app.store.commitments.load(
            job.entries,
            [party for found in job.files for party in found.parties],
            [source for found in job.files for source in found.sources],
            job.change,
            people=[person for found in job.files for person in found.people],
            closed=job.closed,
            dry_run=job.dry_run,
            progress=step,
        )


def _report(job: _Load, report: Report) -> None:
    """Print what a load changed and what it skipped, and close what is missing if asked to."""
    app, store, present = job.app, job.app.store.commitments, _present(job.files)
    missing = {file.path: store.no_longer_stated(_remembered(file.path), present) for file in job.files}
    _show_counts(report, "would load" if job.dry_run else "loaded")
    if job.dry_run:
        _show_table(report, missing)
    else:
        _show_moves([*report.moved, *report.moved_dependants])
    _report_not_loaded(app, job.files, report)
    _report_missing(missing, dry_run=job.dry_run, close_missing=job.close_missing)
    restated_report.report_closed(report, dry_run=job.dry_run)
    if not job.dry_run:
        for path, keys in missing.items() if job.close_missing else ():
            store.withdraw(keys, replace(job.change, reason=f"no longer in {path}"))
        for file in job.files:
            store.note_left(_remembered(file.path), present)
    _report_alerts(job, report)
    _warn_of_skipped_months(job.entries, report)
    planned = (one for one in report.planned_state.values() if one.id < 0)
    warn_without_recipient(app, (*app.store.ledger.each(), *planned), job.owners)


def _report_alerts(job: _Load, report: Report) -> None:
    """Print how many alerts go out at the next tick."""
    app, now = job.app, job.change.now
    ahead = (
        forecast_after_change(app.store, app.rules, now, report.planned_state, job.owners)
        if job.dry_run
        else forecast_of_changes(app.store, app.rules, now, job.owners)
    )
    count = sum(1 for _ in ahead)
    alerts = "1 alert goes" if count == 1 else f"{count or 'no'} alerts go"
    out.print(f"{alerts} out within a minute" if count else "no alerts go out now")


def _warn_of_skipped_months(entries: Sequence[Entry], report: Report) -> None:
    """Warn of new or moved commitments that recur and skip months or years without such a day."""
    fresh = {*report.new, *report.reopened, *(move.key for move in report.moved)}
    stated = (entry.commitment for entry in entries if entry.commitment.key in fresh)
    skipping = [(one, skipped) for one in stated if (skipped := skipped_periods(parse(one.deadline)))]
    for one, skipped in skipping[:MAX_SKIPPING_SHOWN]:
        warn(f"{one.key}: `{one.deadline}` {skipped}")
    if len(skipping) > MAX_SKIPPING_SHOWN:
        warn(f"{len(skipping) - MAX_SKIPPING_SHOWN} more skip months or years; `alerts check` lists all")


def _apply_zone(app: App, now: datetime) -> None:
    """Apply a changed time zone and newer data to tracked commitments, where no daemon does it."""
    used = app.store.resolved_with.zone(app.settings.timezone)
    if nobody_serves(app.store):
        history = app.store.registrations.history()
        if tick_may_register(app.rule_set, history, daemon_lives=False, take_over=False):  # else another folder decides
            taken = (*take_data(app.store, now), *take_zone(app.store, app.settings.timezone, now))
            for one in (one for one in taken if one.moves):
                _print(f"{one.reason}: {len(one.moves)} moved")
                _show_moves(one.moves)
            return
    if used != app.settings.timezone:
        warn(f"{app.store.name} uses the time zone {used or 'none'}, not {app.settings.timezone or 'none'}")


def _show_moves(moves: Sequence[Move]) -> None:
    for move in moves[:MAX_MOVES_SHOWN]:
        out.print(f"  {move.key}: {describe_move(move.before, move.after)}", markup=False, soft_wrap=True)


def _remembered(path: str) -> str:
    """Return the name under which the database stores a file. It does not depend on the current folder."""
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


def _refuse_problems(job: _Load) -> None:
    """Raise InputError with all problems of the files, in their order, if there are any."""
    read = job.files
    problems = {file.path: list(file.problems) for file in read}
    lines: dict[str, tuple[str, int]] = {}
    first: dict[str, str] = {}
    for file in read:
        for placed in file.entries:
            key = placed.commitment.key
            if key in first:
                message = f'{placed.place}: the key "{key}" is there twice, first at {first[key]}'
                problems[file.path].append(FileProblem(placed.line, message))
            else:
                first[key] = placed.place
                lines[key] = (file.path, placed.line)
    if not any(problems.values()):
        return
    if not any(file.unread for file in read):  # else a dependency may be in a part that was not read
        parties = [party for file in read for party in file.parties]
        fine = {entry.commitment.key: entry for entry in reversed(job.entries)}
        unread = {key for file in read for key in file.unread_keys}
        store = job.app.store.commitments
        for problem in store.find_problems(list(fine.values()), parties, job.change, unread, job.closed):
            path, line = lines.get(problem.key, (read[-1].path, sys.maxsize))
            problems[path].append(FileProblem(line, problem.message))
    interchange.refuse(
        [problem for found in problems.values() for problem in interchange.in_line(found)],
        unread=any(file.unread for file in read),
    )


def _present(read: Sequence[File]) -> set[str]:
    """Return all keys that the files list."""
    entries = {placed.commitment.key for file in read for placed in file.entries}
    return entries | {key for file in read for key in (*file.unread_keys, *(one.key for one in file.ended))}


@contextmanager
def _progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal. Yield a function that takes the number of finished steps."""
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
    """Print a row for each commitment that would change."""
    rows = [(key, "new", describe_bounds(report.planned_state[key].bounds)) for key in report.new]
    rows += [(key, "changed", ", ".join(report.fields[key])) for key in report.edited]
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for move in moves:
            others = ", ".join(name for name in report.fields.get(move.key, ()) if name != "deadline")
            moved = describe_move(move.before, move.after) + (f" (also {others})" if others else "")
            rows.append((move.key, verb, moved))
    rows += [(key, "reopened", "closed, but listed again") for key in report.reopened]
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
    """Print what the files contain that was not loaded."""
    for file in read:
        for line in file.notes:
            _print(f"{file.path}: {line}")
        status = app.store.commitments.statuses(one.key for one in file.ended)
        unknown = [one.key for one in file.ended if one.key not in status]
        still_open = [one.key for one in file.ended if status.get(one.key) == "open"]
        if unknown:
            _print(f"{file.path}: {len(unknown)} already closed in the file and not tracked; skipped: {few(unknown)}")
        if still_open:
            _print(
                f"{file.path}: {len(still_open)} closed in the file but open here; close them with `alerts close`: "
                f"{few(still_open)}"
            )
    if report.older:
        _print(f"{len(report.older)} skipped: the file has an older SEQUENCE: {few(report.older)}")


def _report_missing(missing: dict[str, list[str]], *, dry_run: bool, close_missing: bool) -> None:
    """Print which commitments are no longer in their file, and whether they stay open."""
    for path, keys in missing.items():
        if keys and close_missing:
            _print(f"{'would close' if dry_run else 'closed'} {len(keys)} no longer in {path}: {few(keys)}")
        elif keys:
            _print(
                f"{len(keys)} no longer in {path}: {few(keys)}; they stay open (--close-missing closes them "
                "as withdrawn)"
            )


def _print(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
