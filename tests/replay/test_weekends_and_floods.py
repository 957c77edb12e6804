"""No weekend swallows a warning, and nothing that is loaded at once becomes a flood."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

HOUR = timedelta(hours=1)
FILE = """
commitments:
  - {{key: filing, title: File it, deadline: "{deadline}", timezone: America/New_York, priority: {priority},
     tags: [trade-truce]}}
"""


def load(world: Any, text: str, at: str) -> None:
    path = world.folder.parent / "commitments.yaml"
    path.write_text(text)
    world.run("load", str(path), "--at", at)


@pytest.mark.parametrize(
    ("deadline", "loaded", "late_from", "warned"),
    [
        ("2025-11-10T00:01", "2025-10-28T00:00Z", "2025-11-10T05:01Z", "2025-11-07T14:00Z"),  # Monday 00:01: on Friday
        ("2025-11-09", "2025-10-28T00:00Z", "2025-11-10T05:00Z", "2025-11-07T14:00Z"),  # a Sunday: on Friday
        ("2025-11-10", "2025-11-08T15:00Z", "2025-11-11T05:00Z", "2025-11-08T15:00Z"),  # loaded on Saturday: at once
    ],
)
def test_each_reader_is_warned_before_it_is_too_late(
    world: Any, deadline: str, loaded: str, late_from: str, warned: str
) -> None:
    load(world, FILE.format(deadline=deadline, priority="high"), loaded)
    world.ticks(world.every(HOUR, loaded, late_from), only_due=True)
    last_day = datetime.fromisoformat(warned)
    for reader in ("desk@example.org", "policy@example.org"):
        times = [at for to, _, at in world.mailed() if to == reader]
        assert last_day in times
        assert all(at < datetime.fromisoformat(late_from) for at in times)


def test_a_word_that_is_early_says_so(world: Any) -> None:
    load(world, FILE.format(deadline="2025-11-09", priority="high"), "2025-11-04T00:00Z")
    world.ticks(world.every(HOUR, "2025-11-04T00:00Z", "2025-11-08T00:00Z"), only_due=True)
    friday = [post["data"]["reminders"][0] for post in world.posts if post["timestamp"] == "2025-11-07T14:00:00Z"]
    assert [one["early"] for one in friday] == [True]


def test_three_hundred_commitments_loaded_at_once_are_no_flood(world: Any) -> None:
    start = datetime.fromisoformat("2025-11-03T10:00Z")
    entries = ["commitments:"]
    for number in range(300):  # half of them past, the others to come, one every two days
        day = (start + timedelta(days=2 * (number - 150) + 1)).date()
        entries.append(f"  - {{key: item-{number:03}, title: Item {number}, deadline: {day}, tags: [trade-truce],")
        entries.append(f"     timezone: America/New_York, priority: {'critical' if number in (10, 150) else 'high'}}}")
    load(world, "\n".join(entries), "2025-11-03T10:00Z")
    world.ticks([start])
    mails = Counter(to for to, _ in world.inbox.mails)
    assert mails == {"desk@example.org": 3, "policy@example.org": 3}  # a digest, and the two critical ones singly
    assert len(world.posts) == 3
    told = {told.key for told in world.posted()}
    near = {f"item-{number:03}" for number in range(150, 164)}  # within thirty days
    assert near <= told
    assert {f"item-{number:03}" for number in range(150)} <= told  # what is late is told, too
    assert set(world.posted().values()) == {1}
    world.ticks([start + timedelta(minutes=minutes) for minutes in range(1, 30)])
    assert len(world.posts) == 3
