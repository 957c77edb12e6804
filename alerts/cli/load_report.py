"""What load prints: what changed, what it skipped, and the alerts that follow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerts.actions.cancelled_entries import find_cancelled, withdraw
from alerts.cli.app import App
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.load_files import CommandLoad
from alerts.cli.output import note, print_line, warn
from alerts.cli.terminal import Terminal
from alerts.core.changes import Move, Report
from alerts.core.short_lists import few
from alerts.deadlines.errors import InputError
from alerts.deadlines.moved_bounds import describe_move
from alerts.entry_spool import Entries
from alerts.forecasting import forecast_after_change, forecast_of_changes
from alerts.interchange import TABLES
from alerts.interchange.file_contents import File, FileProblem
from alerts.interchange.tables.columns import TableLayout
from alerts.views.date_warnings import skipping
from alerts.views.load_changes import changes_of_load

MAX_ROWS_SHOWN = 200  # rows of the table of --dry-run
MAX_MOVES_SHOWN = 20
MAX_SKIPPING_SHOWN = 20
LAST_ROW = 1_048_576  # of a workbook
out = Terminal()


def show_counts(report: Report, done: str) -> None:
    """Print how many commitments changed in which way."""
    counts = f"{len(report.new)} new, {len(report.edited)} changed, {len(report.moved)} moved"
    more = ((report.reopened, "reopened"), (report.restated, "left closed"), (report.conflicts, "in conflict"))
    rest = "".join(f", {len(some)} {what}" for some, what in more if some)
    out.print(f"{done}: {counts}, {report.unchanged} unchanged{rest}")


def show_table(report: Report, missing: dict[str, list[str]]) -> None:
    """Print a row for each commitment that would change."""
    rows = changes_of_load(report, missing)
    if not rows:
        return
    print_rows(out, [Row(row) for row in rows[:MAX_ROWS_SHOWN]], ("key", "what", "how"))
    if len(rows) > MAX_ROWS_SHOWN:
        out.print(f"and {len(rows) - MAX_ROWS_SHOWN:,} more")


def show_moves(moves: Sequence[Move]) -> None:
    """Print the first moves."""
    for move in moves[:MAX_MOVES_SHOWN]:
        print_line(f"  {move.key}: {describe_move(move.before, move.after)}")


def report_alerts(job: CommandLoad, report: Report) -> None:
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


def warn_of_skipped_months(entries: Entries, report: Report) -> None:
    """Warn of new or moved commitments that recur and skip months or years without such a day."""
    recurring = {entry.commitment.key: entry.commitment.deadline for entry in entries.recurring()}
    fresh = {key for key in (*report.new, *report.reopened, *(move.key for move in report.moved)) if key in recurring}
    lines = list(skipping((key, deadline) for key, deadline in recurring.items() if key in fresh))
    for line in lines[:MAX_SKIPPING_SHOWN]:
        warn(line)
    if len(lines) > MAX_SKIPPING_SHOWN:
        warn(f"{len(lines) - MAX_SKIPPING_SHOWN} more skip months or years; `alerts check` lists all")


def report_not_loaded(app: App, read: Sequence[File], report: Report) -> None:
    """Print what the files contain that was not loaded."""
    for file in read:
        for line in file.notes:
            print_line(f"{file.path}: {line}")
        status = app.store.commitments.statuses(one.key for one in file.ended)
        unknown = [one.key for one in file.ended if one.key not in status]
        still_open = [one.key for one in file.ended if status.get(one.key) == "open" and not one.withdrawn]
        if unknown:
            print_line(
                f"{file.path}: {len(unknown)} already closed in the file and not tracked; skipped: {few(unknown)}"
            )
        if still_open:
            print_line(
                f"{file.path}: {len(still_open)} closed in the file but open here; close them with `alerts close`: "
                f"{few(still_open)}"
            )
    if report.older:
        print_line(f"{len(report.older)} skipped: the file has an older SEQUENCE: {few(report.older)}")


def withdraw_cancelled(job: CommandLoad) -> None:
    """Withdraw what the files cancel and is open here, or print that a load would."""
    for one in find_cancelled(job):
        if one.older:
            print_line(
                f"{one.path}: {len(one.older)} cancelled by an older SEQUENCE than the one loaded: {few(one.older)}"
            )
        if one.found:
            would = "would be withdrawn" if job.dry_run else "withdrawn"
            names = [f"{key} {occurrence}".strip() for key, occurrence in one.found]
            print_line(f"{one.path}: {len(one.found)} {would}, because the calendar cancels them: {few(names)}")
        if not job.dry_run:
            withdraw(job, one)


def report_missing(missing: dict[str, list[str]], *, dry_run: bool, close_missing: bool) -> None:
    """Print which commitments are no longer in their file, and whether they stay open."""
    for path, keys in missing.items():
        if keys and close_missing:
            print_line(f"{'would close' if dry_run else 'closed'} {len(keys)} no longer in {path}: {few(keys)}")
        elif keys:
            print_line(
                f"{len(keys)} no longer in {path}: {few(keys)}; they stay open (--close-missing closes them "
                "as withdrawn)"
            )


def write_report(target: Path, files: Sequence[Path], problems: Sequence[FileProblem], layout: TableLayout) -> None:
    """Write a copy of the table with its cells marked. Raises InputError where there is none, or several."""
    from alerts.interchange.tables.marked_copy import write_marked  # loads openpyxl

    tables = [path for path in files if path.suffix.lower() in TABLES]
    if len(tables) != 1:
        raise InputError("--report: marks the cells of one table: load one at a time")
    if target.suffix.lower() != ".xlsx":
        raise InputError(f"--report {target}: expected a file that ends in .xlsx")
    marks = [mark for one in problems for mark in one.marked]
    marks += [
        (str(one.line), one.message) for one in problems if not one.marked and one.message.startswith(f"{tables[0]}:")
    ]
    if not marks:
        return
    cells = write_marked(tables[0], marks, target, layout)
    note(f"wrote {target}: {cells} cells are marked, each with a comment")
