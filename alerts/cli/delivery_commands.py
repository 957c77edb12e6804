"""Commands about what is sent: plan, tick, run, deliveries, retry, dismiss."""

from __future__ import annotations

import json
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.cli.app import cli, get_app, instant
from alerts.cli.options import At, Json
from alerts.cli.output import as_rfc3339, shown, warn
from alerts.clock import utc_now
from alerts.core.deliveries import OPEN, State
from alerts.deadlines.errors import did_you_mean

out = Console(highlight=False)


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
