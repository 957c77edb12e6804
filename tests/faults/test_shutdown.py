"""Told to end with much in flight, a daemon marks what it sent and gives back what it had not begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.databases import states
from tests.faults.replicas import Replica, load, running
from tests.faults.sinks import Sinks, open_sinks
from tests.faults.world import CONNECTIONS, write_config
from tests.patience import EXACT, PATIENCE, ends_within, eventually

GRACE = 7.0  # seconds, as the daemon promises
TOO_LATE = 10.0  # seconds: a container engine would kill it
RULES = """
rules:
  - {name: leads, cron: "* * * * *", match: {}, digest: false, remind: {before: [P7D]}, notify: [chat]}
"""


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with open_sinks() as opened:
        opened.gate.clear()
        yield opened


@pytest.fixture
def daemon(tmp_path: Path, database_url: str, sinks: Sinks) -> Iterator[Replica]:
    """A daemon with twenty posts to send: as many as it has connections are in flight and wait for their answer."""
    options = ["--config", str(write_config(tmp_path / "config", sinks, RULES, 30)), "--database", database_url]
    load(tmp_path, options, 20)
    with running(tmp_path, [options]) as (replica,):
        eventually(lambda: sinks.waiting == CONNECTIONS["chat"], "all connections are in use", every=0.05)
        eventually(lambda: Counter(states(database_url).values()) == {"leased": 20}, "all are claimed", every=0.05)
        yield replica


def test_what_is_in_flight_is_marked_and_what_was_not_begun_is_given_back(
    daemon: Replica, sinks: Sinks, database_url: str
) -> None:
    with ends_within(GRACE):
        daemon.process.terminate()
        eventually(lambda: "SIGTERM: finishing" in daemon.said, "it has heard")
        sinks.gate.set()
        assert daemon.process.wait(PATIENCE) == 0
    ended = states(database_url)
    sent = {one for one, state in ended.items() if state == "sent"}
    assert {one.id for one in sinks.accepted} == sent
    assert CONNECTIONS["chat"] <= len(sent) <= 2 * CONNECTIONS["chat"], "only what was in flight when it stopped"
    assert Counter(ended.values()) == {"sent": len(sent), "retry": 20 - len(sent)}


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"] if EXACT else ["postgresql"], indirect=True)
def test_a_peer_that_never_answers_does_not_keep_it_beyond_its_grace(
    daemon: Replica, sinks: Sinks, database_url: str
) -> None:
    with ends_within(TOO_LATE):
        assert daemon.end(within=PATIENCE) == 0
    begun = CONNECTIONS["chat"]
    assert Counter(states(database_url).values()) == {"leased": begun, "retry": 20 - begun}
    assert not sinks.accepted
