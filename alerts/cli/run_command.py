"""The command run."""

from __future__ import annotations

import os
import signal
import sys

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.channels import Channel
from alerts.cli.app import App, get_app, warn_if_nobody_is_reached
from alerts.cli.command_group import cli
from alerts.cli.configuration import configuration, read_anew, refuse_shipped
from alerts.cli.output import shown, warn
from alerts.clock import utc_now
from alerts.core.rules import DEFAULT_RULE
from alerts.daemon import Daemon
from alerts.log_output import start_log


@cli.command()
def run(context: typer.Context) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    `alerts reload` or SIGHUP makes it read its files again.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it reads the files now
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the daemon handles it
    app = get_app(context)
    start_log(app.settings.redaction, app.settings.log)
    refuse_shipped(app)
    first = configuration(app, utc_now)
    app.renderer.warm_up()
    daemon = Daemon(app.store, first.rules, first.workers, utc_now, first=first, load=lambda: read_anew(app, utc_now))
    ended = daemon.run(on_ready=lambda: _announce(app))
    sys.stdout.flush()
    if not ended:
        os._exit(0)  # a thread still waits for a peer; its delivery stays leased and is sent again, never lost
    for channel in daemon.channels.values():
        channel.close()
    app.store.close()


def _announce(app: App) -> None:
    """Print at start what the daemon serves, and the next alert."""
    now = utc_now()
    counts = app.store.ledger.counts()
    named = [rule for rule in app.settings.rules if rule.name != DEFAULT_RULE]
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("database", escape(app.store.name))
    table.add_row("tracked", f"{counts.get('open', 0)} open commitments, {len(named)} rules")
    for channel in app.channels.values():
        table.add_row("channel", escape(_describe(channel)))
    if app.settings.http:
        table.add_row("answers", escape(app.settings.http.shown_address))
    if app.settings.operators:
        heartbeat_note = "; heartbeat after each sweep" if app.heartbeat else ""
        table.add_row("failures", escape(f"reported to {', '.join(app.settings.operators)}{heartbeat_note}"))
    coming = app.store.watches.next_alert()
    if coming is not None:
        at, key = coming
        table.add_row("next", escape(f"{'now' if at <= now else f'{shown(at, app.zone)} {app.zone}'}: {key}"))
    table.add_row("", "`alerts plan`: next alerts; `alerts list`: commitments; Ctrl-C stops")
    Console(stderr=True, highlight=False, emoji=False).print(table)
    if not counts.get("open"):
        warn("there are no commitments yet: load a file with `alerts load FILE`")
    warn_if_nobody_is_reached(app)


def _describe(channel: Channel) -> str:
    path = getattr(channel, "path", None)
    to = ", ".join(filter(None, channel.recipients))
    return f"{channel.name} ({channel.kind})" + (f" to {to}" if to else "") + (f" in {path}" if path else "")
