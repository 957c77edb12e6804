"""The command health."""

from __future__ import annotations

import json
import socket
from typing import Annotated

import typer

from alerts.channels import is_local
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At, Json
from alerts.cli.other_processes import (
    configuration_errors,
    differences_between_processes,
    rules_left_alone,
)
from alerts.cli.output import print_error, warn
from alerts.cli.terminal import Terminal
from alerts.daemon_status import is_alive
from alerts.deadlines.errors import InputError
from alerts.health_problems import NO_DAEMON, delivery_problems, silence_lines, slowed_lines, token_lines
from alerts.views.shown_times import shown_with_zone
from alerts.views.unreached import without_recipient_of_all

out = Terminal()


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
        errors.append(NO_DAEMON)
    if not live:
        errors += delivery_problems(app.store, now, lambda at: shown_with_zone(at, app.zone))
        errors += [] if warnings else [*_unreachable(app), *rules_left_alone(app)]
        warnings += [] if warnings else _without_links(app)
        for lines in (slowed_lines, silence_lines, token_lines):
            warnings += lines(app.store, now, lambda at: shown_with_zone(at, app.zone))
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


def _without_links(app: App) -> list[str]:
    """Return why messages go out with commands although links are set."""
    try:
        problem = app.signing.problem()
    except InputError as error:
        problem = str(error)
    return [f"messages have no links, but commands: {problem}"] if problem else []


def _unreachable(app: App) -> list[str]:
    """Return a line for each gap through which alerts reach nobody."""
    errors = []
    if all(is_local(entry.kind) for entry in app.settings.channels):
        errors.append("all channels are local: no alert leaves this machine")
    return errors + without_recipient_of_all(app, app.owners).lines
