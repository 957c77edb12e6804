"""Summaries in the store: for whom they are due, written down once a firing, and gathered when they are rendered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, or_, select, update

from alerts.core.commitments import Person
from alerts.core.notifications import ReminderContext
from alerts.core.rules import Rule, matching
from alerts.core.schedule.answers import paused_until
from alerts.core.summaries import Scope, Summary, summarise
from alerts.core.tracked import Tracked
from alerts.cron import Cron
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.matched_facts import MATCHED_FIELDS, matched_fields
from alerts.store.new_deliveries import new_delivery
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.outbox import enqueue
from alerts.store.outbox.contents import DeliveryFacts
from alerts.store.outbox.stale_reminders import FOLLOWED_BY_LATER
from alerts.store.people import by_key
from alerts.store.rows import CHUNK, TRACKED, chunks
from alerts.store.stated_months import note_stated
from alerts.store.watched_commitments import tracked_or_none

_C, _R = tables.commitments.c, planning_tables.rules.c
_SINCE = func.coalesce(_R.summarised_at, _R.registered_at, type_=_R.summarised_at.type)
# Rules that have summed up, and when last.
_SUMMED_UP = select(_R.name, _R.spec, _R.summarised_at).where(
    _R.summarised_at.is_not(None), _R.name.in_(bindparam("names", expanding=True))
)
Gathered = tuple[Summary, tuple[ReminderContext, ...]]


class Summaries:
    """The summaries of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: tuple[Scope, datetime, Gathered] | None = (
            None  # replaced as one value, so that channel workers may share it
        )

    def since(self, rules: Collection[str]) -> dict[str, datetime]:
        """Up to when each of some rules has summed up: its last firing that was, or when it was registered."""
        if not rules:
            return {}
        with self._database.read() as connection:
            query = select(_R.name, _SINCE).where(_R.name.in_(list(rules)))
            return dict(connection.execute(query).tuples().all())

    def owner_keys(self, rule: Rule) -> set[str]:
        """The keys of those who look after anything open that a rule matches, whether they are known or not."""
        keys: set[str] = set()
        for row in self._each(MATCHED_FIELDS.where(_C.owner.is_not(None))):
            if row["owner"] not in keys and rule.matches(matched_fields(row)):
                keys.add(row["owner"])
        return keys

    def owners(self, rule: Rule) -> list[Person]:
        """The people who look after anything open that a rule matches."""
        keys = sorted(self.owner_keys(rule))
        with self._database.read() as connection:
            people = {key: person for some in chunks(keys) for key, person in by_key(connection, some).items()}
        return [people[key] for key in sorted(people)]

    def put(self, scope: Scope, scopes: Mapping[tuple[str, str], Scope], now: datetime) -> int:
        """Write down the summaries of a firing, by channel and recipient, unless that is done; returns how many.

        The rule's row says once: of several processes that get here, one moves it on.
        """
        with self._database.write() as connection:
            mine = (_R.name == scope.rule.name, _R.hash == scope.rule.hash, scope.firing > _SINCE)
            if not connection.execute(
                update(planning_tables.rules).where(*mine).values(summarised_at=scope.firing)
            ).rowcount:
                return 0
            rows = [
                new_delivery(one.id(channel, recipient), channel, recipient, now) | {"summary": one.to_json()}
                for (channel, recipient), one in scopes.items()
            ]
            if scope.audit and rows:
                note_stated(connection, scope.audit, scope.rule.name, [row["id"] for row in rows], now)
            return len(enqueue.put_deliveries(connection, rows))

    def gather(self, scope: Scope, now: datetime) -> Gathered:
        """Return a summary with all that templates need, reading one chunk of commitments at a time.

        The last is kept: of one firing's recipients those that are rendered as of the same instant share it.
        """
        last = self._last
        if last and last[:2] == (scope, now):
            return last[2]
        summary = summarise(self._within(scope), scope, now)
        listed = summary.reminders()
        with self._database.read() as connection:
            facts = DeliveryFacts.fetch(connection, [tracked for _, tracked in listed], ())
            rules = [Rule.from_json(spec) for spec in connection.execute(select(_R.spec)).scalars()]
        found = [(facts.context(reminder, tracked, None), tracked) for reminder, tracked in listed]
        ends = [paused_until(matching(rules, tracked.commitment), tracked, now) for _, tracked in listed]
        gathered = (
            summary,
            tuple(replace(contexts, pause_ends=end) for (contexts, _), end in zip(found, ends, strict=True)),
        )
        self._last = (scope, now, gathered)
        return gathered

    def _within(self, scope: Scope) -> Iterator[Tracked]:
        """What is open and may belong to a summary; what can be seen to lie farther ahead is not even read."""
        end = scope.starts_before
        query = TRACKED.where(or_(_C.latest.is_(None), _C.latest <= end, _C.earliest <= end))
        if scope.owners:
            query = query.where(_C.owner.in_(scope.owners))
        for rows in self._chunks(query):
            found = [tracked for row in rows if (tracked := tracked_or_none(row))]
            with self._database.read() as connection:
                yield from with_occurrences(connection, found)

    def _each(self, query: Any) -> Iterator[Any]:
        for rows in self._chunks(query):
            yield from rows

    def _chunks(self, query: Any) -> Iterator[Sequence[Any]]:
        """The open commitments of a query, each chunk read by itself, so that no writer waits for long."""
        last = 0
        while True:
            some = query.where(_C.status == "open", _C.id > last).order_by(_C.id).limit(CHUNK)
            with self._database.read() as connection:
                rows = connection.execute(some).mappings().all()
            yield rows
            if len(rows) < CHUNK:
                return
            last = rows[-1]["id"]


def followed(connection: Connection, rows: Iterable[Any]) -> dict[UUID, str]:
    """Which deliveries hold a summary after which the rule has made a later one."""
    scopes = {row["id"]: Scope.from_json(row["summary"]) for row in rows if row["summary"]}
    if not scopes:
        return {}
    names = {scope.rule.name for scope in scopes.values()}
    rules = {row.name: row for row in connection.execute(_SUMMED_UP, {"names": list(names)})}
    later = {one: rules.get(scope.rule.name) for one, scope in scopes.items()}
    mine = {one: row for one, row in later.items() if row and row.summarised_at > scopes[one].firing}
    return {one: FOLLOWED_BY_LATER for one, row in mine.items() if _fires(row.spec, row.summarised_at)}


def _fires(spec: Mapping[str, Any], at: datetime) -> bool:
    """Whether a rule fires then: else it was made to sum up at other times then, and has not done so yet."""
    return Cron(spec["cron"], spec["timezone"]).at_or_after(at) == at
