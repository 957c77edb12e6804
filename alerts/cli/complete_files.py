"""A file with all that a database knows: written by `export --all`, and read by `load`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from alerts.cli.app import App
from alerts.cli.held_report import report_held
from alerts.cli.load_files import show_progress
from alerts.cli.output import counted, note, print_line, warn
from alerts.daemon_status import nobody_serves
from alerts.interchange.export_formats import WRITERS
from alerts.store.complete_export import export_all
from alerts.store.complete_load import load_all
from alerts.views.shown_times import shown_with_zone

SUFFIXES = {f".{name}" for name in WRITERS} | {".yml", ".xlsx"}
LOST = (
    "not in the file: what was answered, changed or sent elsewhere from {since} to {until}. Let one daemon send, with "
    "this database or with the other one"
)
COUNTED = {"commitments": "commitment", "revisions": "revision", "reminders": "reminder", "deliveries": "delivery"}


def write_all(app: App, output: Path | None, now: datetime) -> None:
    """Write all that the database knows to a file, or to standard output."""
    if output and output.suffix.lower() in SUFFIXES:
        raise typer.BadParameter(f"{output}: --all writes JSON Lines; name a file such as all.jsonl", param_hint="-o")
    if not nobody_serves(app.store):
        warn("a daemon is running: what it sends from now on is not in the file. End it first if another database "
             "is to take over")  # fmt: skip
    if output:
        export_all(app.store.database, output, now)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "all.jsonl")
            export_all(app.store.database, path, now)
            with path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
    note(f"wrote all that the database knows as of {shown_with_zone(now, app.zone)}, without API tokens, calendar "
         "addresses and sessions: an empty database gets it with `alerts load FILE`")  # fmt: skip


def read_all(app: App, files: Sequence[Path], now: datetime, *, has_options: bool) -> None:
    """Load a complete export into the empty database, and say that sending is held."""
    if len(files) > 1 or has_options:
        raise typer.BadParameter("a complete export is loaded by itself, with no option but --at", param_hint="FILE")
    with show_progress("loading") as step:
        loaded = load_all(app.store.database, files[0], now, step)
    counts = ", ".join(_counted(loaded.counts.get(table, 0), noun) for table, noun in COUNTED.items())
    print_line(f"loaded {counts}, as of {shown_with_zone(loaded.taken_at, app.zone)}")
    note(
        "it has no API tokens and no calendar addresses: make them again with `alerts token add` and `alerts feed add`"
    )
    report_held(app, loaded.taken_at, now, LOST)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} deliveries" if noun == "delivery" and count != 1 else counted(count, noun)
