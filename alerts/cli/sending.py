"""Commands about what is sent: plan, tick, run, deliveries, retry, dismiss."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.channels import Channel, takes_one_at_a_time
from alerts.cli.elsewhere import warn_if_rules_differ
from alerts.cli.reloading import configuration, read_anew, refuse_shipped
from alerts.cli.turns import LEFT_ALONE, begin_turn, stopping_on_signals
from alerts.cli.upgrading import report_upgrade
from alerts.cli.wiring import (
    At,
    Json,
    App,
    cli,
    instant,
    get_app,
    as_rfc3339,
    shown,
    start_log,
    warn,
    warn_if_nobody_is_told,
)
from alerts.clock import utc_now
from alerts.clock_check import ClockCheck
from alerts.core.deliveries import OPEN, State
from alerts.core.durations import parse_lead
from alerts.core.errors import InputError, did_you_mean
from alerts.core.reminders import Kind, Reminder
from alerts.daemon import Daemon, prepare
from alerts.lane import deliver
from alerts.outlook import Forecast, SummaryForecast, forecast, summaries
from alerts.tick import plan as plan_due
from alerts.tick import handle_failures

KIND_TEXTS: dict[Kind, str] = {"on_the_day": "on the day", "opens": "when it opens", "review": "at its review"}
out = Console(highlight=False)


@cli.command()
def plan(
    context: typer.Context,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="From this instant on; else now.")] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=36500, help="So many days on.")] = 90,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Only count what the upgrade of alerts sends.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What will be said when, and through which channels, if nothing changes."""
    app, first = get_app(context), instant(start or at)
    if upgrade:
        report_upgrade(app, first)
        return
    try:
        end = first + timedelta(days=days)
    except OverflowError:
        raise InputError(f"--days {days} leads beyond the year 9999") from None
    warn_if_rules_differ(app)
    found = forecast(app.store, app.rules, first, end, owners=app.owners)
    rows = [_reminder_row(reminder_forecast) for reminder_forecast in found]
    one_at_a_time = {
        entry.name for entry in app.settings.channels if takes_one_at_a_time(entry.kind)
    }  # no secret is needed for it
    sums = summaries(app.store, app.rules, first, end, app.owners, one_at_a_time=one_at_a_time)
    rows += [_summary_row(one) for one in sums]
    # What is due already goes out at the next tick: it belongs to what is to come, unless a time is named.
    rows_shown = sorted((row for row in rows if start is None or row.at >= first), key=lambda row: row.at)
    if as_json:
        print(json.dumps([row.fields for row in rows_shown]))
        return
    if not rows_shown:
        within = f"{days} day{'s' * (days != 1)}"
        out.print(f"nothing will be said within {within} (to {shown(end, app.zone)} {app.zone})", soft_wrap=True)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(f"at ({app.zone})", no_wrap=True)
    table.add_column("commitment", no_wrap=True)
    for heading in ("rule", "what", "channels"):
        table.add_column(heading)
    for row in rows_shown:
        table.add_row(shown(row.at, app.zone), *map(escape, row.cells))
    out.print(table)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the plan: as JSON has it, and as the table does."""

    at: datetime
    fields: dict[str, Any]
    cells: tuple[str, str, str, str]


def _reminder_row(reminder_forecast: Forecast) -> _Row:
    reminder = reminder_forecast.reminder
    row = {
        "at": as_rfc3339(reminder.send_at),
        "moment": as_rfc3339(reminder.moment),
        "rule": reminder.rule,
        "commitment": reminder.commitment,
        "occurrence": reminder.occurrence or None,
        "kind": reminder.kind,
        "offset": reminder.offset,
        "channels": list(reminder_forecast.channels),
    }
    about = f"{reminder.commitment} {reminder.occurrence}".rstrip()
    return _Row(reminder.send_at, row, (about, reminder.rule, _what(reminder), ", ".join(reminder_forecast.channels)))


def _what(reminder: Reminder) -> str:
    """What is said, in words: `7 days before`, `on the day`, `overdue for 6 days`."""
    stated = parse_lead(reminder.offset) if reminder.offset else None
    what = KIND_TEXTS.get(reminder.kind, reminder.kind)
    if stated and reminder.kind == "before":
        what = f"{stated.to_text} before"
    elif stated and reminder.kind == "overdue":
        what = f"overdue for {stated.to_text}"
    return what + ", told early" * reminder.early + ", told late" * reminder.catching_up


def _summary_row(summary: SummaryForecast) -> _Row:
    at = as_rfc3339(summary.at)
    row: dict[str, Any] = {"at": at, "moment": at, "rule": summary.rule, "commitment": None, "occurrence": None}
    row |= {"kind": "summary", "offset": None, "channels": list(summary.channels)}
    return _Row(summary.at, row, ("–", summary.rule, "summary", ", ".join(summary.channels)))


TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Make these rules the registered ones, whoever registered others.")
]


@cli.command()
def tick(context: typer.Context, at: At = None, take_over: TakeOver = False, as_json: Json = False) -> None:
    """One turn, then stop: write down what has fallen due, and hand it over."""
    app, now = get_app(context), instant(at)
    start_log(app.settings.redaction)
    workers = app.workers(lambda: now)  # before anything is written: a channel that cannot be built is an error
    check = ClockCheck(app.store, lambda: now, app.second_clock)
    with stopping_on_signals(workers), app.store.turn() as alone:
        if at is None and not check.begin():
            raise InputError("the clock is in doubt: nothing was planned, sent or ended")
        turn = begin_turn(app, now, alone=alone, take_over=take_over)
        prepare(app.store, app.rules, now, registered=turn.registered, real=utc_now())
        planned = plan_due(app.store, turn.rules, turn.channels, now)
        mine = [worker for worker in workers if worker.channel.name in turn.channels]
        try:
            done = deliver(mine)
        finally:  # one channel that cannot be served keeps no failure of the others from being told
            failed = turn.registered.is_mine and handle_failures(
                app.store, app.rules, app.channels, app.settings.operators, now
            )
        if failed:
            done += deliver(mine)
        if at is None:
            check.swept()
        app.store.check_indexes(now)  # last: what was found has been handed over
    for channel in app.channels.values():
        channel.close()
    if as_json:
        print(json.dumps({"planned": planned, **done}))
    else:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(done.items())) or "nothing to hand over"
        out.print(f"{planned} planned; {ends}")
    if turn.left_to_nobody:
        raise typer.Exit(LEFT_ALONE)


@cli.command()
def run(context: typer.Context) -> None:
    """The daemon: evaluates the rules on their crons and sends what is due, until SIGTERM or Ctrl-C.

    SIGHUP and `alerts reload` let it take its files over anew.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it reads the files now
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the daemon is there to end in order
    app = get_app(context)
    start_log(app.settings.redaction)
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
    """Say at start where things are, and what comes next."""
    now = utc_now()
    counts = app.store.ledger.counts()
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("database", escape(app.store.name))
    table.add_row("tracked", f"{counts.get('open', 0)} open commitments, {len(app.settings.rules)} rules")
    for channel in app.channels.values():
        table.add_row("channel", escape(_describe(channel)))
    if app.settings.operators:
        heartbeat_note = "; a heartbeat after every good sweep" if app.heartbeat else ""
        table.add_row("failures", escape(f"told to {', '.join(app.settings.operators)}{heartbeat_note}"))
    coming = app.store.watches.next_alert()
    if coming is not None:
        at, key = coming
        table.add_row("next", escape(f"{'now' if at <= now else f'{shown(at, app.zone)} {app.zone}'}: {key}"))
    table.add_row("", "`alerts plan` shows what is to come, `alerts list` what is tracked; Ctrl-C ends")
    Console(stderr=True, highlight=False).print(table)
    if not counts.get("open"):
        warn("nothing is tracked: load a file of commitments")
    warn_if_nobody_is_told(app)


def _describe(channel: Channel) -> str:
    path = getattr(channel, "path", None)
    to = ", ".join(filter(None, channel.recipients))
    return f"{channel.name} ({channel.kind})" + (f" to {to}" if to else "") + (f" in {path}" if path else "")


@cli.command()
def deliveries(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"One of {', '.join(get_args(State))}.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The latest so many.")] = 100,
    as_json: Json = False,
) -> None:
    """The ledger: what was handed over, to whom, how, and what was not."""
    if state is not None and state not in get_args(State):
        raise typer.BadParameter(
            f"{state!r} is not a state{did_you_mean(state, get_args(State))}", param_hint="--state"
        )
    app, now = get_app(context), utc_now()
    rows = app.store.ledger.deliveries(state, limit)
    if as_json:
        times = ("created_at", "next_at", "deadline", "lease_until", "ended_at", "held_until")
        print(
            json.dumps(
                [{**row, "id": str(row["id"]), **{name: as_rfc3339(row[name]) for name in times}} for row in rows]
            )
        )
        return
    if not rows:
        out.print("no deliveries" + (f" that are {state}" if state else " yet"))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("id", f"planned ({app.zone})", "channel", "recipient", "state", "tries", "carries"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        carries = row["carries"]
        what = ", ".join(carries[:3]) + (f" and {len(carries) - 3} more" if len(carries) > 3 else "")
        if row["notice"]:
            count = len(row["notice"]["troubles"]) + row["notice"]["more"]
            what = f"notice of {count} that {'does' if count == 1 else 'do'} not get through"
        if row["summary"]:
            what = f"summary of rule {row['summary']['rule']['name']}"
        if row["fallback_for"]:
            what += f" (in place of {row['fallback_for']['channel']})"
        if row["held_until"] and row["state"] in OPEN and row["held_until"] > now:
            what += f" (snoozed until {shown(row['held_until'], app.zone)})"
        if row["last_error"]:
            what += f" – {row['last_error']}"
        cells = (row["channel"], row["recipient"], row["state"], str(row["attempts"]), what)
        style = "red" if row["state"] == "dead" else "dim" if row["state"] in ("superseded", "dismissed") else None
        table.add_row(str(row["id"])[:8], shown(row["created_at"], app.zone), *map(escape, cells), style=style)
    out.print(table)


DeliveryId = Annotated[
    str, typer.Argument(metavar="ID", help="As `alerts deliveries` shows it; its beginning will do.")
]


@cli.command()
def retry(
    context: typer.Context,
    id_: DeliveryId,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Through this channel instead, to its recipients.")
    ] = None,
    at: At = None,
) -> None:
    """Send a delivery again, by the full schedule: one that is dead, waits for its next try, or was dismissed."""
    app, now = get_app(context), instant(at)
    if channel is not None:
        through = app.channel(channel)
        sent = app.store.ledger.retry_through(
            id_, through.name, through.recipients, now, one_at_a_time=through.one_at_a_time
        )
        through.close()
        names = ", ".join(str(one)[:8] for one in sent)
        out.print(f"sent through {channel} at the next tick as {names}; {id_[:8]} is dismissed")
        return
    one = app.store.ledger.retry(id_, now)
    out.print(f"{str(one)[:8]} will be tried again at the next tick")
    for text in sorted(found.text for found in app.store.unserved.waiting(now)):
        warn(f"{text}: what waits for it goes out by `alerts retry ID --channel C` only")


@cli.command()
def dismiss(context: typer.Context, id_: DeliveryId, at: At = None) -> None:
    """Let a delivery go that is dead, or not sent yet: it is not tried any more, and health no longer counts it."""
    one = get_app(context).store.ledger.dismiss(id_, instant(at))
    out.print(f"{str(one)[:8]} is dismissed")
