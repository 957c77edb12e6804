"""What was closed too early: reopen."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from alerts.cli.tracking import OneOccurrence
from alerts.cli.wiring import At, By, cli, instant, get_app, who, checked_reason
from alerts.core.bounds import describe_bounds
from alerts.store import Change

out = Console(highlight=False)


@cli.command()
def reopen(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="The reason; it is told with it.")],
    occurrence: OneOccurrence = "",
    by: By = None,
    at: At = None,
) -> None:
    """Open again what was closed: its date is worked out anew, and those who hear of its end hear of this."""
    app = get_app(context)
    change = Change(now=instant(at), by=who(by), reason=checked_reason(because, "--because"))
    report = app.store.commitments.reopen(key, change, occurrence)
    item = app.store.commitments.find(key).at(occurrence)
    out.print(
        f"{key} {occurrence}".rstrip() + f" is open again: {describe_bounds(item.bounds)}", markup=False, soft_wrap=True
    )
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for one in moves:
            line = f"{one.key} {verb}: {describe_bounds(one.before)} → {describe_bounds(one.after)}"
            out.print(line, markup=False, soft_wrap=True)
