"""The reminders of moves, ends and reopenings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.oracle.data import AddressedReminder
from tests.oracle.turns import Stated
from tests.oracle.watch import Watch


def moves(watch: Watch, name: str, first: datetime) -> Iterator[AddressedReminder]:
    """Yield a reminder for each move of the whole or of one turn, unless it leads back before a tick."""
    moves = [stated for stated in watch.course.stated if stated.moved == name]
    for tick in sorted({tick for stated in moves if (tick := watch.tick_from(stated.at)) and tick > first}):
        if not watch.rule.moved or (not watch.is_open(name, tick) and not reports_end(watch, name, tick)):
            continue
        since = [stated for stated in moves if watch.tick_from(stated.at) == tick]
        before = [stated for stated in watch.course.stated if stated.at < since[0].at]
        evaluated = [stated for stated in before if watch.tick_from(stated.at) != tick]
        known = [found for stated in (before[-1], *evaluated[-1:]) if (found := fingerprint_of(stated, name))]
        now = watch.course.stated_at(tick)
        fingerprint = fingerprint_of(now, name) if now else None
        is_history = bool(now and name in now.turns and not now.turns[name].tracked)
        if fingerprint and fingerprint != known[-1] and not is_history:
            for stated in since:
                yield watch.reminder(tick, name, "moved", stated.at, sent=stated is since[-1])


def reports_end(watch: Watch, name: str, tick: datetime) -> bool:
    """Whether an end is reported at a tick: of the whole, or of a turn that ended by itself."""
    return any(closed and watch.tick_from(at) == tick for at, closed in watch.closings(name))


def ends(watch: Watch, name: str, first: datetime) -> Iterator[AddressedReminder]:
    """Yield a reminder for each end and reopening that holds at the tick that sees it, and did not hold before."""
    closings = watch.closings(name)
    for tick in sorted({tick for at, _ in closings if at > first and (tick := watch.tick_from(at))}):
        seen = [(at, closed) for at, closed in closings if watch.tick_from(at) == tick]
        at, closed = seen[-1]
        stated = watch.course.stated_at(tick)
        exists = not name or (stated and name in stated.turns)
        # The first change shows the state before: what it closed was open.
        if watch.rule.closed and exists and (closed or (not seen[0][1] and watch.is_open(name, tick))):
            yield watch.reminder(tick, name, "closed" if closed else "reopened", at)


def fingerprint_of(stated: Stated, name: str) -> object:
    """Return what differs if the whole or one of its turns has moved; None if there is no such turn."""
    turn = stated.turns.get(name)
    return turn.bounds.fingerprint if name and turn else None if name else stated.fingerprint
