"""Open commitments by what rules match them by: a database counts a million of them sooner than they are read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal, select, text

from alerts.core.commitments import Commitment
from alerts.core.rules import MATCHED
from alerts.core.short_lists import MOST_NAMED, Counted
from alerts.core.stated_values import LISTS
from alerts.deadlines.values import frozen
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.rows import chunks

_C = tables.commitments.c
_LISTS = [cast(_C[name], Text) for name in ("by", "to", "tags")]  # as text: PostgreSQL compares no JSON
_FACTS = (_C.kind, _C.priority, _C.owner, *_LISTS)
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

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return whether an open commitment belongs to the group."""
        *facts, key = self.facts
        same = [column.is_not_distinct_from(value) for column, value in zip(_FACTS, facts, strict=True)]
        own_key = [_C.key == key] if key else [_C.key.not_in(sorted(self.named_keys))] if self.named_keys else []
        return and_(_C.status == "open", *same, *own_key)


def matched_groups(database: Database, named_keys: Collection[str]) -> Iterator[MatchedGroup]:
    """Yield all open commitments in groups. `named_keys` are the keys that a rule matches by."""
    own_key = case((_C.key.in_(sorted(named_keys)), _C.key), else_="") if named_keys else literal("")
    query = select(*_FACTS, own_key, func.count(), func.min(_C.id)).where(_C.status == "open")
    with database.look() as connection:
        if not database.sqlite:  # it expects as many groups as there may be, and would sort all that is open on disk
            connection.execute(text("SET LOCAL work_mem = '32MB'"))
        grouped = query.group_by(*_FACTS, *([own_key] if named_keys else [])).order_by(func.min(_C.id))
        rows = connection.execute(grouped).tuples().all()
    for *facts, key, count, first in rows:
        commitment = _standing_for(facts, key)
        yield MatchedGroup(
            commitment=commitment, facts=(*facts, key), count=count, first_id=first, named_keys=named_keys
        )


def counted_facts(database: Database, keys: Iterable[str]) -> Iterator[tuple[Commitment, int]]:
    """Yield what rules match by of some commitments that are open, and how many there are of each."""
    counts: Counter[Facts] = Counter()
    for some in chunks(keys):
        with database.look() as connection:
            counts.update(connection.execute(select(*_FACTS).where(_C.status == "open", _C.key.in_(some))).tuples())
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
            query = select(_C.id, _C.key).where(_C.id >= group.first_id, group.condition)
            rows = connection.execute(query.order_by(_C.id).limit(min(group.count, MOST_NAMED)))
            found += rows.tuples().all()
    return Counted([key for _, key in sorted(found)[:MOST_NAMED]], sum(one.count for one in groups))
