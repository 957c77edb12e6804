"""A clock that is stepped around the end of a silence and of an absence: nothing lost, sent twice or held too long."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from random import Random

import pytest

from alerts.core.owners import Owners
from alerts.forecasting import forecast
from alerts.store import Store
from tests.store.outbox.boundaries import ANA, BO, CY, END, SCHEDULED, START, check, held_too_long, lost, set_up, turn

WHOLE = os.environ.get("FAULTS") == "all"
SEEDS = range(25 if WHOLE else 1)
SIZES = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=2))
FARTHEST = timedelta(days=2)
RUNS_ON = tuple(timedelta(minutes=minutes) for minutes in (30, 60, 180, 360))


class SteppedClock:
    """A clock that is off by up to two days, by what it was stepped by."""

    def __init__(self, chance: Random) -> None:
        self.true, self.ahead, self._chance = START, timedelta(), chance

    def __call__(self) -> datetime:
        return self.true + self.ahead

    def step(self) -> None:
        ahead = self.ahead + self._chance.choice((-1, 1)) * self._chance.choice(SIZES)
        self.ahead = min(max(ahead, -FARTHEST), FARTHEST)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_clock_does_each_alert_goes_once_to_the_right_person(
    seed: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(f"steps {seed}")
    clock = SteppedClock(chance)
    monkeypatch.setattr("alerts.store.database.utc_now", clock)
    set_up(store)
    owners = Owners(channel="mail", people={one.key: one for one in (ANA, BO, CY)})
    expected = {
        (one.reminder.commitment, one.reminder.kind, one.reminder.moment)
        for one in forecast(store, SCHEDULED, START, END, owners=owners)
    }
    found = []
    while clock.true < END:
        if chance.random() < 0.4:
            clock.step()
        found += turn(store, clock())
        assert not held_too_long(store, clock()), f"held past its deadline at {clock()}"
        clock.true += chance.choice(RUNS_ON)
    clock.ahead = timedelta()
    clock.true = max(END + FARTHEST, clock.true)
    for _ in range(3):
        found += turn(store, clock())
        clock.true += timedelta(hours=1)
    check(found)
    assert not lost(store, clock())
    planned = {
        (item.commitment.key, one["kind"], one["moment"])
        for item in store.ledger.tracked()
        for one in store.ledger.reminders(item.id)
    }
    assert expected <= planned, "lost"
