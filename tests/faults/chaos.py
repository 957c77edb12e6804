"""Chaos on PostgreSQL: replicas are killed, stopped and started again, and the server falls, while they deliver."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests import postgres
from tests.faults.databases import states
from tests.faults.replicas import Replica
from tests.faults.sinks import Sinks
from tests.faults.world import CONNECTIONS
from tests.patience import eventually

CHANNELS = ("mail", "chat")  # that are told
WORKERS = sum(CONNECTIONS[channel] for channel in CHANNELS)
ONE_SECOND = 0.01  # seconds between two looks
STANDSTILL = 120.0  # seconds without a new delivery: it will not come


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what. `stop`: for how many seconds a process stands still, longer than a lease lasts. `pause`: how
    many seconds the servers take to answer, so that something is always in flight.
    """

    commitments: int
    kills: int
    stops: int
    restarts: int
    stop: float
    pause: float

    @property
    def deliveries(self) -> int:
        return self.commitments * len(CHANNELS)

    @property
    def bound(self) -> int:
        """How many repeats are excused: what was in flight whenever something happened."""
        return WORKERS * (self.kills + self.stops + self.restarts)


@dataclass
class Chaos:
    """One run of a plan. What happens next is decided by the seed, and when by how much has been accepted."""

    plan: Plan
    seed: int
    server: postgres.Server
    replicas: Sequence[Replica]
    sinks: Sinks
    url: str
    done: Counter[str] = field(default_factory=Counter)
    stopped: list[tuple[float, Replica]] = field(default_factory=list)

    def run(self) -> None:
        """Let it all happen, then wait until nothing is left to be delivered."""
        chance = random.Random(self.seed)
        self.sinks.pause = self.plan.pause
        acts = ["kill"] * self.plan.kills + ["stop"] * self.plan.stops + ["restart"] * self.plan.restarts
        chance.shuffle(acts)
        places = sorted(chance.uniform(0, 0.97) for _ in acts)
        for act, place in zip(acts, places, strict=True):
            self._wait_for(int(place * self.plan.deliveries))
            getattr(self, f"_{act}")(chance)
            self.done[act] += 1
        self._wait_for(self.plan.deliveries)
        while self.stopped:
            self._look()
        eventually(lambda: set(states(self.url).values()) == {"sent"}, "all is marked", within=90, every=0.5)

    def _wait_for(self, count: int) -> None:
        """Wait until so many different messages were accepted; meanwhile let go on what has stood still long enough."""
        seen, since = -1, time.monotonic()
        while (accepted := len(self.sinks.ids())) < count:
            if accepted > seen:
                seen, since = accepted, time.monotonic()
            assert time.monotonic() < since + STANDSTILL, (
                f"after {dict(self.done)}: {accepted} of {self.plan.deliveries} accepted, and no more for "
                f"{STANDSTILL:g} s; {Counter(states(self.url).values())}\n" + self.replicas[0].said[-3000:]
            )
            self._look()

    def _look(self) -> None:
        for one in self.replicas:
            one.is_up()
        for until, one in list(self.stopped):
            if time.monotonic() > until:
                one.go_on()
                self.stopped.remove((until, one))
        threading.Event().wait(ONE_SECOND)

    def _kill(self, chance: random.Random) -> None:
        one = chance.choice([replica for replica in self.replicas if not replica.stopped])
        one.kill()
        one.start()

    def _stop(self, chance: random.Random) -> None:
        """Stop one past its lease, one at a time, so that it cannot keep all the others from what it has locked."""
        while self.stopped:
            self._look()
        one = chance.choice(self.replicas)
        one.stop()
        self.stopped.append((time.monotonic() + self.plan.stop, one))

    def _restart(self, _: random.Random) -> None:
        """Let the server fall, while all replicas are up: one that finds no database at its start ends, and says so."""
        while self.stopped or not all(replica.is_up() for replica in self.replicas):
            self._look()
        self.server.crash()
        self.server.start_again()
