"""The command health."""

from __future__ import annotations

import json
import socket
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from alerts.channels import is_local
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At, Json
from alerts.cli.other_processes import (
    configuration_errors,
    differences_between_processes,
    rules_left_alone,
)
from alerts.cli.output import print_error, shown, warn
from alerts.cli.unreached import without_recipient
from alerts.clock_check import DOUBT
from alerts.daemon_status import is_alive, outages

out = Console(highlight=False)


STUCK = timedelta(hours=1)  # a delivery that should have gone so long ago is stuck


@cli.command()
def health(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Check only that the daemon of this host works.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Report problems that keep alerts from going out. Exits with 1 if there are any."""
    app, now = get_app(context), instant(at)
    warnings = configuration_errors(app)
    errors: list[str] = []
    up = is_alive(app.store, now, socket.gethostname() if live else None)
    if not up:
        errors.append("no daemon has planned and delivered for five minutes: start `alerts run`")
    if not live:
        errors += _unwell(app, now)
        errors += [] if warnings else [*_unreachable(app), *rules_left_alone(app)]
        found = differences_between_processes(app, now)
        errors += found.problems if up else []
        warnings += found.warnings if up else []
    warnings = [line for line in dict.fromkeys(warnings) if line not in errors]
    if as_json:
        print(json.dumps([{"problem": line} for line in errors] + [{"warning": line} for line in warnings]))
    else:
        for line in warnings:
            warn(line)
        for line in errors:
            print_error(line)
        if not errors:
            out.print("ok")
    if errors:
        raise typer.Exit(1)


def _counted(deliveries: int) -> str:
    return "1 delivery is" if deliveries == 1 else f"{deliveries} deliveries are"


def _unwell(app: App, now: datetime) -> list[str]:
    counts = app.store.ledger.counts()
    errors = []
    if dead := counts.get("dead"):
        errors.append(f"{_counted(dead)} dead: see `alerts deliveries --state dead`, then retry or dismiss")
    for name, why in outages(app.store, now).items():
        errors.append(f"channel {name} is down: {why}")
    errors += [
        f"{one.text} since {shown(one.since, app.zone)} {app.zone}, and {_counted(one.count)} waiting for it: "
        "restore it, or run `alerts retry ID --channel C` or `alerts dismiss ID`"
        for one in app.store.unserved.waiting(now)
    ]
    if stuck := app.store.ledger.stuck(now - STUCK):
        errors.append(f"{_counted(stuck)} waiting for over an hour: see `alerts deliveries`")
    if doubt := app.store.ledger.facts().get(DOUBT):
        errors.append(
            f"{doubt.value}: planning and sending are stopped; correct the clock, or run `alerts clock accept`"
        )
    if not counts.get("open"):
        errors.append("no open commitments: nothing is watched")
    return errors


def _unreachable(app: App) -> list[str]:
    """Return a line for each gap through which alerts reach nobody."""
    errors = []
    if all(is_local(entry.kind) for entry in app.settings.channels):
        errors.append("all channels are local: no alert leaves this machine")
    return errors + without_recipient(app, app.store.ledger.each(), app.owners).lines
