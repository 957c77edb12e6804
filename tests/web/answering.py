"""Alerts with answer links as they are stored, and visits of the pages behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import select

from alerts.core.answer_links import AnswerLink, AnswerLinks, fill, key_id_of, placeholder
from alerts.core.messages import Message
from alerts.core.tracked import Revision, Tracked
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.settings import load_settings
from alerts.store import Store
from alerts.store.table_types import metadata
from tests.factories import LEASE, at, entry, load
from tests.web.running import WebServer, started

KEY = bytes(range(32))
SENT = at("2026-11-28T09:00")
NOW = at("2026-11-28T09:30")
CONFIGURATION = """
channels:
  desk: {{kind: maildir, path: {folder}/mail, to: [ann@example.org, team@example.org], default: true}}
  room: {{kind: slack, url: "http://127.0.0.1:9/services/T000/SECRET"}}
  office: {{kind: maildir, path: {folder}/office, to: [office@example.org], hours: {{opens: "10:00", closes: "16:00"}}}}
people:
  - {{key: ann, name: Ann Example, email: ann@example.org, timezone: UTC}}
  - {{key: bob, name: Bob, email: bob@example.org, timezone: UTC}}
  - {{key: kim, name: Kim, email: kim@example.org, timezone: Asia/Tokyo, deputy: bob}}
  - {{key: cem, name: Cem, email: cem@example.org, timezone: UTC, deputy: bob, left: 2026-11-20}}
  - {{key: team, name: Team, email: team@example.org, timezone: UTC, shared: true}}
rules:
  - {{name: single, cron: "0 9 * * *", match: {{tags: [single]}}, digest: false, notify: [desk],
     remind: {{before: [P7D, P1D], on_the_day: true, overdue: true, moved: true, closed: true, review: P14D}}}}
  - {{name: cems, cron: "0 9 * * *", match: {{owner: [cem]}}, remind: {{overdue: true}}, notify: [owner]}}
  - {{name: list, cron: "0 9 * * *", match: {{tags: [list]}}, digest: true, notify: [desk],
     remind: {{before: [P7D], on_the_day: true, overdue: true}}}}
  - {{name: office, cron: "0 9 * * *", match: {{tags: [office]}}, remind: {{before: [P5D]}}, notify: [office]}}
timezone: UTC
http: {{public_url: "http://127.0.0.1:8080", {keys}answers: {{allow: [{allowed}]}}}}
"""
ALL = "acknowledge, snooze, note, move, close, assign, reopen, away, silence"
BUTTON = re.compile(r"<button([^>]*)>")
INPUT = re.compile(r"<input([^>]*)>")


def token_of(delivery: UUID, commitment_id: int | None = None, occurrence: str = "", key: bytes = KEY) -> str:
    """Return a working token."""
    link = AnswerLink(key_id=key_id_of(key), delivery=delivery, commitment_id=commitment_id, occurrence=occurrence)
    return fill(f"/a/{placeholder(link)}", delivery, [key]).removeprefix("/a/")


@dataclass(frozen=True)
class Sent:
    """A delivery whose message has a link for each entry, and one for all. `key` signs them."""

    delivery: UUID
    entries: tuple[tuple[int, str], ...]
    key: bytes = KEY

    @property
    def token(self) -> str:
        """The token of the first entry."""
        return token_of(self.delivery, *self.entries[0], key=self.key)

    @property
    def whole(self) -> str:
        """The token of all entries."""
        return token_of(self.delivery, key=self.key)


@dataclass
class Desk:
    """A server with alerts that were sent, and the clock that it goes by."""

    server: WebServer
    now: datetime = NOW

    @property
    def store(self) -> Store:
        return self.server.store

    def send(self, *, to: str = "ann@example.org", now: datetime = SENT, also: tuple[str, ...] = ()) -> list[Sent]:
        """Plan what is due, and store each message with its links, as a worker does before it hands it over.

        `also` are the keys of more entries that each message lists.
        """
        rules = self.server.services.settings.rules
        channels: Any = {"desk": SimpleNamespace(one_at_a_time=False, default=False, recipients=(to,))}
        more = [(self.tracked(key).id, "") for key in also]
        self.store.watches.register(rules, now)
        plan(self.store, ScheduledRule.all(rules), channels, now)
        found, key = [], self.server.services.keys[0]
        for one in self.store.outbox.claim("desk", now, 100, LEASE):
            entries = (*((context.tracked.id, context.reminder.occurrence) for context in one.contexts), *more)
            links = AnswerLinks("http://127.0.0.1:8080", key_id_of(key))
            text = "\n".join([*(links.url(one.id, *about) for about in entries), links.url(one.id)])
            self.store.outbox.keep({one.id: (one.fence, Message(subject="Due", text=text, rendered_at=now), None)})
            found.append(Sent(one.id, entries, key))
        return found

    def sent(self, key: str, deadline: str = "2026-11-25", *, to: str = "ann@example.org", **stated: Any) -> Sent:
        """Track a commitment, and send an alert about it alone."""
        load(self.store, entry(key, deadline, tags=("single",), **stated), now=at("2026-10-01"))
        number = self.tracked(key).id
        (found,) = [one for one in self.send(to=to) if {about for about, _ in one.entries} == {number}]
        return found

    def tracked(self, key: str) -> Tracked:
        return self.store.commitments.find(key)

    def history(self, key: str) -> list[Revision]:
        return self.store.ledger.history(self.tracked(key).id)

    def last(self, key: str) -> tuple[str, str, str]:
        revision = self.history(key)[-1]
        return revision.what, revision.recorded_by, revision.proof

    def token(self, delivery: UUID, key: str) -> str:
        """Return the token for one commitment in a message."""
        return token_of(delivery, self.tracked(key).id)

    def visit(self, token: str, below: str = "") -> Visit:
        """Open a link, or a page below it."""
        return visited(self.server, token + below, self.server.get(f"/a/{token}{below}"))

    def dump(self) -> dict[str, list[Any]]:
        """Return all rows of all tables but the status of processes."""
        with self.store.database.read() as connection:
            return {
                name: sorted(repr(row) for row in connection.execute(select(table)))
                for name, table in metadata.tables.items()
                if name != "processes"
            }


@dataclass
class Visit:
    """A page that was loaded: its hidden fields and its buttons, in the order of the document."""

    server: WebServer
    token: str
    answer: requests.Response
    hidden: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def text(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.answer.text)).split())

    def press(self, choice: str, **typed: str) -> Visit:
        """Press a button, with some fields filled in; an empty choice submits the form without a button."""
        body = self.hidden | typed | ({"choice": choice} if choice else {})
        return visited(self.server, self.token, self.server.post(f"/a/{self.token}", data=body))


def visited(server: WebServer, token: str, answer: requests.Response) -> Visit:
    inputs = [attributes(found) for found in INPUT.findall(answer.text)]
    buttons = [attributes(found) for found in BUTTON.findall(answer.text)]
    hidden = {one["name"]: one.get("value", "") for one in inputs if one.get("type") == "hidden"}
    return Visit(
        server, token, answer, hidden, [one["value"] for one in buttons if "value" in one and "disabled" not in one]
    )


def attributes(text: str) -> dict[str, str]:
    """Return the attributes of a tag."""
    return {name: unescape(value) for name, value in re.findall(r'([a-z-]+)(?:="([^"]*)")?', text)}


def configuration(folder: Path, allowed: str = ALL, has_keys: bool = True) -> str:
    """Return the settings, with the keys of links in the environment or not."""
    return CONFIGURATION.format(folder=folder, allowed=allowed, keys="answer_keys: {env: KEYS}, " if has_keys else "")


@contextmanager
def opened(database: str, folder: Path, allowed: str = ALL, keys: tuple[bytes, ...] | None = (KEY,)) -> Iterator[Desk]:
    """Serve a database with what is configured above; without `keys` those of the file next to the database."""
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/alerts.yaml").write_text(configuration(folder, allowed, keys is not None))
    settings = load_settings(folder / "config", database, {"KEYS": "\n".join(key.hex() for key in keys or ())})
    clock = SimpleNamespace(desk=None)
    with started(settings, (), lambda: clock.desk.now if clock.desk else NOW) as server:
        clock.desk = Desk(server)
        server.store.people.register(settings.people)
        yield clock.desk
