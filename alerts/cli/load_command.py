"""The command load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts import interchange
from alerts.actions.calendar_files import without_history, without_unresolved
from alerts.actions.load_job import compute_load, entries_of, find_missing, find_problems, note_what_is_left
from alerts.cli import restated_report
from alerts.cli.app import App, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.left_out_report import report_left_out
from alerts.cli.load_files import (
    CommandLoad,
    in_plain_words,
    read_files,
    show_progress,
    stored_name,
)
from alerts.cli.load_inputs import STDIN, files_of
from alerts.cli.load_report import (
    report_alerts,
    report_missing,
    report_not_loaded,
    show_counts,
    show_moves,
    show_table,
    warn_of_skipped_months,
    withdraw_cancelled,
    write_report,
)
from alerts.cli.options import At, By
from alerts.cli.output import note, print_line, warn
from alerts.cli.recipients_report import report_recipients
from alerts.cli.unreached_warnings import warn_without_recipient_of_all
from alerts.core.changes import Change, Report
from alerts.core.owners import Owners
from alerts.core.registration import tick_may_register
from alerts.daemon_status import nobody_serves
from alerts.deadlines.errors import InputError
from alerts.interchange.file_contents import File
from alerts.interchange.tables.columns import TableLayout
from alerts.interchange.tables.columns_file import read_columns
from alerts.recomputing import take_data, take_zone
from alerts.store.complete_mark import is_complete_export

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; store nothing.")]
ColumnsFile = Annotated[
    Path | None, typer.Option("--columns", metavar="FILE", help="YAML file that maps the columns of a table.")
]
ErrorReport = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write a copy of the table (.xlsx) that marks wrong cells."),
]
StdinFormat = Annotated[
    str | None, typer.Option("--format", metavar="yaml|json|csv|xlsx|ics", help="What standard input (-) is.")
]
CloseMissing = Annotated[
    bool, typer.Option("--close-missing", help="Close commitments that are no longer in their file.")
]
Reopen = Annotated[bool, typer.Option("--reopen", help="Reopen closed commitments that the file lists again.")]
KeepClosed = Annotated[bool, typer.Option("--keep-closed", help="Keep them closed and stop reporting them.")]
AllOrNothing = Annotated[
    bool, typer.Option("--all-or-nothing", help="Store nothing if any entry of a calendar cannot be loaded.")
]


@cli.command()
def load(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of commitments: " + interchange.KINDS)],
    at: At = None,
    by: By = None,
    dry_run: DryRun = False,
    columns: ColumnsFile = None,
    report: ErrorReport = None,
    file_format: StdinFormat = None,
    close_missing: CloseMissing = False,
    reopen: Reopen = False,
    keep_closed: KeepClosed = False,
    all_or_nothing: AllOrNothing = False,
) -> None:
    """Load commitments from files. Loading again applies only what changed in the file.

    The exit code is 3 if closed commitments or entries of a calendar were left out.
    What `export --all` wrote needs an empty database, and holds sending.
    """
    app, now = get_app(context), instant(at)
    if any(map(is_complete_export, files)):
        _load_all(context, files, now)
        return
    files, layout = _files(files, close_missing=close_missing), read_columns(columns) if columns else None
    read, names, owners = _read(app, files, layout, file_format, now)
    job = CommandLoad(
        app=app,
        store=app.store,
        zone=app.settings.timezone,
        files=read,
        names=names,
        entries=entries_of(read),
        closed=restated_report.decision(reopen=reopen, keep_closed=keep_closed),
        change=Change(now=now, by=who(by), reason=f"loaded from {', '.join(path.name for path in files)}"),
        dry_run=dry_run,
        close_missing=close_missing,
        owners=owners,
        all_or_nothing=all_or_nothing,
    )
    _load(job, files, report, layout or TableLayout())


def _files(stated: Sequence[Path], *, close_missing: bool) -> list[Path]:
    files = files_of(stated)
    if close_missing and STDIN in files:
        raise InputError("--close-missing: not with standard input (-), where nothing counts as missing")
    return files


@in_plain_words()
def _load(job: CommandLoad, files: Sequence[Path], report: Path | None, layout: TableLayout) -> None:
    job = without_unresolved(job)
    _refuse_problems(job, files, report, layout)
    _end(_report(job, _store(job)), left_out=report_left_out(job))


def _load_all(context: typer.Context, files: Sequence[Path], now: datetime) -> None:
    from alerts.cli.complete_files import read_all  # only for the one load of an empty database

    has_options = any(value for name, value in context.params.items() if name not in ("files", "at"))
    read_all(get_app(context), files, now, has_options=has_options)


@in_plain_words()
def _read(
    app: App, files: Sequence[Path], layout: TableLayout | None, file_format: str | None, now: datetime
) -> tuple[list[File], dict[str, str], Owners]:
    """Return the content of files, the names that these are stored under, and the owners with those of the files."""
    read = without_history(app.store, app.settings.timezone, read_files(app, files, layout, file_format), now)
    people = app.people | {one.key: one for file in read for one in file.people}
    return read, {file.path: stored_name(file.path) for file in read}, replace(app.owners, people=people)


def _end(stored: Report, *, left_out: bool) -> None:
    """Raise what a load ends with where it has left something."""
    if stored.conflicts:
        raise InputError("\n".join(one.message for one in stored.conflicts))
    if stored.restated or left_out:
        raise typer.Exit(restated_report.LEFT_CLOSED)


def _refuse_problems(job: CommandLoad, files: Sequence[Path], report: Path | None, layout: TableLayout) -> None:
    """Raise InputError with all problems of the files, if there are any; write the copy of the table first."""
    if problems := find_problems(job):
        if report:
            write_report(report, files, problems, layout)
        interchange.refuse(problems, unread=any(file.unread for file in job.files))


def _store(job: CommandLoad) -> Report:
    """Store the entries, or compute what storing them would change."""
    app, zone = job.app, job.app.settings.timezone
    if not job.dry_run:
        app.store.people.add(app.settings.people)
        _apply_zone(app, job.change.now)
    elif (used := app.store.resolved_with.zone(zone)) != zone:
        note(f"shown with the time zone {used or 'none'}; a load would first switch to {zone or 'none'}")
    with show_progress("storing", len(job.entries)) as step:
        return compute_load(job, dry_run=job.dry_run, progress=step)


def _report(job: CommandLoad, report: Report) -> Report:
    """Print what a load changed and what it skipped, and close what is missing if asked to; returns the same."""
    app = job.app
    missing = {path: keys for path, keys in find_missing(job).items() if path != str(STDIN)}
    show_counts(report, "would load" if job.dry_run else "loaded")
    if job.dry_run:
        show_table(report, missing)
    else:
        show_moves([*report.moved, *report.moved_dependants])
    report_not_loaded(app, job.files, report)
    withdraw_cancelled(job)
    report_missing(missing, dry_run=job.dry_run, close_missing=job.close_missing)
    restated_report.report_closed(report, dry_run=job.dry_run)
    if not job.dry_run:
        note_what_is_left(job, missing if job.close_missing else {})
    report_alerts(job, report)
    report_recipients(job, report)
    warn_of_skipped_months(job.entries, report)
    warn_without_recipient_of_all(app, [one for one in report.planned_state.values() if one.id < 0], job.owners)
    return report


def _apply_zone(app: App, now: datetime) -> None:
    """Apply a changed time zone and newer data to tracked commitments, where no daemon does it."""
    used = app.store.resolved_with.zone(app.settings.timezone)
    if nobody_serves(app.store):
        history = app.store.registrations.history()
        if tick_may_register(app.rule_set, history, daemon_lives=False, take_over=False):  # else another folder decides
            taken = (*take_data(app.store, now), *take_zone(app.store, app.settings.timezone, now))
            for one in (one for one in taken if one.moves):
                print_line(f"{one.reason}: {len(one.moves)} moved")
                show_moves(one.moves)
            return
    if used != app.settings.timezone:
        warn(f"{app.store.name} uses the time zone {used or 'none'}, not {app.settings.timezone or 'none'}")
