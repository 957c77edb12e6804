"""A daemon that is asked again and again to take its files over, broken and half written ones too, loses nothing."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import inspect, text
from werkzeug import Request, Response

from tests import forked_alerts
from tests.faults.databases import opened
from tests.patience import eventually

WHOLE = os.environ.get("FAULTS") == "all"
RELOADS, DELIVERIES = (100, 2000) if WHOLE else (8, 64)
TAGS = 4
RULE = (
    "  - {{name: r{n}, cron: '* * * * *', match: {{tags: [t{n}]}}, digest: false, remind: {{before: [P7D]}}, "
    "notify: [{to}]}}\n"
)
PEOPLE = "people: [{key: ana, name: Ana, email: ana@example.org}]\n"


class Place:
    """A folder with a configuration in several files, a daemon on it, and what it has posted."""

    def __init__(self, folder: Path, url: str, database: str) -> None:
        self.folder, self.url, self.database = folder, url, database
        (folder / "config").mkdir()
        self.write(0)
        self.process: forked_alerts.Started | None = None

    def write(self, turn: int, *, rules: int = TAGS, broken: bool = False, people: bool = True) -> None:
        """Write the files anew; some of them as if the writer had not come to the end."""
        config = self.folder / "config"
        (config / "alerts.yaml").write_text(
            f"database: {self.database}\n"
            "channels:\n"
            f"  hook: {{kind: webhook, url: '{self.url}', timeout: {20 + turn % 2}}}\n"
            f"  box: {{kind: maildir, path: {self.folder}/mail, to: [desk@example.org], default: true}}\n"
        )
        text = "rules:\n" + "".join(RULE.format(n=n, to="hook, owner" if n == 3 else "hook") for n in range(rules))
        (config / "rules.yaml").write_text(text[:-20] if broken else text)
        (config / "people.yaml").unlink(missing_ok=True)
        if people:
            (config / "people.yaml").write_text(PEOPLE)

    def start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self.process = forked_alerts.start(*self.options, "run", output=log)
        eventually(lambda: self.ask("select name from processes") and "Ctrl-C" in self.log, "the daemon is up")

    @property
    def options(self) -> list[str]:
        return ["--config", str(self.folder / "config")]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def ask(self, query: str) -> list[tuple[str, ...]]:
        with opened(self.database) as connection:
            return (
                [tuple(row) for row in connection.execute(text(query))]
                if inspect(connection).has_table("processes")
                else []
            )

    def load(self, number: int, count: int) -> None:
        """Track some more, of which a reminder is due at once, while the daemon is at work."""
        due = (datetime.now(UTC) + timedelta(days=3)).date()
        entries = [
            f"  - {{key: c{number}-{n}, title: C, deadline: {due}, tags: [t{n % TAGS}], owner: ana}}\n"
            for n in range(count)
        ]
        path = self.folder / f"batch{number}.yaml"
        path.write_text("commitments:\n" + "".join(entries))
        forked_alerts.run(*self.options, "load", str(path)).check_returncode()

    def reload(self, *, taken: bool) -> None:
        """Ask for a reload and wait for the answer, which must be the right one."""
        assert self.process
        before = self.answers()
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: self.answers() != before, "it answers", every=0.02)
        answer = self.answers()
        assert json.loads(answer)["taken"] is taken, answer

    def answers(self) -> str:
        return (self.ask("select cast(reload as text) from processes") or [("",)])[0][0]


@pytest.fixture
def posted(httpserver: HTTPServer) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def take(request: Request) -> Response:
        data = request.get_json()["data"]["reminders"]
        found.extend((request.headers["webhook-id"], one["commitment"]["key"]) for one in data)
        return Response(status=200)

    httpserver.expect_request("/hook", method="POST").respond_with_handler(take)
    return found


@pytest.fixture(params=["sqlite", "postgresql"] if WHOLE else ["sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path, httpserver: HTTPServer) -> Iterator[Place]:
    on_sqlite = request.param == "sqlite"
    database = f"sqlite:///{tmp_path}/alerts.db" if on_sqlite else request.getfixturevalue("postgresql_url")
    found = Place(tmp_path, httpserver.url_for("/hook"), database)
    yield found
    if found.process and found.process.poll() is None:
        found.process.kill()
        found.process.wait()


def test_reloads_lose_and_repeat_nothing(place: Place, posted: list[tuple[str, str]]) -> None:
    place.load(0, DELIVERIES // 4)
    place.start()
    for turn in range(1, RELOADS + 1):
        broken, half = turn % 3 == 0, turn % 4 == 0 and turn % 3 != 0
        if turn % (RELOADS // 4) == 0 and turn < RELOADS:
            place.write(turn)
            place.load(turn, DELIVERIES // 4)
        place.write(turn, broken=broken, rules=TAGS - 1 if half else TAGS, people=not half)
        place.reload(taken=not broken)
    place.write(0)
    place.reload(taken=True)
    eventually(lambda: len(posted) >= DELIVERIES, "all are told", every=0.1)
    eventually(lambda: not open_deliveries(place), "and marked", every=0.1)
    assert max(Counter(posted).values()) == 1, "none is posted twice"
    keys = Counter(key for _, key in posted)
    assert (len(keys), max(keys.values())) == (DELIVERIES, 1)
    mails = list((place.folder / "mail/new").iterdir())
    assert len(mails) == DELIVERIES // TAGS, "the owners of those of the rule that was left out have theirs, too"
    assert place.process
    place.process.send_signal(signal.SIGTERM)
    assert place.process.wait(20) == 0
    assert "Traceback" not in place.log


def open_deliveries(place: Place) -> int:
    return int(place.ask("select count(*) from deliveries where state <> 'sent'")[0][0])
