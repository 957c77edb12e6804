"""The command restore."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.held_report import report_held
from alerts.cli.options import At
from alerts.cli.output import note, print_line, warn
from alerts.daemon_status import nobody_serves
from alerts.deadlines.errors import InputError
from alerts.store.database_url import sqlite_file
from alerts.store.postgresql_dump import restore_command as pg_restore_command
from alerts.store.restore import Restored
from alerts.store.restore import restore as put_in_place
from alerts.views.shown_times import shown_with_zone

LOST = "lost: all answers and changes from {since} to {until}; links and tokens revoked since then work again"


@cli.command()
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="What `alerts backup` has written.")] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Only hold sending: after pg_restore.")] = False,
    at: At = None,
) -> None:
    """Put a backup in the place of the database, and hold sending.

    The backup is checked first, and the database is kept under another name. End the daemon
    before. No alert goes out until `alerts resume`: look first what would be sent again.
    """
    app, now = get_app(context), instant(at)
    if hold == (file is not None):
        raise typer.BadParameter("name a file, or --hold after pg_restore", param_hint="FILE")
    if file is None:
        _hold(app, now)
        return
    path = sqlite_file(app.settings.database)
    if path is None:
        command = pg_restore_command(app.settings.database, str(file))
        raise InputError(f"nothing is restored: PostgreSQL has its own tool. End all daemons, run `{command}`, then "
                         "`alerts restore --hold`")  # fmt: skip
    _report(app, file, put_in_place(file, path, now), now)


def _hold(app: App, now: datetime) -> None:
    """Hold sending on a database that another tool has restored."""
    taken_at = app.store.held_sending.taken_at() or now
    app.store.held_sending.hold(taken_at, now)
    if not nobody_serves(app.store):
        warn("a daemon is running, and may have sent something again already: see `alerts deliveries`")
    report_held(app, taken_at, now, LOST)


def _report(app: App, file: Path, restored: Restored, now: datetime) -> None:
    print_line(f"restored {file}, a backup of {shown_with_zone(restored.taken_at, app.zone)}")
    if restored.kept:
        print_line(f"kept the database before as {restored.kept}")
    if not restored.with_secrets:
        note("the backup has no API tokens and no calendar addresses: make them again with `alerts token add` and "
             "`alerts feed add`")  # fmt: skip
    report_held(app, restored.taken_at, now, LOST)
