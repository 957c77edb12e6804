"""The command resume."""

from __future__ import annotations

import typer

from alerts.cli.app import get_app
from alerts.cli.command_group import cli
from alerts.cli.output import print_line
from alerts.cli.waiting_alerts import waiting_text
from alerts.clock import utc_now


@cli.command()
def resume(context: typer.Context) -> None:
    """Let alerts go out again after a restore."""
    app, now = get_app(context), utc_now()
    if not app.store.held_sending.release(now):
        print_line("sending is not held: alerts go out")
        return
    print_line(f"alerts go out again, within a minute where a daemon runs: {waiting_text(app, now)}")
