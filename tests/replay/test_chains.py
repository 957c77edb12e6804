"""Deadlines that were moved again and again, replayed tick by tick: the words that a person would have wanted.

The dates are those of the truce (90 days from 14 May 2025, 00:01 in New York; extended on 11 August and on 4 November)
and of the divestiture that was put off four times in 2025. The desk's rule speaks at 9:00 in New York on weekdays.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.replay.conftest import World

TRUCE = """
commitments:
  - {key: truce, title: The truce, kind: expiry, deadline: "P90D after 2025-05-14T00:01[America/New_York]",
     priority: high, tags: [trade-truce]}
  - {key: position, title: Position on an extension, deadline: P14D before truce, priority: high, tags: [trade-truce]}
"""
DIVESTITURE = """
commitments:
  - {key: divestiture, title: The divestiture, deadline: "by 2025-01-19", timezone: America/New_York,
     priority: high, tags: [trade-truce]}
"""


def follow(world: World, file: str, start: str, end: str, *moves: tuple[str, str, str, str]) -> list[str]:
    """Tick at 14:30 UTC on each day on which something is due, and move in between.

    Returns `Mon 14 Jul 2025 truce before P30D` for each word that was received.
    """
    path = world.folder.parent / "commitments.yaml"
    path.write_text(file)
    world.run("load", str(path), "--at", start)
    first = datetime.fromisoformat(start).replace(hour=14, minute=30)
    days = [first + timedelta(days=number) for number in range((datetime.fromisoformat(end) - first).days + 1)]
    done = 0
    for at, key, deadline, reason in (*moves, (end, "", "", "")):
        until = datetime.fromisoformat(at)
        until_now = [day for day in days if day < until]
        world.ticks(until_now[done:], only_due=True)
        done = len(until_now)
        if key:
            world.run("move", key, deadline, "--because", reason, "--at", at)
    sent = [(post["timestamp"], reminder) for post in world.posts for reminder in post["data"]["reminders"]]
    # What leaves at one tick leaves over several connections, in no order.
    sent.sort(key=lambda one: (one[0], bool((one[1]["change"] or {}).get("cause")), one[1]["commitment"]["key"]))
    return [_line(reminder, timestamp) for timestamp, reminder in sent]


def _line(reminder: dict[str, Any], timestamp: str) -> str:
    day = datetime.fromisoformat(timestamp)
    early = "early" if reminder["early"] else ""
    cause = f"because {reminder['change']['cause']} moved" if (reminder["change"] or {}).get("cause") else ""
    what = (reminder["commitment"]["key"], reminder["kind"], reminder["offset"], early, cause)
    return f"{day:%a} {day.day} {day:%b %Y} " + " ".join(filter(None, what))


TRUCE_ALERTS = [
    # Tuesday 12 August, 00:01. Thirty days before is Sunday 13 July; two weeks before, the position is due.
    "Mon 30 Jun 2025 position before P30D",  # of Tuesday 29 July 00:01: Sunday 29 June
    "Mon 14 Jul 2025 truce before P30D",
    "Tue 22 Jul 2025 position before P7D",
    "Mon 28 Jul 2025 position on_the_day early",  # at 9:00 on the 29th it would be late: the last firing before
    "Tue 29 Jul 2025 position overdue P0D",
    "Wed 30 Jul 2025 position overdue P1D",
    "Thu 31 Jul 2025 position overdue P2D",
    "Tue 5 Aug 2025 truce before P7D",
    "Thu 7 Aug 2025 position overdue P9D",
    "Mon 11 Aug 2025 truce on_the_day early",
    # Moved on the evening of the 11th, an hour before it ran out: no alert that it has expired.
    "Tue 12 Aug 2025 truce moved",
    "Tue 12 Aug 2025 position moved because truce moved",
    # Monday 10 November, 00:01; the position is due on Monday 27 October.
    "Mon 29 Sep 2025 position before P30D",  # Saturday the 27th
    "Mon 13 Oct 2025 truce before P30D",  # Saturday the 11th
    "Mon 20 Oct 2025 position before P7D",
    "Fri 24 Oct 2025 position on_the_day early",  # the day before is a Sunday: the last firing is Friday's
    "Mon 27 Oct 2025 position overdue P0D",
    "Tue 28 Oct 2025 position overdue P1D",
    "Wed 29 Oct 2025 position overdue P2D",
    "Mon 3 Nov 2025 truce before P7D",
    # Moved on the 4th: nothing goes out about 10 November 2025 any more.
    "Wed 5 Nov 2025 truce moved",
    "Wed 5 Nov 2025 position moved because truce moved",
    # Tuesday 10 November 2026; the position is due on Tuesday 27 October.
    "Mon 28 Sep 2026 position before P30D",  # Sunday the 27th
    "Mon 12 Oct 2026 truce before P30D",  # Sunday the 11th
    "Tue 20 Oct 2026 position before P7D",
    "Mon 26 Oct 2026 position on_the_day early",
    "Tue 27 Oct 2026 position overdue P0D",
    "Wed 28 Oct 2026 position overdue P1D",
    "Thu 29 Oct 2026 position overdue P2D",
    "Tue 3 Nov 2026 truce before P7D",
    "Thu 5 Nov 2026 position overdue P9D",
    "Mon 9 Nov 2026 truce on_the_day early",
    # Nobody has moved it again: it has expired, and alerts go out until somebody acknowledges it.
    "Tue 10 Nov 2026 truce overdue P0D",
    "Wed 11 Nov 2026 truce overdue P1D",
    "Thu 12 Nov 2026 position overdue P16D",
    "Thu 12 Nov 2026 truce overdue P2D",
    "Thu 19 Nov 2026 position overdue P23D",
    "Thu 19 Nov 2026 truce overdue P9D",
]


def test_the_truce_that_was_extended_twice(world: World) -> None:
    sent = follow(
        world, TRUCE, "2025-05-14T12:00Z", "2026-11-21T00:00Z",
        ("2025-08-11T23:00Z", "truce", "2025-11-10T00:01[America/New_York]", "extended by 90 days"),
        ("2025-11-04T22:00Z", "truce", "2026-11-10T00:01[America/New_York]", "extended by a year"),
    )  # fmt: skip
    assert sent == TRUCE_ALERTS


def test_a_deadline_that_was_moved_four_times(world: World) -> None:
    sent = follow(
        world, DIVESTITURE, "2025-01-10T12:00Z", "2025-12-18T00:00Z",
        ("2025-01-20T22:00Z", "divestiture", "by 2025-04-05", "75 days"),
        ("2025-04-04T22:00Z", "divestiture", "by 2025-06-19", "75 days more"),
        ("2025-06-19T22:00Z", "divestiture", "by 2025-09-17", "90 days more"),
        ("2025-09-16T22:00Z", "divestiture", "by 2025-12-16", "until a deal is done"),
    )  # fmt: skip
    assert sent == [
        # Sunday 19 January. A month before had gone by when it was recorded: sent once, at once.
        "Fri 10 Jan 2025 divestiture before P30D",
        "Mon 13 Jan 2025 divestiture before P7D",  # Sunday the 12th
        "Fri 17 Jan 2025 divestiture on_the_day early",  # no firing on a Sunday, nor on the Saturday before
        "Mon 20 Jan 2025 divestiture overdue P0D",
        "Tue 21 Jan 2025 divestiture moved",  # moved on the evening of the 20th
        # Saturday 5 April
        "Thu 6 Mar 2025 divestiture before P30D",
        "Mon 31 Mar 2025 divestiture before P7D",  # Saturday the 29th
        "Fri 4 Apr 2025 divestiture on_the_day early",
        "Sat 5 Apr 2025 divestiture moved",  # what is moved is sent at once, on a Saturday, too
        # Thursday 19 June
        "Tue 20 May 2025 divestiture before P30D",
        "Thu 12 Jun 2025 divestiture before P7D",
        "Wed 18 Jun 2025 divestiture before P1D",
        "Thu 19 Jun 2025 divestiture on_the_day",
        "Fri 20 Jun 2025 divestiture moved",  # moved before the day was over: it was never overdue
        # Wednesday 17 September
        "Mon 18 Aug 2025 divestiture before P30D",
        "Wed 10 Sep 2025 divestiture before P7D",
        "Tue 16 Sep 2025 divestiture before P1D",
        "Wed 17 Sep 2025 divestiture moved",
        # Tuesday 16 December
        "Mon 17 Nov 2025 divestiture before P30D",  # Sunday the 16th
        "Tue 9 Dec 2025 divestiture before P7D",
        "Mon 15 Dec 2025 divestiture before P1D",
        "Tue 16 Dec 2025 divestiture on_the_day",
        "Wed 17 Dec 2025 divestiture overdue P0D",
    ]
