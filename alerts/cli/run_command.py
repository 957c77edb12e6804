"""The command run."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

import typer

from alerts.channels import Channel
from alerts.cli.app import App, get_app, warn_if_nobody_is_reached
from alerts.cli.command_group import cli
from alerts.cli.configuration import configuration, read_anew, refuse_shipped
from alerts.cli.first_start import load_seed
from alerts.cli.output import counted, warn
from alerts.cli.printed_lines import print_facts
from alerts.cli.terminal import Terminal
from alerts.clock import utc_now
from alerts.core.rules import DEFAULT_RULE
from alerts.daemon import Daemon
from alerts.log_output import start_log
from alerts.store.sessions import FIRST_LINK_LIVES
from alerts.store.store_error import StoreError
from alerts.views.shown_times import shown_with_zone


@cli.command()
def run(context: typer.Context) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    `alerts reload` or SIGHUP makes it read its files again. Where nothing is tracked yet and the configuration is the
    shipped one, it first loads the examples that ALERTS_SEED names, a file or a folder.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it reads the files now
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the daemon handles it
    app = get_app(context)
    start_log(app.settings.redaction, app.settings.log)
    refuse_shipped(app)
    load_seed(context, app, os.environ)
    first = configuration(app, utc_now)
    app.renderer.warm_up({channel.medium for channel in app.channels.values()})
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
    facts = [
        ("database", app.store.name),
        ("tracked", f"{counted(counts.get('open', 0), 'open commitment')}, {counted(len(named), 'rule')}"),
        *(("channel", _describe(channel)) for channel in app.channels.values()),
    ]
    if app.settings.http:
        facts.append(("answers", app.settings.http.shown_address))
        facts += _first_sign_in(app, now)
    if app.settings.operators:
        heartbeat_note = "; heartbeat after each sweep" if app.heartbeat else ""
        facts.append(("failures", f"reported to {', '.join(app.settings.operators)}{heartbeat_note}"))
    coming = app.store.watches.next_alert()
    if coming is not None:
        at, key = coming
        facts.append(("next", f"{'now' if at <= now else shown_with_zone(at, app.zone)}: {key}"))
    facts.append(("", "`alerts plan`: next alerts; `alerts list`: commitments; Ctrl-C stops"))
    print_facts(Terminal(stderr=True), facts)
    if not counts.get("open"):
        warn("there are no commitments yet: load a file with `alerts load FILE`")
    warn_if_nobody_is_reached(app)


def _first_sign_in(app: App, now: datetime) -> list[tuple[str, str]]:
    """Return the address at which the first admin signs in, until somebody has. It stands nowhere but in this log."""
    address = app.settings.http.first_sign_in if app.settings.http else None
    if address is None:
        return []
    try:
        token = app.store.sessions.add_first_link(now)
    except StoreError as error:  # no alert waits for it
        warn(f"no address for the first admin: {error}")
        return []
    if token is None:
        return []
    until = shown_with_zone(now + FIRST_LINK_LIVES, app.zone)
    return [("first sign-in", f"{address}/sign-in/{token}"), ("", f"makes one person admin, once, until {until}")]


def _describe(channel: Channel) -> str:
    path = getattr(channel, "path", None)
    to = ", ".join(filter(None, channel.recipients))
    return f"{channel.name} ({channel.kind})" + (f" to {to}" if to else "") + (f" in {path}" if path else "")
