"""The command silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import typer

from alerts.actions.silence import add_silence, end_silence
from alerts.cli.app import App, change_of, get_app
from alerts.cli.command_group import cli
from alerts.cli.options import At, By, Json, Texts
from alerts.cli.output import as_rfc3339, checked_reason, note, print_line
from alerts.core.changes import Change
from alerts.core.rules import MATCHED
from alerts.core.silences import Silence, check_match, read_time
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.views.shown_times import shown, shown_with_zone
from alerts.views.silenced_alerts import recent_silences

What = Literal["add", "list", "end"]
Which = Annotated[str | None, typer.Argument(metavar="ID", help="With end: the silence, as list shows it.")]
Match = Annotated[
    Texts,
    typer.Option("--match", metavar="FIELD=VALUE,…", help="As in rules: `tags=a,b`, `priority=low` (repeatable)."),
]
Everything = Annotated[bool, typer.Option("--all", help="All commitments.")]
From = Annotated[str | None, typer.Option("--from", metavar="T", help="From this day or time on (default: now).")]
UntilWhen = Annotated[str | None, typer.Option("--until", metavar="T", help="Until this day (inclusive) or time.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="WHY", help="Why; alerts and lists show it.")]


@cli.command()
def silence(
    context: typer.Context,
    what: Annotated[What, typer.Argument(metavar="add|list|end", help="See below.")],
    which: Which = None,
    match: Match = None,
    everything: Everything = False,
    since: From = None,
    until: UntilWhen = None,
    reason: Reason = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Add, list or end times in which alerts are held back.

    add holds back alerts about the commitments that match, for 90 days at most. What it has
    held back goes out at its end, as one digest. Critical alerts go out before their deadline.

    list shows those that last, those to come, and those that ended in the last 30 days.

    end ends one now. One of the settings stays ended until they state another.
    """
    app, change = get_app(context), change_of(at, by, None)
    if what == "list":
        _list(app, change.now, as_json=as_json)
    elif what == "end":
        if which is None:
            raise typer.BadParameter("is missing", param_hint="ID")
        ended = end_silence(app.store, which, change)
        print_line(f"silence {ended.id} has ended ({ended.to_text}): what it held back goes out within a minute")
    else:
        stated = _match(match or ())
        if which is not None or bool(stated) == everything:
            raise InputError("name what to silence by --match, or everything by --all")
        _add(app, stated, since, until, reason, change)


def _match(parts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read `tags=a,b` and the like. Raises InputError."""
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        name, _, text = part.partition("=")
        values = tuple(value.strip() for value in text.split(",") if value.strip())
        if name not in MATCHED or not values or name in found:
            near = did_you_mean(name, MATCHED)
            raise InputError(
                f"--match: expected each of {', '.join(MATCHED)} once, as `tags=a,b`, found {part!r}{near}"
            )
        found[name] = values
    try:
        return check_match(found)
    except InputError as error:
        raise InputError(f"--match {error}") from None


def _add(
    app: App, match: dict[str, tuple[str, ...]], since: str | None, until: str | None, reason: str | None,
    change: Change,
) -> None:  # fmt: skip
    for option, value in (("--until", until), ("--reason", reason)):
        if value is None:
            raise typer.BadParameter("is missing", param_hint=option)
    assert until is not None
    assert reason is not None
    asked = Silence(
        match=match,
        since=read_time(since, app.zone, end=False) if since else change.now,
        until=read_time(until, app.zone, end=True),
        reason=checked_reason(reason, "--reason"),
        by=change.by,
    )
    add_silence(app.store, asked, change)
    print_line(f"silence {asked.id}: {_line(app, asked)}")
    count = sum(
        asked.holds(item.commitment, max(asked.since, change.now)) for item in app.store.ledger.tracked() if item.open
    )
    print_line(f"it matches {count} open commitment{'s' if count != 1 else ''} now")


def _list(app: App, now: datetime, *, as_json: bool) -> None:
    found = recent_silences(app, now)
    if as_json:
        print(json.dumps([_as_json(one, now) for one in found], indent=2))
        return
    if not found:
        note("there are no silences")
    for one in found:
        state = "ended" if one.ends <= now else "lasts" if one.since <= now else "to come"
        print_line(f"{one.id}  {state}: {_line(app, one)}")


def _line(app: App, one: Silence) -> str:
    origin = ", in the settings" if one.of_settings else ""
    times = f"from {shown(one.since, app.zone)} to {shown_with_zone(one.ends, app.zone)}"
    return f"{one.to_text}, {times}: {one.reason} ({one.by}{origin})"


def _as_json(one: Silence, now: datetime) -> dict[str, object]:
    return {
        "id": one.id, "match": one.match, "from": as_rfc3339(one.since), "until": as_rfc3339(one.until),
        "ended_at": as_rfc3339(one.ended_at), "reason": one.reason, "by": one.by, "proof": one.proof,
        "of_settings": one.of_settings, "lasts": one.since <= now < one.ends,
    }  # fmt: skip
