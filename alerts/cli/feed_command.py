"""The command feed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

import typer

from alerts.cli.app import App, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, By, Json, Texts
from alerts.cli.output import as_rfc3339, checked_reason, note, print_line
from alerts.cli.terminal import Terminal
from alerts.core.commitments import PRIORITIES
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.settings.loopback import is_loopback
from alerts.store.feeds import Feed, FeedFilter
from alerts.views.shown_times import shown

out = Terminal()
What = Literal["add", "list", "revoke"]


Whose = Annotated[str | None, typer.Argument(metavar="PERSON|NAME", help="With add a person, with revoke a feed.")]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Name of the calendar.")]
Owners = Annotated[Texts, typer.Option("--owner", metavar="KEY", help="Only of this owner (repeatable).")]
Tags = Annotated[Texts, typer.Option("--tag", metavar="T", help="Only with this tag (repeatable).")]
Parties = Annotated[Texts, typer.Option("--party", metavar="KEY", help="Only owed by or to it (repeatable).")]
Priorities = Annotated[Texts, typer.Option("--priority", metavar="P", help="Only of it (repeatable).")]
Everything = Annotated[bool, typer.Option("--all", help="All deadlines, of all owners.")]
Alarms = Annotated[bool, typer.Option("--alarms", help="With alarms on the day before.")]


@cli.command()
def feed(
    context: typer.Context,
    what: Annotated[What, typer.Argument(metavar="add|list|revoke", help="See below.")],
    whose: Whose = None,
    name: Name = None,
    owner: Owners = None,
    tag: Tags = None,
    party: Parties = None,
    priority: Priorities = None,
    everything: Everything = False,
    alarms: Alarms = False,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Add, list or revoke the calendars that people subscribe to.

    add prints an address for the calendar program of a person, once. Without options
    it shows what that person owns. Anybody with the address can read the calendar.

    list shows all feeds, and when each was last read.

    revoke ends a feed: for 30 days its calendar says that it is no longer updated.
    """
    app, now = get_app(context), instant(at)
    if what == "list":
        _list(app, now, as_json=as_json)
        return
    if whose is None:
        raise typer.BadParameter("is missing", param_hint="PERSON" if what == "add" else "NAME")
    if what == "revoke":
        ended = app.store.feeds.revoke(whose, now)
        print_line(f"{ended.name} is revoked: for 30 days its calendar says that it is no longer updated")
        return
    owners, tags, parties = (tuple(keys or ()) for keys in (owner, tag, party))
    asked = FeedFilter(owners=owners, tags=tags, parties=parties, priorities=_priorities(priority))
    wanted = _filter(asked, whose, everything=everything)
    _add(app, whose, name, wanted, alarms=alarms, by=who(by), now=now)


def _filter(asked: FeedFilter, person: str, *, everything: bool) -> FeedFilter:
    """Return what a feed shows: what was asked for, else all or what the person owns."""
    if asked == FeedFilter():
        return asked if everything else FeedFilter(owners=(person,))
    if everything:
        raise typer.BadParameter("shows all: leave out what asks for less", param_hint="--all")
    return asked


def _priorities(stated: Texts) -> tuple[str, ...]:
    for one in stated or ():
        if one not in PRIORITIES:
            raise typer.BadParameter(
                f"{one!r} is not a priority{did_you_mean(one, PRIORITIES)}", param_hint="--priority"
            )
    return tuple(stated or ())


def _add(app: App, person: str, name: str | None, wanted: FeedFilter, *, alarms: bool, by: str, now: datetime) -> None:
    http = app.settings.http
    if http is None or http.public_url is None:
        raise InputError("no calendar program could find a feed: set `public_url` under `http:` in the settings")
    _refuse_unknown(app, wanted)
    app.store.people.add(app.settings.people)
    name = checked_reason(name, "--name") if name is not None else f"Deadlines of {person}"
    token = app.store.feeds.add(person, name, wanted, alarms=alarms, by=by, now=now)
    print_line(f"{http.public_url}/calendar/{token}.ics")
    note(f"{name}: {_describe(wanted)}. The address is shown once; anybody who has it can read the calendar")
    if is_loopback(http.public_host or ""):
        note("`public_url` is an address of this machine: calendar programs elsewhere cannot reach it")


def _refuse_unknown(app: App, wanted: FeedFilter) -> None:
    """Raise InputError for an owner or a party that nobody has declared: the calendar would stay empty."""
    for what, keys, known in (
        ("person", wanted.owners, app.people), ("party", wanted.parties, app.store.ledger.parties())
    ):  # fmt: skip
        for key in keys:
            if key not in known:
                raise InputError(f"no {what} has the key {key!r}{did_you_mean(key, known)}")


def _list(app: App, now: datetime, *, as_json: bool) -> None:
    feeds = app.store.feeds.all(now)
    if as_json:
        print(json.dumps([_json_row(one) for one in feeds]))
        return
    if not feeds:
        out.print("no feeds yet: `alerts feed add PERSON` makes one")
        return
    print_rows(
        out, [_row(one, app.zone) for one in feeds], ("name", "person", "shows", f"last read ({app.zone})", "state")
    )


def _row(feed: Feed, zone: str) -> Row:
    state = _state(feed, zone)
    read = shown(feed.last_used_at, zone) if feed.last_used_at else "never"
    return Row((feed.name, feed.person, _describe(feed.filter), read, state), "" if state == "in use" else "dim")


def _state(feed: Feed, zone: str) -> str:
    if feed.revoked_at:
        return f"revoked {shown(feed.revoked_at, zone)}"
    return "ended: this person has left, or is not declared" if feed.is_orphaned else "in use"


def _describe(wanted: FeedFilter) -> str:
    """Return what a feed shows: `owner ann, tag audit or tax`."""
    names = {"owners": "owner", "tags": "tag", "parties": "party", "priorities": "priority"}
    parts = [f"{names[field]} {' or '.join(values)}" for field, values in asdict(wanted).items() if values]
    return ", ".join(parts) or "all deadlines"


def _json_row(feed: Feed) -> dict[str, object]:
    times = {name: as_rfc3339(getattr(feed, name)) for name in ("created_at", "last_used_at", "revoked_at")}
    row = {"name": feed.name, "person": feed.person, "shows": asdict(feed.filter), "alarms": feed.alarms}
    return row | {"created_by": feed.created_by} | times | {"person_is_known": not feed.is_orphaned}
