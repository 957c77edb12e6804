"""Killed at any boundary, a site that is started again loses nothing and repeats no more than was in flight."""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import postgres
from tests.faults.databases import Databases, Postgresql, Sqlite
from tests.faults.plays import Play, after_sends, between_claim_and_write_back
from tests.faults.report import REPORT
from tests.faults.world import Scene, open_world

KINDS = ("sqlite", "postgresql")
WHOLE = os.environ.get("FAULTS") == "all"
# Twice as many deliveries: more than each channel has connections, so that places are filled again. Any more would only
# pass the same boundaries again.
COMMITMENTS = 6 if WHOLE else 2
# A process that dies between two reads, or between the statements of a transaction, leaves the database as one that
# dies before the commit. One that dies before it reads an answer or closes a connection leaves the peer as after its
# last send. Such boundaries prove nothing twice: only the kills in a row fall on them, too.
DIFFERS = re.compile(r": ((before|after) (sql commit|file)|(before|amid) socket send|after socket )")
SLICE = {  # of each scene, on SQLite and on PostgreSQL
    "first start and load": (1, 0),
    "tick": (1, 1),
    "load of changes": (1, 1),  # with a subscriber: each change and its event are stored together
    "tick on changed rules": (1, 0),
    "tick with a dead recipient": (1, 1),
    "tick in a silence": (0, 1),
    "tick at the end of a silence": (1, 1),
    "load of what people own": (1, 0),
    "absence": (0, 1),
    "tick as an absence begins": (1, 1),
    "tick as an absence ends": (0, 1),
}
SENT = "after socket sendall {"  # a post to the webhook is on its way
POSTED_EVENT = 'after socket sendall {"data":{"after":'  # a change is on its way to its subscriber
IN_A_ROW = 25  # of each scene; of a slice one, of the tick
SEED = int(os.environ.get("SEED", "20251103"))
ONLY = os.environ.get("SCENES", "")  # a pattern: kills fall on the scenes with such names only
FAILURES_AT_MOST = 10


def chosen(kind: str, scene: Scene, passed: Sequence[str]) -> list[int]:
    """The numbers of the boundaries to kill at: all that differ; or a few of
    them, and those between one send and its mark."""
    differing = [number for number, label in enumerate(passed, 1) if DIFFERS.search(label)]
    if WHOLE:
        return differing
    few = SLICE[scene.name][KINDS.index(kind)]
    numbers = {differing[(2 * turn + 1) * len(differing) // (2 * few)] for turn in range(few)}
    if scene.name == "tick":
        claims, sends = between_claim_and_write_back(passed), sorted(after_sends(passed), key=len)
        if kind == "sqlite":
            numbers.update(number for number in claims[0] if "after sql commit" in passed[number - 1])
        else:
            numbers.update({*sends[0]} & {*differing})
    return sorted(numbers)


def is_killed(scene: Scene) -> bool:
    return re.search(ONLY, scene.name) is not None


def play(folder: Path, databases: Databases) -> Play:
    with open_world(folder, databases, COMMITMENTS) as world:
        played = Play(world)
        chance = random.Random(SEED)
        for scene in filter(is_killed, world.scenes()):
            passed = played.expected[scene.name].passed
            plays: list[list[int | str]] = [[number] for number in chosen(databases.kind, scene, passed)]
            plays += [[SENT]] if scene.name == "tick" else []
            plays += [[POSTED_EVENT]] if scene.name == "tick on changed rules" else []
            rows = IN_A_ROW if WHOLE else int(scene.name == "tick")
            plays += [[chance.randint(1, len(passed)) for _ in range(3)] for _ in range(rows)]
            for done, numbers in enumerate(plays):
                played.kill(scene, numbers)
                if WHOLE and done % 100 == 0:
                    said = f"{databases.kind}, {scene.name}: {done} of {len(plays)}, {len(played.failures)} failed\n"
                    sys.stderr.write(said)
                if len(played.failures) >= FAILURES_AT_MOST:
                    return played
        return played


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory, postgresql: postgres.Server) -> Iterator[dict[str, Future[Play]]]:
    """Both kinds of database at once: each waits for its disk or its server half of the time."""
    folders = {kind: tmp_path_factory.mktemp(kind) for kind in KINDS}
    (folders["sqlite"] / "databases").mkdir()
    databases = {"sqlite": Sqlite(folders["sqlite"] / "databases"), "postgresql": Postgresql(postgresql)}
    with ThreadPoolExecutor(2) as pool:
        yield {kind: pool.submit(play, folders[kind], databases[kind]) for kind in folders}


@pytest.mark.parametrize("kind", KINDS)
def test_killed_anywhere_it_loses_nothing_and_repeats_only_what_was_in_flight(
    kind: str, plays: dict[str, Future[Play]]
) -> None:
    played = plays[kind].result()
    tallies = {name: tally for name, tally in played.tallies.items() if re.search(ONLY, name)}
    REPORT.tallies += tallies.values()
    assert not played.failures, "\n".join(played.failures)
    assert tallies, f"no scene is named like {ONLY}"
    assert all(tally.kills for name, tally in tallies.items() if WHOLE or SLICE[name][KINDS.index(kind)])
    assert sum(tally.lost for tally in tallies.values()) == 0
    assert all(tally.repeats <= tally.bound for tally in tallies.values())
    assert between_claim_and_write_back(played.expected["tick"].passed), "the boundaries of a claim are not reached"
    silent, ended = (played.expected[f"tick {when} a silence"].states for when in ("in", "at the end of"))
    assert {ended[one] for one in ended.keys() - silent.keys()} == {"sent"}, "what was held has not gone out"
    events = [row for row in played.expected["tick as an absence begins"].contents["deliveries"] if "'event': {" in row]
    assert len(events) == 5 + COMMITMENTS // 3, "a change has no event"  # four are new, one moves, and some with it
    if "tick on changed rules" in tallies:
        assert tallies["tick on changed rules"].repeats, "no kill fell between an event and its mark"
    if "tick" in tallies:
        assert tallies["tick"].repeats, "no kill fell between a send and its mark: the boundaries are not reached"
