"""Plays the scenes on one kind of database, kills them where it is told to, and checks what is left and what went out.

A message may be repeated only if a server had accepted it and its mark was not committed when the process died, and
each such message was in flight: no more of them than the channel has connections.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.databases import contents, name_installation, states, waiting
from tests.faults.nursery import Ran
from tests.faults.sinks import Accepted
from tests.faults.world import CONNECTIONS, Scene, World


@dataclass
class Tally:
    """What came of the kills of one scene. `kinds`: at which boundaries, by their labels. `bound`: how many repeats
    the kills excuse.
    """

    database: str
    scene: str
    boundaries: int = 0
    plays: int = 0
    kills: int = 0
    kinds: set[str] = field(default_factory=set)
    lost: int = 0
    repeats: int = 0
    worst: int = 0  # repeats in one play
    bound: int = 0
    seconds: float = 0.0


@dataclass
class Expected:
    """A scene as it goes when nobody is killed."""

    base: str
    passed: tuple[str, ...]
    states: dict[str, str]
    contents: dict[str, list[Any]]


class Play:
    """The scenes on one kind of database."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._databases = world.databases
        self.tallies: dict[str, Tally] = {}
        self.expected: dict[str, Expected] = {}
        self.failures: list[str] = []
        self._said = ""  # by the last process
        url = self._databases.empty()
        for scene in world.scenes():
            base = url
            url = self._databases.copy(base) if self.expected else base
            ran = world.run(scene, url)
            assert ran.code == 0, ran.said
            world.sinks.settle()
            self._databases.settle(url)
            self.expected[scene.name] = Expected(base, ran.passed, states(url, notices=False), contents(url))
            if base == url:  # the first; what follows begins with copies
                name_installation(url)
            self.tallies[scene.name] = Tally(self._databases.kind, scene.name, len(ran.passed))

    def kill(self, scene: Scene, numbers: Sequence[int | str]) -> None:
        """Play a scene, killed at boundaries (by number or label) one run after another, then once to its end."""
        began = time.monotonic()
        first = self.expected[scene.name] is next(iter(self.expected.values()))
        base = self.expected[scene.name].base
        url = self._databases.empty() if first else self._databases.copy(base)
        where = f"{self._databases.kind}, {scene.name}"
        try:
            self._killed(scene, url, numbers, where)
        except AssertionError as error:
            self.failures.append("\n".join((str(error), *waiting(url), self._said)))
        self._databases.drop(url)
        self.tallies[scene.name].seconds += time.monotonic() - began

    def _killed(self, scene: Scene, url: str, numbers: Sequence[int | str], where: str) -> None:
        tally, expected = self.tallies[scene.name], self.expected[scene.name]
        began, heard = len(self._world.sinks.accepted), len(self._world.sinks.notices)
        before = states(url)
        told_before = {one for one, state in before.items() if state == "sent"}
        marked, kills = set(told_before), 0
        for number in (*numbers, None):
            since = len(self._world.sinks.accepted)
            ran = self._world.run(scene, url, number)
            self._said = ran.said
            if ran.killed:
                kills += 1
                tally.kinds.add(ran.passed[-1].partition(": ")[2])
                where += f", killed at boundary {len(ran.passed)} ({ran.passed[-1]})"
            else:
                assert ran.code == 0, f"{where}: exit code {ran.code}\n{ran.said}"
            self._world.sinks.settle()
            self._databases.settle(url)
            now = {one for one, state in states(url).items() if state == "sent"}
            never = now - told_before - set(self._world.sinks.ids(began))
            assert not never, f"{where}: marked and never sent: {sorted(never)}"
            self._check(ran, self._world.sinks.accepted[since:], marked, now, where)
            marked = now
        accepted, left = self._world.sinks.ids(began), states(url)
        lost = {one for one, state in expected.states.items() if state == "sent"} - told_before - set(accepted)
        repeats = sum(accepted.values()) - len(accepted)
        tally.plays += 1
        tally.kills += kills
        tally.lost += len(lost)
        tally.repeats += repeats
        tally.worst = max(tally.worst, repeats)
        tally.bound += sum(CONNECTIONS.values()) * kills
        assert not lost, f"{where}: lost {[(one, left.get(one)) for one in sorted(lost)]}"
        assert not self._world.sinks.repeats_that_differ(), f"{where}: a repeat has other bytes"
        ended = states(url, notices=False)
        assert ended == expected.states, f"{where}: {Counter(ended.values())} at the end"
        told = b"".join(self._world.sinks.notices[heard:])
        died = {one for one, state in ended.items() if state == "dead" != before.get(one)}
        silent = [one for one in sorted(died) if one.encode() not in told]
        assert not silent, f"{where}: dead, and the operators have not heard of {silent}"
        found = contents(url)
        for table, rows in expected.contents.items():
            assert found[table] == rows, f"{where}: {table} is not as if it had never been killed"

    def _check(self, ran: Ran, sent: Sequence[Accepted], before: set[str], now: set[str], where: str) -> None:
        """Check what one process sent against what was marked before it began, and what is marked now."""
        ids = Counter(one.id for one in sent)
        twice = {one for one, times in ids.items() if times > 1}
        assert not twice, f"{where}: one process told {sorted(twice)} twice"
        assert not before & set(ids), f"{where}: repeated what was marked: {sorted(before & set(ids))}"
        assert ran.killed or set(ids) <= now, f"{where}: sent and not marked at the end"
        in_flight = Counter(one.channel for one in sent if one.id not in now)
        for channel, count in in_flight.items():
            assert count <= CONNECTIONS[channel], f"{where}: {count} repeats on {channel}"


def after_sends(passed: Sequence[str]) -> list[range]:
    """The boundaries between the last byte of each message and the commit of its mark, in numbers that count from 1."""
    found = []
    for place, label in enumerate(passed):
        thread, _, what = label.partition(": ")
        if what.startswith(("after socket sendall Message-ID:", "after socket sendall {")):
            reply = next(at for at in range(place, len(passed)) if f"{thread}: after socket recv" in passed[at])
            mark = next(at for at in range(reply, len(passed)) if "UPDATE deliveries" in passed[at])
            worker = passed[mark].partition(": ")[0]
            end = next(at for at in range(mark, len(passed)) if passed[at] == f"{worker}: after sql commit")
            found.append(range(place + 1, end + 2))
    return found


def between_claim_and_write_back(passed: Sequence[str]) -> list[range]:
    """The boundaries from each claim of watches to the commit that writes them back, in numbers that count from 1."""
    found = []
    for place, label in enumerate(passed):
        if "before sql executemany UPDATE watches SET claimed_by" in label:
            thread = label.partition(": ")[0]
            written = next(at for at in range(place, len(passed)) if "UPDATE watches SET since" in passed[at])
            end = next(at for at in range(written, len(passed)) if passed[at] == f"{thread}: after sql commit")
            found.append(range(place + 1, end + 2))
    return found
