"""All that is open, as pages keep it in memory: what has changed since they last looked, and that alone is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.occurrence_rows import build, occurrences_of
from alerts.store.rows import TRACKED, chunks, tracked_of
from alerts.store.watched_commitments import tracked_or_none

Version = tuple[int, int]  # each change of a commitment raises one of the two
_C = tables.commitments.c
_IS_OPEN = _C.status == "open"


@frozen(kw_only=True)
class SkippingDates:
    """Patterns of recurring deadlines: on a `rare_day`, or without a stated day (`any_day`) from a `late_start` on."""

    rare_day: str
    any_day: str
    late_start: str

    def finds(self, deadline: str) -> bool:
        """Return whether a deadline is one of these."""
        if re.search(self.rare_day, deadline):
            return True
        return not re.search(self.any_day, deadline) and re.search(self.late_start, deadline) is not None

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return whether the deadline of a commitment is one of these."""
        finds = _C.deadline.regexp_match
        return or_(finds(self.rare_day), and_(not_(finds(self.any_day)), finds(self.late_start)))


class OpenCommitments:
    """The open commitments of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self) -> tuple[int, ...]:
        """Return what differs after any change: it costs less than to ask for the versions."""
        numbers = (func.count(), func.max(_C.id), func.sum(_C.revision), func.sum(_C.sequence))
        with self._database.read() as connection:
            whole = connection.execute(select(*numbers)).one()
            of_open = connection.execute(select(*numbers).where(_IS_OPEN)).one()
        return tuple(int(number or 0) for number in (*whole, *of_open))

    def recurring(self, dates: SkippingDates) -> list[tuple[str, str]]:
        """Return the key and the deadline of each that recurs on such dates, the earliest first."""
        query = select(_C.key, _C.deadline).where(tables.RECURRING, dates.condition, _IS_OPEN)
        with self._database.look() as connection:
            ordered = query.order_by(func.coalesce(_C.latest, _C.earliest), _C.key)
            return [(key, deadline) for key, deadline in connection.execute(ordered).tuples()]

    def of_keys(self, keys: Iterable[str]) -> Iterator[tuple[str, Tracked]]:
        """Yield those of some commitments that are open, without their occurrences, a chunk in memory at a time."""
        for some in chunks(sorted(keys)):
            with self._database.look() as connection:
                rows = connection.execute(TRACKED.where(_IS_OPEN, _C.key.in_(some))).mappings().all()
            yield from ((row["key"], tracked_of(row)) for row in rows)

    def versions(self) -> dict[int, Version]:
        """Return the version of each, by id."""
        query = select(_C.id, _C.revision, _C.sequence).where(_IS_OPEN)
        with self._database.read() as connection:
            return {number: (revision, sequence) for number, revision, sequence in connection.execute(query).tuples()}

    def closed_after(self, key: str, most: int, owners: Collection[str] = ()) -> tuple[list[Tracked], str | None]:
        """Return some that are closed, in the order of their keys after one, and the last key where more may follow.

        `owners`: of these only, if any. What cannot be read is left out.
        """
        query = TRACKED.where(~_IS_OPEN, _C.key > key).order_by(_C.key).limit(most)
        query = query.where(_C.owner.in_(owners)) if owners else query
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            occurrences = occurrences_of(connection, rows)
        return build(rows, occurrences, tracked_or_none), rows[-1]["key"] if len(rows) == most else None

    def read(self, ids: Collection[int]) -> dict[int, Tracked]:
        """Return some by id, with the state of their occurrences; not those that are gone or cannot be read."""
        found: dict[int, Tracked] = {}
        for some in chunks(ids):  # a writer waits for a chunk at most, and for nothing while it is made into objects
            with self._database.read() as connection:
                rows = connection.execute(TRACKED.where(_C.id.in_(some))).mappings().all()
                occurrences = occurrences_of(connection, rows)
            found |= {one.id: one for one in build(rows, occurrences, tracked_or_none)}
        return found
