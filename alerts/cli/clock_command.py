"""The command clock."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from alerts.cli.app import get_app
from alerts.cli.command_group import cli
from alerts.cli.terminal import Terminal
from alerts.clock import utc_now
from alerts.clock_check import accept
from alerts.views.shown_times import shown_with_zone

out = Terminal()


@cli.command()
def clock(
    context: typer.Context,
    what: Annotated[Literal["accept"], typer.Argument(metavar="accept", help="Use this machine's clock as it is.")],  # noqa: ARG001
) -> None:
    """Accept this machine's clock after a large jump."""
    app, now = get_app(context), utc_now()
    doubt = accept(app.store, now)
    why = f"; it was in doubt: {doubt}" if doubt else ""
    out.print(f"{shown_with_zone(now, app.zone)} is accepted as the time{why}")
