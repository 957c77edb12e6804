"""The commands deliveries, retry and dismiss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, get_args

import typer

from alerts.cli.app import get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, Json
from alerts.cli.output import as_rfc3339, warn
from alerts.cli.terminal import Style, Terminal
from alerts.clock import utc_now
from alerts.core.deliveries import State
from alerts.deadlines.errors import did_you_mean
from alerts.views.delivery_texts import carried_text
from alerts.views.shown_times import shown

out = Terminal()


OLD_NAMES = {"fallback_for": "instead_of", "failure_level": "trouble", "reported_level": "told"}  # kept for one release
TIMES = ("created_at", "next_at", "deadline", "lease_until", "ended_at", "held_until")


@cli.command()
def deliveries(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"One of {', '.join(get_args(State))}.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Number of deliveries.")] = 100,
    as_json: Json = False,
) -> None:
    """List deliveries and their state."""
    if state is not None and state not in get_args(State):
        raise typer.BadParameter(
            f"{state!r} is not a state{did_you_mean(state, get_args(State))}", param_hint="--state"
        )
    app, now = get_app(context), utc_now()
    rows = app.store.ledger.deliveries(state, limit)
    if as_json:
        print(json.dumps([_json_row(row) for row in rows]))
        return
    if not rows:
        out.print("no deliveries" + (f" that are {state}" if state else " yet"))
        return
    headings = ("id", f"planned ({app.zone})", "channel", "recipient", "state", "tries", "carries")
    print_rows(out, [_row(row, app.zone, now) for row in rows], headings, heads=5)


def _row(row: Mapping[str, Any], zone: str, now: datetime) -> Row:
    planned = (str(row["id"])[:8], shown(row["created_at"], zone))
    to = (row["channel"], row["recipient"], row["state"], str(row["attempts"]))
    return Row((*planned, *to, carried_text(row, zone, now)), _style(row["state"]))


def _json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    old = {old: row[new] for new, old in OLD_NAMES.items() if new in row}
    return {**row, **old, "id": str(row["id"]), **{name: as_rfc3339(row[name]) for name in TIMES}}


def _style(state: str) -> Style:
    return "red" if state in ("dead", "bounced") else "dim" if state in ("superseded", "dismissed") else ""


DeliveryId = Annotated[str, typer.Argument(metavar="ID", help="Id from `alerts deliveries`; its beginning is enough.")]


@cli.command()
def retry(
    context: typer.Context,
    id_: DeliveryId,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Send through this channel instead.")
    ] = None,
    at: At = None,
) -> None:
    """Retry a delivery that failed, is waiting, or was dismissed."""
    app, now = get_app(context), instant(at)
    if channel is not None:
        through = app.channel(channel)
        sent = app.store.ledger.retry_through(
            id_, through.name, through.recipients, now, one_at_a_time=through.one_at_a_time
        )
        through.close()
        names = ", ".join(str(one)[:8] for one in sent)
        out.print(f"goes out through {channel} within a minute as {names}; {id_[:8]} is dismissed")
        return
    one = app.store.ledger.retry(id_, now)
    out.print(f"{str(one)[:8]} is retried within a minute")
    for text in sorted(found.text for found in app.store.unserved.waiting(now)):
        warn(f"{text}: send what is waiting with `alerts retry ID --channel C`")


@cli.command()
def dismiss(context: typer.Context, id_: DeliveryId, at: At = None) -> None:
    """Stop retrying a delivery."""
    one = get_app(context).store.ledger.dismiss(id_, instant(at))
    out.print(f"{str(one)[:8]} is dismissed")
