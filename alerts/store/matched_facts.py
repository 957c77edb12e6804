"""Open commitments by what rules match them by: a database counts a million of them sooner than they are read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, literal, select, text, type_coerce

from alerts.core.commitments import Commitment
from alerts.core.rules import MATCHED
from alerts.core.short_lists import MOST_NAMED, Counted
from alerts.core.stated_values import LISTS
from alerts.deadlines.values import frozen
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.rows import chunks

_C = tables.commitments.c
_PLAIN, _LISTS = (_C.kind, _C.priority, _C.owner), (_C.by, _C.to, _C.tags)
_FACTS = (*_PLAIN, *(cast(one, Text) for one in _LISTS))  # as text: PostgreSQL compares no JSON
_INDEXED = (*_PLAIN, *(type_coerce(one, Text) for one in _LISTS))  # SQLite has it as text, and an index of that
_IS_OPEN = _C.status == "open"
Facts = tuple[Any, ...]
MATCHED_FIELDS = select(_C.id, *(_C[name] for name in MATCHED))


@frozen(kw_only=True)
class MatchedGroup:
    """Open commitments that a rule matches all or none of.

    `commitment` stands for them: it has what rules match by, and a key only where a rule names that. `named_keys` are
    the keys that a rule names: where the group has none of its own, it has none of these.
    """

    commitment: Commitment
    facts: Facts
    count: int
    first_id: int
    named_keys: Collection[str] = ()

    def condition(self, database: Database) -> ColumnElement[bool]:
        """Return whether an open commitment belongs to the group."""
        *facts, key = self.facts
        same = [one.is_not_distinct_from(value) for one, value in zip(_facts(database), facts, strict=True)]
        own_key = [_C.key == key] if key else [_C.key.not_in(sorted(self.named_keys))] if self.named_keys else []
        return and_(_IS_OPEN, *same, *own_key)


def _facts(database: Database) -> Sequence[ColumnElement[Any]]:
    return _INDEXED if database.sqlite else _FACTS


def matched_groups(database: Database, named_keys: Collection[str]) -> Iterator[MatchedGroup]:
    """Yield all open commitments in groups. `named_keys` are the keys that a rule matches by."""
    facts, named = _facts(database), _C.key.in_(sorted(named_keys))
    others = select(*facts, literal(""), func.count(), func.min(_C.id)).where(_IS_OPEN).group_by(*facts)
    own = select(*facts, _C.key, literal(1), _C.id).where(_IS_OPEN, named)
    with database.look() as connection:
        if not database.sqlite:  # it expects as many groups as there may be, and would sort all that is open on disk
            connection.execute(text("SET LOCAL work_mem = '32MB'"))
        if named_keys:  # left out by id: the index that is read for the others has no keys
            others = others.where(_C.id.not_in(select(_C.id).where(named)))
        rows = [*connection.execute(others).tuples(), *(connection.execute(own).tuples() if named_keys else ())]
    for *found, key, count, first in sorted(rows, key=lambda row: row[-1]):
        commitment = _standing_for(found, key)
        yield MatchedGroup(
            commitment=commitment, facts=(*found, key), count=count, first_id=first, named_keys=named_keys
        )


def counted_facts(database: Database, keys: Iterable[str]) -> Iterator[tuple[Commitment, int]]:
    """Yield what rules match by of some commitments that are open, and how many there are of each."""
    counts: Counter[Facts] = Counter()
    for some in chunks(keys):
        with database.look() as connection:
            counts.update(connection.execute(select(*_FACTS).where(_IS_OPEN, _C.key.in_(some))).tuples())
    for facts, count in counts.items():
        yield _standing_for(facts, ""), count


def matched_fields(row: Any) -> Commitment:
    """Return what rules and silences match by of a row of MATCHED_FIELDS."""
    stated: dict[str, Any] = {name: tuple(row[name]) if name in LISTS else row[name] for name in MATCHED}
    return Commitment(title="", deadline="", **stated)


def _standing_for(facts: Sequence[Any], key: str) -> Commitment:
    kind, priority, owner, *lists = facts
    by, to, tags = (tuple(json.loads(one)) for one in lists)
    return Commitment(
        key=key, title="", deadline="", kind=kind, priority=priority, owner=owner, by=by, to=to, tags=tags
    )


def keys_of(database: Database, groups: Iterable[MatchedGroup]) -> Counted:
    """Return the keys of some groups: those that were recorded first, and how many there are."""
    groups = sorted(groups, key=lambda one: one.first_id)
    found: list[tuple[int, str]] = []
    with database.look() as connection:
        for group in groups[:MOST_NAMED]:  # each further one begins after the first of all these
            query = select(_C.id, _C.key).where(_C.id >= group.first_id, group.condition(database))
            rows = connection.execute(query.order_by(_C.id).limit(min(group.count, MOST_NAMED)))
            found += rows.tuples().all()
    return Counted([key for _, key in sorted(found)[:MOST_NAMED]], sum(one.count for one in groups))
