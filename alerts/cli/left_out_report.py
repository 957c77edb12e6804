"""Entries of calendars that cannot be loaded. `load` and `check` name them; the others are loaded."""

from __future__ import annotations

from alerts.actions.load_job import note_left_out
from alerts.cli.app import App
from alerts.cli.load_files import CommandLoad
from alerts.cli.output import print_line, warn

MAX_LINES = 50
WHAT_TO_DO = "correct the file and load it again, or track them with `alerts add`"


def report_left_out(job: CommandLoad) -> bool:
    """Print what the files have that cannot be loaded, and store it for `check`. Return whether there is any."""
    lines = [problem.message for file in job.files for problem in file.left_out]
    for line in lines[:MAX_LINES]:
        warn(line)
    if len(lines) > MAX_LINES:
        warn(f"and {len(lines) - MAX_LINES:,} more")
    if lines:
        would = "would be left out" if job.dry_run else "left out"
        print_line(f"{len(lines):,} {would}: {WHAT_TO_DO} (`alerts check` lists them until then)")
    if not job.dry_run:
        note_left_out(job)
    return bool(lines)


def warn_of_left_out(app: App) -> None:
    """Warn of what earlier loads left out."""
    lines = app.store.left_out.lines()
    for line in lines[:MAX_LINES]:
        warn(f"left out by a load: {line}")
    if lines:
        more = f"; {len(lines) - MAX_LINES:,} of them are not listed here" if len(lines) > MAX_LINES else ""
        warn(f"{len(lines):,} left out by a load{more}: {WHAT_TO_DO}")
