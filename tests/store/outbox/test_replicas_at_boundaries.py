"""Three replicas with clocks that differ around the end of a silence and an absence: each alert goes once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from alerts.store import Store
from tests.store.outbox.boundaries import (
    AWAY,
    BACK,
    END,
    LEFT,
    SECOND,
    SILENT_FROM,
    SILENT_UNTIL,
    START,
    check,
    held_too_long,
    lost,
    set_up,
    turn,
)

WHOLE = os.environ.get("FAULTS") == "all"
EDGES = (SILENT_FROM, AWAY, LEFT, SILENT_UNTIL, BACK)


def instants() -> list[datetime]:
    """Return every third hour, the last firings before a day ends, and each second around each edge.

    Each firing comes twice, so that no clock is too early for both.
    """
    days = [START + timedelta(days=number) for number in range((END - START).days + 1)]
    firings = [day + timedelta(hours=hour) for day in days for hour in (0, 3, 6, 9, 12, 14, 15)]
    found = {firing + number * SECOND for firing in firings for number in (0, 2)}
    found |= {edge + number * SECOND for edge in EDGES for number in (-1, 0, 1)}
    return sorted(one for one in found if one <= END)


@pytest.fixture
def alone(sqlite_url: str) -> Iterator[Store]:
    """A store that one process serves."""
    store = Store(sqlite_url)
    yield store
    store.close()


@pytest.mark.parametrize("seed", range(10 if WHOLE else 1))
def test_three_replicas_send_each_alert_once_to_the_right_person(
    seed: int, replicas: list[Store], alone: Store, together: Callable[..., list[Any]]
) -> None:
    chance = Random(seed)
    set_up(replicas[0])
    set_up(alone)
    found, expected = [], []
    for now in instants():
        skewed = [now + chance.choice((-1, 0, 1)) * SECOND for _ in replicas]
        turns = [lambda one=one, at=at: turn(one, at) for one, at in zip(replicas, skewed, strict=True)]
        found += [one for some in together(*turns) for one in some]
        expected += turn(alone, now)
        assert not held_too_long(replicas[0], now - SECOND), f"held past its deadline at {now}"
    for _ in range(2):
        found += turn(replicas[0], END + SECOND)
        expected += turn(alone, END + SECOND)
    check(found)
    check(expected)
    # Where one replica plans while another sends, both of two that could be one may go out.
    assert {one.alert for one in found} >= {one.alert for one in expected}
    assert not lost(replicas[0], END)
    assert {one.at for one in found if SILENT_FROM + SECOND <= one.at < SILENT_UNTIL - SECOND}, "critical ones go out"
    assert all("critical" in one.alert[0] for one in found if SILENT_FROM + SECOND <= one.at < SILENT_UNTIL - SECOND)
