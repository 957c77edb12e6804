"""Commitments in the order of listings, page by page: an index finds each, however much is tracked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true

from alerts.core.stage_wording import ORDER
from alerts.core.stages import Stage
from alerts.core.tracked import Tracked
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.rows import TRACKED, tracked_of

_C = tables.commitments.c
DATED, NO_OCCURRENCE, CLOSED = range(3)  # ranks: has a stage; recurs, and no date of it is open; closed
PAGE = 1_000


class ListedCommitments:
    """Commitments in the order of listings (`core.stage_wording.order_of`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def without_place(self, most: int) -> list[int]:
        """Return the ids of some whose places are not known: they have changed since the last tick, or are new."""
        found: set[int] = set()
        with self._database.read() as connection:
            for unknown in (_C.changed_at.is_not(None), tables.UNLISTED):
                found |= set(connection.execute(select(_C.id).where(unknown).limit(most)).scalars())
        return sorted(found)[:most]

    def in_order(
        self,
        now: datetime,
        *,
        stage: str | None = None,
        ends_by: datetime | None = None,
        owners: Collection[str] = (),
        closed: bool = False,
    ) -> Iterator[Tracked]:
        """Yield those with a place in their order, each read when it is asked for: of one stage, or all that is open.

        `ends_by`: only what ends by then; `owners`: only theirs, if any; `closed`: what is closed follows.
        """
        wanted: list[ColumnElement[bool]] = [_C.owner.in_(sorted(owners))] if owners else []
        wanted += [_C.listed_ends <= ends_by] if ends_by is not None else []
        parts: list[ColumnElement[bool]] = [_of_stage(one, now) for one in ORDER if stage in (None, one)]
        parts += [_C.listed_rank == NO_OCCURRENCE] if stage is None else []
        parts += [_C.listed_rank == CLOSED] if closed and stage is None else []
        for part in parts:
            yield from self._part(and_(part, *wanted))

    def _part(self, part: ColumnElement[bool]) -> Iterator[Tracked]:
        """Yield a part, page by page. No page is read while its commitments are worked with."""
        key = _C.key.collate("BINARY" if self._database.sqlite else "C")  # as Python compares text
        query = TRACKED.add_columns(_C.listed_at).where(part).order_by(_C.listed_at, key)
        after: ColumnElement[bool] = true()
        size = PAGE // 4
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(after).limit(size)).mappings().all()
                found = with_occurrences(connection, map(tracked_of, rows))
            yield from found
            if len(rows) < size:
                return
            last = rows[-1]
            after = and_(_C.listed_at >= last["listed_at"], or_(_C.listed_at > last["listed_at"], key > last["key"]))
            size = PAGE


def _of_stage(stage: Stage, now: datetime) -> ColumnElement[bool]:
    """Return whether a commitment is in a stage (`core.stages.stage_between`)."""
    ahead = _C.listed_begins > now
    begun = or_(_C.listed_begins.is_(None), _C.listed_begins <= now)
    of_stage = {
        "overdue": and_(_C.listed_at <= now, _C.listed_ends <= now),
        "due": and_(_C.listed_at > now, _C.listed_ends > now, begun),
        "ahead": and_(ahead, or_(_C.listed_ends.is_(None), _C.listed_ends > now)),
        "under_review": and_(_C.listed_ends.is_(None), begun),
    }[stage]
    return and_(_C.listed_rank == DATED, of_stage)
