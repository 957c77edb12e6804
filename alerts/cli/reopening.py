"""What was closed too early: reopen."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from alerts.cli.tracking import OneOf
from alerts.cli.wiring import At, By, app, instant, office, who, words
from alerts.core.bounds import say_bounds
from alerts.store import Change

out = Console(highlight=False)


@app.command()
def reopen(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    because: Annotated[str, typer.Option("--because", metavar="WHY", help="The reason; it is told with it.")],
    occurrence: OneOf = "",
    by: By = None,
    at: At = None,
) -> None:
    """Open again what was closed: its date is worked out anew, and those who hear of its end hear of this."""
    here = office(context)
    change = Change(now=instant(at), by=who(by), reason=words(because, "--because"))
    report = here.store.commitments.reopen(key, change, occurrence)
    item = here.store.commitments.find(key).at(occurrence)
    out.print(
        f"{key} {occurrence}".rstrip() + f" is open again: {say_bounds(item.bounds)}", markup=False, soft_wrap=True
    )
    for verb, moves in (("moved", report.moved), ("follows", report.derived)):
        for one in moves:
            line = f"{one.key} {verb}: {say_bounds(one.before)} → {say_bounds(one.after)}"
            out.print(line, markup=False, soft_wrap=True)
