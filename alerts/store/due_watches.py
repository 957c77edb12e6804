"""Rules and their watches: kept up to date with the commitments, and evaluated when they are due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, case, delete, exists, or_, select, update

from alerts.core.commitments import Person
from alerts.core.envelopes import AddressedReminder, Routes
from alerts.core.rules import Rule, matching
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.tracked import Tracked
from alerts.store import occurrence_rows, planning_tables, tables
from alerts.store.database import Database
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.outbox import digests, enqueue
from alerts.store.people import by_key
from alerts.store.rows import CHUNK, TRACKED, chunks, insert_new, tracked_of
from alerts.store.rule_rows import put_rules, registered_rules
from alerts.store.standing import WatchedCommitment
from alerts.store.watched_commitments import occurrence_of, readable, tracked_or_none, watched_pairs, with_changes

_W, _R, _C = planning_tables.watches.c, planning_tables.rules.c, tables.commitments.c
WATCH = (
    "rule",
    "commitment_id",
    "occurrence",
    "since",
    "next_at",
    "cursor",
    "latest_moment",
    "fingerprint",
    "revision",
    "changed",
)
KEY = ("rule", "commitment_id", "occurrence")
RETRY_AFTER = timedelta(hours=1)  # after data that could not be read
NOWHERE = Routes(recipients={})


@dataclass(frozen=True, slots=True)
class Batch:
    """Due watches, held in a transaction until their reminders are stored."""

    connection: Connection
    watches: Sequence[tuple[Watch, Tracked]]
    due: ColumnElement[bool]  # condition for due watches, these included

    def people(self, keys: Iterable[str | None]) -> dict[str, Person]:
        """Return people by key."""
        return by_key(self.connection, {key for key in keys if key})

    def record(
        self,
        evaluations: Sequence[Evaluation],
        addressed: Sequence[AddressedReminder],
        now: datetime,
        routes: Routes = NOWHERE,
    ) -> int:
        """Store reminders and deliveries, advance the watches, and return how many deliveries are new."""
        names: dict[str, Any] = {name: bindparam(name) for name in WATCH if name not in KEY}
        mine = [_W[name] == bindparam(f"_{name}") for name in KEY]
        rows = [
            {(f"_{name}" if name in KEY else name): getattr(evaluation.watch, name) for name in WATCH}
            for evaluation in evaluations
        ]
        if rows:
            self.connection.execute(update(planning_tables.watches).where(*mine).values(names), rows)
        new_watches = [
            {name: getattr(watch, name) for name in WATCH}
            for evaluation in evaluations
            for watch in evaluation.new_watches
        ]
        for some in chunks(new_watches):
            self.connection.execute(insert_new(self.connection, planning_tables.watches), some)
        planned = enqueue.Planned(
            reminders=[reminder for evaluation in evaluations for reminder in evaluation.reminders],
            skipped=[reminder for evaluation in evaluations for reminder in evaluation.skipped],
            addressed=addressed,
            tracked={(item.id, item.occurrence): item for _, item in self.watches},
            next_alert_at={
                (
                    evaluation.watch.rule,
                    evaluation.watch.commitment_id,
                    evaluation.watch.occurrence,
                ): evaluation.watch.next_at
                for evaluation in evaluations
            },
        )
        gather = digests.others_may_join(self.connection, self.due)
        return enqueue.record_planned(self.connection, planned, routes, now, gather=gather)


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
            query = select(_R.name, _R.hash).where(_R.removed_at.is_(None))
            return {row.name: row.hash for row in connection.execute(query)}

    def settle(self) -> Iterator[int]:
        """Update the watches after changes; yields how many commitments each batch held."""
        count, unread = 0, set[int]()  # the next turn tries unreadable ones again
        while done := self._settle_changed(unread) + self._settle_rules():
            count += done
            yield done
            if done >= CHUNK:
                self._database.give_way()
        if count >= CHUNK:
            self._analyze("commitments")

    def _settle_changed(self, unread: set[int]) -> int:
        waiting = and_(_C.changed_at.is_not(None), _C.id.not_in(unread))
        if not self._any(waiting):
            return 0
        with self._database.write() as connection:
            changed = TRACKED.add_columns(_C.changed_at).where(waiting).order_by(_C.changed_at)
            rows = connection.execute(self._free(changed.limit(CHUNK), tables.commitments)).mappings().all()
            rules = registered_rules(connection)
            stale = [(tracked, row["changed_at"]) for row in rows if (tracked := tracked_or_none(row))]
            self._keep_watches(connection, rules, rules, stale, changed=False)
            occurrence_rows.forget(connection, (tracked for tracked, _ in stale))
            ids = [tracked.id for tracked, _ in stale]
            unread |= {row["id"] for row in rows} - set(ids)
            connection.execute(update(tables.commitments).where(_C.id.in_(ids)).values(changed_at=None))
        return len(rows)

    def _settle_rules(self) -> int:
        """Match changed rules with all commitments once, a batch at a time."""
        if not self._any(_R.settled_to.is_not(None)):
            return 0
        with self._database.write() as connection:
            query = select(_R.name, _R.settled_to, _R.registered_at).where(_R.settled_to.is_not(None))
            row = connection.execute(self._free(query.order_by(_R.settled_to).limit(1), planning_tables.rules)).first()
            if row is None:
                return 0
            some = TRACKED.where(_C.id > row.settled_to).order_by(_C.id).limit(CHUNK)
            rows = connection.execute(some).mappings().all()
            rules = registered_rules(connection)
            mine = [rule for rule in rules if rule.name == row.name]
            stale = [(tracked, row.registered_at) for item in rows if (tracked := tracked_or_none(item))]
            self._keep_watches(connection, mine, rules, stale, changed=True)
            unread = {item["id"] for item in rows} - {tracked.id for tracked, _ in stale}
            again = update(tables.commitments).where(_C.id.in_(unread), _C.changed_at.is_(None))
            connection.execute(again.values(changed_at=row.registered_at))
            done = update(planning_tables.rules).where(_R.name == row.name)
            connection.execute(done.values(settled_to=rows[-1]["id"] if len(rows) == CHUNK else None))
        return len(rows) or 1  # not zero: a rule was settled, even without commitments

    def _analyze(self, table: str) -> None:
        """Update statistics after many changes: before autovacuum runs, PostgreSQL would scan the whole table."""
        if not self._database.sqlite:
            with self._database.write() as connection:
                connection.exec_driver_sql(f"ANALYZE {table}")

    def _any(self, condition: Any) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(1).where(condition).limit(1)).first() is not None

    def _free(self, query: Any, table: Any) -> Any:
        """Skip rows that another replica has locked."""
        return query if self._database.sqlite else query.with_for_update(skip_locked=True, of=table)

    def _keep_watches(
        self,
        connection: Connection,
        mine: Sequence[Rule],
        rules: Sequence[Rule],
        stale: Sequence[tuple[Tracked, datetime]],
        *,
        changed: bool,
    ) -> None:
        """Add missing watches, wake existing ones, and remove those of rules that no longer match."""
        ids = [tracked.id for tracked, _ in stale]
        names = [rule.name for rule in mine]
        query = select(_W.rule, _W.commitment_id, _W.occurrence, _W.fingerprint, _W.revision)
        found = connection.execute(query.where(_W.commitment_id.in_(ids), _W.rule.in_(names))).all()
        here = {(row.rule, row.commitment_id): (row.fingerprint, row.revision) for row in found if not row.occurrence}
        self._forget_occurrences(connection, found, {tracked.id: tracked for tracked, _ in stale})
        new, wake, gone = [], [], []
        for tracked, since in stale:
            matched = {rule.name for rule in matching(rules, tracked.commitment)}
            # A rule that takes over from another also sends the alert of the move that caused it.
            left = [rule.name for rule in mine if (rule.name, tracked.id) in here and rule.name not in matched]
            seen = here[left[0], tracked.id] if left else None
            for rule in mine:
                pair = (rule.name, tracked.id)
                if rule.name in matched and pair not in here and tracked.open:
                    new.append(_new_watch(rule.name, tracked, since, seen))
                elif rule.name in matched and pair in here:
                    wake.append({"_rule": pair[0], "_id": pair[1], "_since": since})
                elif pair in here:
                    gone.append({"_rule": pair[0], "_id": pair[1]})
        one = (_W.rule == bindparam("_rule"), _W.commitment_id == bindparam("_id"))
        if new:
            connection.execute(insert_new(connection, planning_tables.watches), new)
        if wake:
            woken: dict[str, Any] = {"next_at": bindparam("_since")}
            if changed:  # a watch that was never evaluated keeps its start
                first = case((_W.cursor.is_(None), _W.since), else_=bindparam("_since"))
                woken |= {"changed": True, "since": first}
            connection.execute(update(planning_tables.watches).where(*one).values(woken), wake)
        if gone:
            connection.execute(delete(planning_tables.watches).where(*one), gone)

    def _forget_occurrences(self, connection: Connection, found: Sequence[Any], tracked: Mapping[int, Tracked]) -> None:
        """Remove watches of occurrences that a move removed."""
        gone = [
            {"_rule": row.rule, "_id": row.commitment_id, "_occurrence": row.occurrence}
            for row in found
            if row.occurrence
            and (whole := tracked.get(row.commitment_id)) is not None
            and occurrence_of(whole, row.occurrence) is None
        ]
        if gone:
            one = [_W[name] == bindparam(mine) for name, mine in zip(KEY, ("_rule", "_id", "_occurrence"), strict=True)]
            connection.execute(delete(planning_tables.watches).where(*one), gone)

    def due(
        self,
        rules: Mapping[str, Rule],
        until: datetime,
        on_commit: Callable[[], None] = lambda: None,
        *,
        planned: Callable[[], Collection[str]] = tuple,
    ) -> Iterator[Batch]:
        """Yield batches of the watches of these rules that have fallen due, each in its own transaction.

        `planned` returns the rules that other processes plan: their reminders may join the same digests.

        A batch is committed when the next is asked for; an exception rolls it back and leaves its watches due.
        `on_commit` is called between batches, when no transaction is open: it may write, too.
        """
        due = digests.is_due(rules, until)
        count = 0
        while self._any(due):
            any_due = digests.is_due({*rules, *planned()}, until)
            with self._database.write() as connection:
                rows = self._some_due(connection, rules, until)
                watches = [Watch(**row) for row in rows]
                tracked, broken = readable(connection, watches)
                if broken:
                    put_off = update(planning_tables.watches).where(_W.commitment_id.in_(broken), _W.next_at <= until)
                    connection.execute(put_off.values(next_at=until + RETRY_AFTER))
                self._forget_occurrences(connection, watches, tracked)
                yield Batch(connection, watched_pairs(watches, tracked), any_due)
            count += len(rows)
            on_commit()
            if not rows:
                break  # another replica has locked them
        if count >= CHUNK:
            self._analyze("watches")

    def _some_due(self, connection: Connection, rules: Collection[str], until: datetime) -> list[RowMapping]:
        """Return about CHUNK due watches, the longest waiting first, with all rules of an occurrence together.

        So one replica has all of its reminders, and merges those that fall together. A series comes before its
        occurrences, because it may add watches for them.
        """
        query = select(*(_W[name] for name in WATCH)).where(digests.is_due(rules, until))
        query = query.order_by(_W.next_at, _W.commitment_id, _W.rule)
        if len(rules) < 2:
            return list(connection.execute(self._free(query.limit(CHUNK), planning_tables.watches)).mappings())
        other = planning_tables.watches.alias()
        same = and_(other.c.occurrence == _W.occurrence, other.c.rule < _W.rule)
        whole = and_(other.c.occurrence == "", _W.occurrence != "")
        earlier = exists().where(other.c.commitment_id == _W.commitment_id, or_(same, whole))
        earlier = earlier.where(digests.is_due(rules, until, other.c))
        firsts = self._free(query.where(~earlier).limit(CHUNK), planning_tables.watches)
        pairs = [(row["commitment_id"], row["occurrence"]) for row in connection.execute(firsts).mappings()]
        mine = self._free(query.where(_W.commitment_id.in_({one for one, _ in pairs})), planning_tables.watches)
        found: dict[tuple[int, str], list[RowMapping]] = {pair: [] for pair in pairs}
        for row in connection.execute(mine).mappings():
            if (pair := (row["commitment_id"], row["occurrence"])) in found:
                found[pair].append(row)
        rows: list[RowMapping] = []
        for pair in pairs:
            if len(rows) < CHUNK:  # the others are free again when this transaction ends
                rows += found[pair]
        return sorted(rows, key=lambda row: (row["next_at"], row["commitment_id"], row["rule"]))

    def next_alert(self) -> tuple[datetime, str] | None:
        """Return when the next alert may go out, and the key of its commitment."""
        with self._database.read() as connection:
            query = select(_W.next_at, _C.key).join(tables.commitments, _C.id == _W.commitment_id)
            query = query.where(_W.next_at.is_not(None), _W.rule.not_in(planning_tables.REMOVED))
            row = connection.execute(query.order_by(_W.next_at).limit(1)).first()
            return (row.next_at, row.key) if row else None

    def watched_commitments(
        self, *, changed_only: bool = False, only: int | None = None
    ) -> Iterator[list[WatchedCommitment]]:
        """Yield commitments with their watches, in chunks, or `only` one: for forecasts, not for the tick."""
        last = 0
        query = TRACKED.add_columns(_C.changed_at).order_by(_C.id).limit(CHUNK)
        query = query.where(_C.changed_at.is_not(None)) if changed_only else query
        query = query.where(_C.id == only) if only is not None else query
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(_C.id > last)).mappings().all()
                ids = [row["id"] for row in rows]
                mine = select(*(_W[name] for name in WATCH)).where(_W.commitment_id.in_(ids))
                watches = [Watch(**row) for row in connection.execute(mine).mappings()]
                changed = with_changes(connection, watches)
                fresh = with_occurrences(connection, (tracked_of(row) for row in rows if row["id"] not in changed))
            if not rows:
                return
            last = ids[-1]
            by_id: dict[int, dict[tuple[str, str], Watch]] = defaultdict(dict)
            for watch in watches:
                by_id[watch.commitment_id][watch.rule, watch.occurrence] = watch
            tracked = changed | {item.id: item for item in fresh}
            yield [WatchedCommitment(tracked[row["id"]], by_id[row["id"]], row["changed_at"]) for row in rows]


def _new_watch(rule: str, tracked: Tracked, since: datetime, seen: tuple[str | None, int] | None) -> dict[str, Any]:
    fingerprint, revision = seen or (None, tracked.revision)
    since = max(since, tracked.stated_at or tracked.recorded_at)
    return {
        "rule": rule,
        "commitment_id": tracked.id,
        "occurrence": "",
        "since": since,
        "next_at": since,
        "cursor": None,
        "latest_moment": None,
        "fingerprint": fingerprint,
        "revision": revision,
        "changed": False,
    }
