"""What counts from when it was last done: each turn from the closing of the one before, and one of them open.

Readings of the design where it leaves a choice:

* The next turn is due so long after the civil day of the closing, in the zone of the first, and never before the first.
  It is named by its date, or by the next day that no turn before it has for its name.
* It is tracked from the closing on: what would lie before that was never missed. The first turn is tracked also where
  it had passed when it was recorded.
* To reopen the last turn that was closed takes the one after it back, whatever has happened to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

from tests.oracle.expressions import Day, LastDone, Wall
from tests.oracle.zones import AOE, wall

Closing = tuple[datetime, str, bool]  # when, which turn, and whether it was closed or reopened


class Known(Protocol):
    """What has happened to a commitment: when its turns were closed, and reopened."""

    zone: str | None
    closed: list[tuple[str, datetime]]
    reopened: list[tuple[str, datetime]]


def due_dates(deadline: LastDone, known: Known) -> Iterator[tuple[str, Day | Wall]]:
    """Yield the name of each turn that there has come to be, and its date."""
    found, done = [(name_of(deadline.start), deadline.start)], list[datetime]()
    for at, name, is_closed in closings(known):
        if is_closed and name == found[-1][0]:
            done.append(at)
            found.append(following(deadline, [one for one, _ in found], at, known.zone))
        elif not is_closed and len(found) > 1 and name == found[-2][0]:
            done.pop()
            found.pop()
    yield from found


def closings(known: Known) -> list[Closing]:
    return sorted(
        [*((at, name, True) for name, at in known.closed), *((at, name, False) for name, at in known.reopened)]
    )


def following(deadline: LastDone, taken: Iterable[str], at: datetime, zone: str | None) -> tuple[str, Day | Wall]:
    """Return the turn that follows a closing."""
    start = deadline.start
    where = AOE if isinstance(start, Day) and start.aoe else start.zone or zone
    due = on(deadline.span.civil(wall(at, where).date()), start)
    if time_of(due) < time_of(start):
        due = start
    name = due
    while name_of(name) in taken:
        name = on(time_of(name).date() + timedelta(days=1), start)
    return name_of(name), due


def on(day: date, start: Day | Wall) -> Day | Wall:
    """Return a day at the time of day, and in the zone, of the first turn."""
    if isinstance(start, Day):
        return replace(start, on=day)
    return replace(start, at=datetime.combine(day, start.at.time()))


def time_of(one: Day | Wall) -> datetime:
    return one.at if isinstance(one, Wall) else datetime.combine(one.on, datetime.min.time())


def name_of(one: Day | Wall) -> str:
    return one.at.isoformat(timespec="minutes") if isinstance(one, Wall) else one.on.isoformat()
