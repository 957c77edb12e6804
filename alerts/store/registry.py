"""The registered rules: a history of rule sets, and the processes that run them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from alerts.core.registration import GRACE, SHIPPED, Registered, Registration, RuleSet, differences
from alerts.deadlines.values import frozen
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.event_deliveries import put_subscriptions
from alerts.store.people import put_registered
from alerts.store.rows import CHUNK, upsert
from alerts.store.rule_rows import keep_rules, put_rules
from alerts.store.silence_rows import put_silences

_H, _P, _R, _W, _C = (
    planning_tables.registrations.c,
    planning_tables.processes.c,
    planning_tables.rules.c,
    planning_tables.watches.c,
    tables.commitments.c,
)
May = Callable[[Sequence[Registration], Collection[str]], bool]


@frozen(kw_only=True)
class ProcessStatus:
    """The status that a daemon records. `rule_set` is the hash of the set that it runs; `rules`: name → hash.

    `problems` (line → since when) fail the health, `warnings` do not. `reload`: how the last reload went.
    """

    name: str
    host: str
    pid: int
    rule_set: str
    folder: str | None
    rules: Mapping[str, str]
    channels: Sequence[str]
    seen_at: datetime
    problems: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    reload: Mapping[str, Any] | None = None


class Registrations:
    """The registrations and processes of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(
        self, mine: RuleSet, now: datetime, *, by: str, alive: timedelta, may: May, real: datetime | None = None
    ) -> Registered:
        """Make a set the registered one, if it may be. What it leaves out ends after an hour.

        `may` is asked with the history and with the sets that other processes run which were seen within `alive`.
        `real` is what the clock says where `now` is another moment, for which a turn is taken.
        """
        real = real or now
        with self._database.change() as connection:
            history = _history(connection)
            last = history[-1] if history else None
            is_new = last is None or last.hash != mine.hash
            others = {row.rule_set for row in _live(connection, real, alive) if row.name != by}
            if is_new and not may(history, others):
                found = last or Registration(hash="", folder=None, rules={}, channels={})
                left = differences(mine.hashes, found.rules)
                return Registered(is_mine=False, left_alone=left, channels=found.channels)
            if is_new:
                connection.execute(insert(planning_tables.registrations), [_row(mine, real, by)])
            elif last and not others and mine.folder not in (last.folder, None, SHIPPED):  # the folder was moved
                newest = select(func.max(_H.number)).scalar_subquery()
                there = update(planning_tables.registrations).where(_H.number == newest)
                connection.execute(there.values(folder=mine.folder))
            removed = put_rules(connection, list(mine.rules.values()), now, removed_at=real)
            put_registered(connection, mine.people, real)
            put_silences(connection, mine.silences, real)
            put_subscriptions(connection, mine.events, real)
        return Registered(is_mine=True, is_new=is_new, removed=removed, channels=mine.channels)

    def is_current(self, rule_set: str) -> bool:
        """Whether this set is the one that was registered last."""
        with self._database.read() as connection:
            newest = select(_H.hash).order_by(_H.number.desc()).limit(1)
            return connection.execute(newest).scalar() == rule_set

    def history(self) -> list[Registration]:
        """All registrations, oldest first."""
        with self._database.read() as connection:
            return _history(connection)

    def end_removed(self, now: datetime) -> list[str]:
        """End the rules and people that were left out an hour ago; returns the names of the rules."""
        query = select(_R.name).where(_R.removed_at <= now - GRACE).order_by(_R.name)
        with self._database.read() as connection:
            names = list(connection.execute(query).scalars())
            people = connection.execute(select(_gone_people(now)).limit(1)).first()
        for name in names:
            self._end(name, now)
        if people:
            with self._database.write() as connection:
                connection.execute(delete(tables.people).where(_gone_people(now)))
        return names

    def _end(self, name: str, now: datetime) -> None:
        mine = (_R.name == name, _R.removed_at <= now - GRACE)
        with self._database.change() as connection:
            keep_rules(connection, change=True)
            connection.execute(update(planning_tables.rules).where(*mine).values(ending=True))
        some = select(_W.commitment_id).where(_W.rule == name).distinct().order_by(_W.commitment_id).limit(CHUNK)
        ids = [0]
        while ids:
            with self._database.change() as connection:  # not while it is put back
                removed_at = connection.execute(select(_R.removed_at).where(*mine, _R.ending)).scalar()
                if removed_at is None:
                    return
                ids = list(connection.execute(some).scalars())
                if not ids:
                    connection.execute(delete(planning_tables.rules).where(*mine))
                    return
                # The default rule may apply to them from the time when this one ended. Commitments are locked first.
                since = func.coalesce(_C.changed_at, removed_at, type_=_C.changed_at.type)
                connection.execute(update(tables.commitments).where(_C.id.in_(ids)).values(changed_at=since))
                connection.execute(delete(planning_tables.watches).where(_W.rule == name, _W.commitment_id.in_(ids)))

    def report(self, status: ProcessStatus) -> None:
        """Record the status of a process."""
        with self._database.write() as connection:
            upsert(connection, planning_tables.processes, ["name"], [asdict(status)])

    def processes(self, now: datetime, alive: timedelta) -> list[ProcessStatus]:
        """The processes that were seen within so long."""
        with self._database.read() as connection:
            return [ProcessStatus(**row._mapping) for row in _live(connection, now, alive)]

    def rules_of_live_processes(self, now: datetime, alive: timedelta) -> set[str]:
        """The names of the registered rules that a live process plans."""
        with self._database.read() as connection:
            registered = connection.execute(select(_R.name, _R.hash).where(_R.removed_at.is_(None))).tuples().all()
            rules = [row.rules for row in _live(connection, now, alive)]
        return {name for name, what in registered if any(one.get(name) == what for one in rules)}

    def sign_off(self, name: str) -> None:
        """Forget a process that ends."""
        with self._database.write() as connection:
            connection.execute(delete(planning_tables.processes).where(_P.name == name))

    def forget_processes(self, before: datetime) -> None:
        """Forget the processes that were not seen since then: they have been killed."""
        with self._database.write() as connection:
            connection.execute(delete(planning_tables.processes).where(_P.seen_at < before))


def _gone_people(now: datetime) -> Any:
    return (tables.people.c.removed_at <= now - GRACE) & tables.people.c.of_settings


def _live(connection: Connection, now: datetime, alive: timedelta) -> Sequence[Any]:
    query = select(planning_tables.processes).where(_P.seen_at >= now - alive, _P.seen_at <= now + alive)
    return connection.execute(query.order_by(_P.name)).all()


def _history(connection: Connection) -> list[Registration]:
    rows = connection.execute(select(planning_tables.registrations).order_by(_H.number)).mappings().all()
    if not rows:
        stored = connection.execute(select(_R.name, _R.hash).where(_R.removed_at.is_(None))).all()
        rules = {row.name: row.hash for row in stored}
        return [Registration(hash="", folder=None, rules=rules, channels={})] if rules else []
    names = ("hash", "folder", "rules", "channels", "registered_at")
    return [Registration(**{name: row[name] for name in names}) for row in rows]


def _row(mine: RuleSet, now: datetime, by: str) -> dict[str, Any]:
    return {
        "hash": mine.hash,
        "folder": mine.folder,
        "rules": mine.hashes,
        "channels": dict(mine.channels),
        "registered_by": by,
        "registered_at": now,
    }
