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

from alerts.channels import Channel, takes_singly
from alerts.cli.elsewhere import warn_of_other_rules
from alerts.cli.reloading import configuration, read_anew, refuse_shipped
from alerts.cli.turns import LEFT_ALONE, begin_turn, ending_early
from alerts.cli.upgrading import say_upgrade
from alerts.cli.wiring import At, Json, Office, app, instant, office, rfc3339, shown, start_log, warn, warn_of_silence
from alerts.clock import utc_now
from alerts.clock_check import ClockCheck
from alerts.core.deliveries import OPEN, State
from alerts.core.durations import parse_lead
from alerts.core.errors import InputError, did_you_mean
from alerts.core.reminders import Kind, Reminder
from alerts.daemon import Daemon, prepare
from alerts.lane import deliver
from alerts.outlook import Foretold, ForetoldSummary, outlook, summaries
from alerts.tick import plan as plan_due
from alerts.tick import relieve

SPOKEN: dict[Kind, str] = {"on_the_day": "on the day", "opens": "when it opens", "review": "at its review"}
out = Console(highlight=False)


@app.command()
def plan(
    context: typer.Context,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="From this instant on; else now.")] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=36500, help="So many days on.")] = 90,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Only count what the upgrade of alerts sends.")] = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What will be said when, and through which channels, if nothing changes."""
    here, first = office(context), instant(start or at)
    if upgrade:
        say_upgrade(here, first)
        return
    try:
        end = first + timedelta(days=days)
    except OverflowError:
        raise InputError(f"--days {days} leads beyond the year 9999") from None
    warn_of_other_rules(here)
    found = outlook(here.store, here.rules, first, end, owners=here.owners)
    rows = [_word_row(word) for word in found]
    singly = {entry.name for entry in here.settings.channels if takes_singly(entry.kind)}  # no secret is needed for it
    sums = summaries(here.store, here.rules, first, end, here.owners, singly=singly)
    rows += [_summary_row(one) for one in sums]
    # What is due already goes out at the next tick: it belongs to what is to come, unless a time is named.
    words = sorted((row for row in rows if start is None or row.at >= first), key=lambda row: row.at)
    if as_json:
        print(json.dumps([row.said for row in words]))
        return
    if not words:
        within = f"{days} day{'s' * (days != 1)}"
        out.print(f"nothing will be said within {within} (to {shown(end, here.zone)} {here.zone})", soft_wrap=True)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(f"at ({here.zone})", no_wrap=True)
    table.add_column("commitment", no_wrap=True)
    for heading in ("rule", "what", "channels"):
        table.add_column(heading)
    for row in words:
        table.add_row(shown(row.at, here.zone), *map(escape, row.cells))
    out.print(table)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the plan: as JSON has it, and as the table does."""

    at: datetime
    said: dict[str, Any]
    cells: tuple[str, str, str, str]


def _word_row(word: Foretold) -> _Row:
    said = word.reminder
    row = {
        "at": rfc3339(said.send_at),
        "moment": rfc3339(said.moment),
        "rule": said.rule,
        "commitment": said.commitment,
        "occurrence": said.occurrence or None,
        "kind": said.kind,
        "offset": said.offset,
        "channels": list(word.channels),
    }
    about = f"{said.commitment} {said.occurrence}".rstrip()
    return _Row(said.send_at, row, (about, said.rule, _what(said), ", ".join(word.channels)))


def _what(said: Reminder) -> str:
    """What is said, in words: `7 days before`, `on the day`, `overdue for 6 days`."""
    stated = parse_lead(said.offset) if said.offset else None
    what = SPOKEN.get(said.kind, said.kind)
    if stated and said.kind == "before":
        what = f"{stated.words} before"
    elif stated and said.kind == "overdue":
        what = f"overdue for {stated.words}"
    return what + ", told early" * said.early + ", told late" * said.catching_up


def _summary_row(summary: ForetoldSummary) -> _Row:
    at = rfc3339(summary.at)
    row: dict[str, Any] = {"at": at, "moment": at, "rule": summary.rule, "commitment": None, "occurrence": None}
    row |= {"kind": "summary", "offset": None, "channels": list(summary.channels)}
    return _Row(summary.at, row, ("–", summary.rule, "summary", ", ".join(summary.channels)))


TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Make these rules the registered ones, whoever registered others.")
]


@app.command()
def tick(context: typer.Context, at: At = None, take_over: TakeOver = False, as_json: Json = False) -> None:
    """One turn, then stop: write down what has fallen due, and hand it over."""
    here, now = office(context), instant(at)
    start_log(here.settings.redaction)
    lanes = here.lanes(lambda: now)  # before anything is written: a channel that cannot be built is an error
    check = ClockCheck(here.store, lambda: now, here.second_clock)
    with ending_early(lanes), here.store.turn() as alone:
        if at is None and not check.begin():
            raise InputError("the clock is in doubt: nothing was planned, sent or ended")
        turn = begin_turn(here, now, alone=alone, take_over=take_over)
        prepare(here.store, here.rules, now, registered=turn.registered, real=utc_now())
        planned = plan_due(here.store, turn.rules, turn.channels, now)
        mine = [lane for lane in lanes if lane.channel.name in turn.channels]
        try:
            done = deliver(mine)
        finally:  # one channel that cannot be served keeps no failure of the others from being told
            failed = turn.registered.is_mine and relieve(
                here.store, here.rules, here.channels, here.settings.operators, now
            )
        if failed:
            done += deliver(mine)
        if at is None:
            check.swept()
        here.store.refuse_hidden(now)  # last: what was found has been handed over
    for channel in here.channels.values():
        channel.close()
    if as_json:
        print(json.dumps({"planned": planned, **done}))
    else:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(done.items())) or "nothing to hand over"
        out.print(f"{planned} planned; {ends}")
    if turn.left_to_nobody:
        raise typer.Exit(LEFT_ALONE)


@app.command()
def run(context: typer.Context) -> None:
    """The daemon: evaluates the rules on their crons and sends what is due, until SIGTERM or Ctrl-C.

    SIGHUP and `alerts reload` let it take its files over anew.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it reads the files now
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the daemon is there to end in order
    here = office(context)
    start_log(here.settings.redaction)
    refuse_shipped(here)
    first = configuration(here, utc_now)
    here.renderer.warm_up()
    daemon = Daemon(here.store, first.rules, first.lanes, utc_now, first=first, load=lambda: read_anew(here, utc_now))
    ended = daemon.run(on_ready=lambda: _announce(here))
    sys.stdout.flush()
    if not ended:
        os._exit(0)  # a thread still waits for a peer; its delivery stays leased and is sent again, never lost
    for channel in daemon.channels.values():
        channel.close()
    here.store.close()


def _announce(here: Office) -> None:
    """Say at start where things are, and what comes next."""
    now = utc_now()
    counts = here.store.ledger.counts()
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("database", escape(here.store.name))
    table.add_row("tracked", f"{counts.get('open', 0)} open commitments, {len(here.settings.rules)} rules")
    for channel in here.channels.values():
        table.add_row("channel", escape(_describe(channel)))
    if here.settings.operators:
        beat = "; a heartbeat after every good sweep" if here.heartbeat else ""
        table.add_row("failures", escape(f"told to {', '.join(here.settings.operators)}{beat}"))
    coming = here.store.watches.next_word()
    if coming is not None:
        at, key = coming
        table.add_row("next", escape(f"{'now' if at <= now else f'{shown(at, here.zone)} {here.zone}'}: {key}"))
    table.add_row("", "`alerts plan` shows what is to come, `alerts list` what is tracked; Ctrl-C ends")
    Console(stderr=True, highlight=False).print(table)
    if not counts.get("open"):
        warn("nothing is tracked: load a file of commitments")
    warn_of_silence(here)


def _describe(channel: Channel) -> str:
    path = getattr(channel, "path", None)
    to = ", ".join(filter(None, channel.recipients))
    return f"{channel.name} ({channel.kind})" + (f" to {to}" if to else "") + (f" in {path}" if path else "")


@app.command()
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
    here, now = office(context), utc_now()
    rows = here.store.ledger.deliveries(state, limit)
    if as_json:
        times = ("created_at", "next_at", "deadline", "lease_until", "ended_at", "held_until")
        print(
            json.dumps([{**row, "id": str(row["id"]), **{name: rfc3339(row[name]) for name in times}} for row in rows])
        )
        return
    if not rows:
        out.print("no deliveries" + (f" that are {state}" if state else " yet"))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("id", f"planned ({here.zone})", "channel", "recipient", "state", "tries", "carries"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        carries = row["carries"]
        what = ", ".join(carries[:3]) + (f" and {len(carries) - 3} more" if len(carries) > 3 else "")
        if row["notice"]:
            count = len(row["notice"]["troubles"]) + row["notice"]["more"]
            what = f"notice of {count} that {'does' if count == 1 else 'do'} not get through"
        if row["summary"]:
            what = f"summary of rule {row['summary']['rule']['name']}"
        if row["instead_of"]:
            what += f" (in place of {row['instead_of']['channel']})"
        if row["held_until"] and row["state"] in OPEN and row["held_until"] > now:
            what += f" (snoozed until {shown(row['held_until'], here.zone)})"
        if row["last_error"]:
            what += f" – {row['last_error']}"
        cells = (row["channel"], row["recipient"], row["state"], str(row["attempts"]), what)
        style = "red" if row["state"] == "dead" else "dim" if row["state"] in ("superseded", "dismissed") else None
        table.add_row(str(row["id"])[:8], shown(row["created_at"], here.zone), *map(escape, cells), style=style)
    out.print(table)


DeliveryId = Annotated[
    str, typer.Argument(metavar="ID", help="As `alerts deliveries` shows it; its beginning will do.")
]


@app.command()
def retry(
    context: typer.Context,
    id_: DeliveryId,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Through this channel instead, to its recipients.")
    ] = None,
    at: At = None,
) -> None:
    """Send a delivery again, by the full schedule: one that is dead, waits for its next try, or was dismissed."""
    here, now = office(context), instant(at)
    if channel is not None:
        through = here.channel(channel)
        sent = here.store.ledger.retry_through(id_, through.name, through.recipients, now, one_at_a_time=through.singly)
        through.close()
        names = ", ".join(str(one)[:8] for one in sent)
        out.print(f"sent through {channel} at the next tick as {names}; {id_[:8]} is dismissed")
        return
    one = here.store.ledger.retry(id_, now)
    out.print(f"{str(one)[:8]} will be tried again at the next tick")
    for text in sorted(found.text for found in here.store.missing.waiting(now)):
        warn(f"{text}: what waits for it goes out by `alerts retry ID --channel C` only")


@app.command()
def dismiss(context: typer.Context, id_: DeliveryId, at: At = None) -> None:
    """Let a delivery go that is dead, or not sent yet: it is not tried any more, and health no longer counts it."""
    one = office(context).store.ledger.dismiss(id_, instant(at))
    out.print(f"{str(one)[:8]} is dismissed")
