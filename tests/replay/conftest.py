"""A whole world on loopback: real SMTP and HTTP servers, a database, and a clock that the test turns."""

from __future__ import annotations

import json
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Request, Response

from alerts.cli.app import App
from alerts.cli.command_group import cli
from alerts.planning import plan
from alerts.startup import prepare
from alerts.turn_delivery import deliver

WHOLE = os.environ.get("SIMULATE") == "whole"
CONFIG = """
database: sqlite:///{folder}/alerts.db
channels:
  desk-mail:
    kind: email
    from: Deadline alerts <alerts@example.org>
    to: [desk@example.org, policy@example.org]
    timezone: America/New_York
    smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}
  policy-chat: {{kind: webhook, url: "{http}"}}
"""

RULES = """
rules:
  - name: truce-desk
    cron: "0 9 * * mon-fri"
    timezone: America/New_York
    match: {tags: [trade-truce], priority: [high, critical]}
    remind:
      before: [P30D, P7D, P1D]
      on_the_day: true
      opens: true
      overdue: {every: P1D, at_most: 3, then: P7D}
      moved: true
      review: P14D
      closed: true
    notify: [desk-mail, policy-chat]
  - name: watch-list
    cron: "30 9 * * mon-fri"
    timezone: America/New_York
    match: {tags: [trade-truce], priority: [low, normal]}
    remind: {before: [P7D, P1D], on_the_day: true, opens: true, overdue: {every: P7D, at_most: 4, then: P30D},
             moved: true, review: P30D, closed: true}
    notify: [policy-chat]
"""


@dataclass
class Inbox:
    """Everything that a real SMTP server accepted, as it came over the wire."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - as aiosmtpd calls it
        message = BytesParser(policy=SMTP).parsebytes(envelope.content)
        self.mails += [(to, message) for to in envelope.rcpt_tos]
        return "250 taken"


@dataclass
class World:
    """One configuration, its database, and the peers that messages are received by."""

    folder: Path
    inbox: Inbox
    posts: list[dict[str, Any]]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command as a user would; returns its standard output."""
        result = CliRunner().invoke(cli, ["--config", str(self.folder), *arguments], catch_exceptions=True)
        assert result.exit_code == code, result.output + str(result.exception)
        return result.stdout

    def get_app(self) -> App:
        return App(self.folder, None)

    def ticks(self, times: list[datetime], *, only_due: bool = False) -> Counter[str]:
        """Turn the clock from one time to the next, and take a turn at each; at least where a watch is due."""
        get_app = self.get_app()
        clock = {"now": times[0]}
        workers = get_app.workers(lambda: clock["now"])
        prepare(get_app.store, get_app.rules, times[0], get_app.settings.people)
        done: Counter[str] = Counter()
        for number, now in enumerate(times):
            due = get_app.store.watches.next_alert()
            if only_due and number and (due is None or due[0] > now):
                continue
            clock["now"] = now
            plan(get_app.store, get_app.rules, get_app.channels, now)
            done += deliver(workers)
        for channel in get_app.channels.values():
            channel.close()
        get_app.store.close()
        return done

    def posted(self) -> Counter[ReminderContext]:
        """What the HTTP server received."""
        return Counter(
            ReminderContext("policy-chat", "", one["commitment"]["key"], one["kind"], one["moment"], one["send_at"])
            for post in self.posts
            for one in post["data"]["reminders"]
        )

    def mailed(self) -> Counter[tuple[str, str, datetime]]:
        """What the SMTP server received: to whom, about which commitment, and when it was written."""
        return Counter(
            (to, key, mail["Date"].datetime.astimezone(UTC))
            for to, mail in self.inbox.mails
            for key in set(re.findall(r"alerts ack (\S+)", text_of(mail)))
        )

    def foretold(self, *arguments: str) -> list[dict[str, Any]]:
        """What `alerts plan` says."""
        plans: list[dict[str, Any]] = json.loads(self.run("plan", *arguments, "--json"))
        return plans

    @staticmethod
    def every(step: timedelta, start: str, end: str) -> list[datetime]:
        """The instants from start to end, both included."""
        first, last = (datetime.fromisoformat(text).astimezone(UTC) for text in (start, end))
        return [first + step * number for number in range(int((last - first) / step) + 1)]


class ReminderContext(NamedTuple):
    """A reminder as a recipient received it."""

    channel: str
    recipient: str
    key: str
    kind: str
    moment: str
    send_at: str


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@contextmanager
def open_world(home: Path) -> Iterator[World]:
    """Start the servers and write the configuration."""
    inbox = Inbox()
    posts: list[dict[str, Any]] = []

    def take(request: Request) -> Response:
        posts.append(json.loads(request.get_data()))
        return Response(status=204)

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    with HTTPServer(host="127.0.0.1", port=0) as server:
        server.expect_request("/hook", method="POST").respond_with_handler(take)
        folder = home / "config"
        folder.mkdir()
        (folder / "alerts.yaml").write_text(CONFIG.format(folder=home, smtp=port, http=server.url_for("/hook")))
        (folder / "rules.yaml").write_text(RULES)
        yield World(folder, inbox, posts)
    controller.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as world:
        yield world


@pytest.fixture(scope="session")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, list[dict[str, Any]], Counter[str]]]:
    """The seed, a tick every hour from 28 October to 1 February: what was received, foretold, and how it ended.

    After the first days, hours at which no watch is due are left out: a tick then has nothing to do. `make simulate`
    ticks at each hour until the truce has ended.
    """
    with open_world(tmp_path_factory.mktemp("autumn")) as world:
        start = "2025-10-28T00:00Z"
        world.run("load", "seeds/us-china-truce-2025.yaml", "--at", start)
        plan = world.foretold("--from", start, "--days", "96")
        hour, then = timedelta(hours=1), "2025-11-12T00:00Z" if WHOLE else "2025-11-03T00:00Z"  # the clocks change on 2
        done = world.ticks(world.every(hour, start, then))
        done += world.ticks(world.every(hour, then, "2026-02-01T00:00Z"), only_due=True)
        yield world, plan, done
