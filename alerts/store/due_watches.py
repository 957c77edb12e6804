"""The watches of a database: registered rules, settled, claimed when they are due, and written back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from alerts.core.rules import Rule
from alerts.store import planning_tables, standing, tables
from alerts.store.database import Database
from alerts.store.rows import CHUNK, chunks
from alerts.store.rule_rows import put_rules
from alerts.store.standing import WatchedCommitment

if TYPE_CHECKING:
    from alerts.core.envelopes import Routes
    from alerts.store.claimed_watches import ClaimedWatches
    from alerts.store.new_watches import FirstEvaluation
    from alerts.store.write_back import Evaluated, Written

# What only a tick needs is imported where it is used: commands that list would load it, too.

_W, _R, _C = planning_tables.watches.c, planning_tables.rules.c, tables.commitments.c
_REGISTERED = select(_R.name, _R.hash).where(_R.removed_at.is_(None))


class Watches:
    """The watches of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, rules: Sequence[Rule], now: datetime) -> None:
        """Register these rules: new and changed ones are settled anew, missing ones are removed."""
        names = {rule.name for rule in rules}
        with self._database.read() as connection:
            stored = set(connection.execute(select(_R.name)).scalars())
        for name in sorted(stored - names):
            self._forget(name)  # first, so that a registration that was interrupted is finished by the next
        with self._database.write() as connection:
            put_rules(connection, rules, now, at_once=True)

    def _forget(self, rule: str) -> None:
        last, more = 0, True
        while more:
            with self._database.write() as connection:
                mine = select(_W.commitment_id).where(_W.rule == rule, _W.commitment_id > last)
                ids = list(connection.execute(mine.order_by(_W.commitment_id).limit(CHUNK)).scalars())
                connection.execute(delete(planning_tables.watches).where(_W.rule == rule, _W.commitment_id.in_(ids)))
            more = len(ids) == CHUNK
            last = ids[-1] if ids else last

    def registered(self) -> dict[str, str]:
        """Return the registered rules: name → hash."""
        with self._database.read() as connection:
            return {row.name: row.hash for row in connection.execute(_REGISTERED)}

    def settle(self, first: FirstEvaluation | None = None) -> Iterator[int]:
        """Update the watches after changes; yield the number of commitments of each batch.

        `first` evaluates new watches at once; those that send nothing yet are stored as evaluated.
        """
        from alerts.store import settling

        return settling.settle(self._database, first)

    def claim_due(self, rules: Mapping[str, Rule], until: datetime) -> ClaimedWatches | None:
        """Claim about 500 watches of these rules that are due, for a minute; None where none is free.

        All rules of an occurrence are claimed together.
        """
        from alerts.store import claimed_watches

        return claimed_watches.claim_due(self._database, rules, until)

    def write_back(
        self,
        claimed: ClaimedWatches,
        evaluated: Evaluated,
        routes: Routes,
        now: datetime,
        *,
        planned_rules: Collection[str],
    ) -> Written:
        """Store what claimed watches have led to; what has changed since the claim stays due."""
        from alerts.store import write_back

        return write_back.write_back(self._database, claimed, evaluated, routes, now, planned_rules=planned_rules)

    def release(self, claimed: ClaimedWatches) -> None:
        """End a claim, and leave its watches due."""
        from alerts.store import claimed_watches

        claimed_watches.release(self._database, claimed.claim, claimed.read)

    def free_claims(self) -> None:
        """End all claims: for the only daemon of an SQLite database, whose predecessor is gone."""
        from alerts.store import claimed_watches

        claimed_watches.free_claims(self._database)

    def analyze(self) -> None:
        """Update the statistics of the database after many watches were written back."""
        self._database.analyze("watches")

    def next_alert(self) -> tuple[datetime, str] | None:
        """Return when the next alert may go out, and the key of its commitment."""
        with self._database.read() as connection:
            query = select(_W.next_at, _C.key).join(tables.commitments, _C.id == _W.commitment_id)
            query = query.where(_W.next_at.is_not(None), _W.rule.not_in(planning_tables.REMOVED))
            row = connection.execute(query.order_by(_W.next_at).limit(1)).first()
            return (row.next_at, row.key) if row else None

    def next_due(self, end: datetime, most: int) -> list[tuple[datetime, int]]:
        """Return when watches are next due before `end`, and their commitments: the soonest, as many as asked for.

        Of one time, they come by the id of the commitment.
        """
        query = select(_W.next_at, _W.commitment_id).where(_W.next_at < end, _W.rule.not_in(planning_tables.REMOVED))
        with self._database.read() as connection:
            ordered = query.order_by(_W.next_at, _W.commitment_id).limit(most)
            return [(at, number) for at, number in connection.execute(ordered).tuples()]

    def due_by(self, end: datetime) -> set[int]:
        """Return the commitments that have an alert before `end`, or have changed since the last tick."""
        query = select(_W.commitment_id).where(_W.next_at < end).distinct()
        with self._database.look() as connection:
            return set(connection.execute(query).scalars()) | self.changed()

    def are_settled(self) -> bool:
        """Return whether no watch of a rule is still to be made."""
        with self._database.read() as connection:
            return connection.execute(select(_R.name).where(_R.settled_to.is_not(None)).limit(1)).first() is None

    def changed(self, ids: Collection[int] | None = None) -> set[int]:
        """Return the ids of the commitments, all or these, that have changed since the last tick."""
        query = select(tables.commitments.c.id).where(tables.commitments.c.changed_at.is_not(None))
        with self._database.read() as connection:
            if ids is None:
                return set(connection.execute(query).scalars())
            parts = (query.where(tables.commitments.c.id.in_(some)) for some in chunks(ids))
            return {number for part in parts for number in connection.execute(part).scalars()}

    def watched_commitments(
        self, *, changed_only: bool = False, only: Collection[int] | None = None, new_before: datetime | None = None
    ) -> Iterator[list[WatchedCommitment]]:
        """Yield commitments with their watches, in chunks, or `only` some: for forecasts, not for the tick.

        `new_before`: of new ones, those whose dates begin before then, or are not known.
        """
        return standing.watched_commitments(self._database, changed_only=changed_only, only=only, new_before=new_before)
