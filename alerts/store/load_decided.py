"""What a load does with each of its entries, given what is stored now."""

from __future__ import annotations

from array import array
from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from alerts.core.changes import StatedCommitment
from alerts.core.load_decisions import Closed, LoadDecisions, StoredStatement
from alerts.core.stated_values import STATED
from alerts.entry_spool import Entries, EntriesByKey
from alerts.store import tables
from alerts.store.rows import chunks
from alerts.store.snapshot import STAMP, stamp_of

_C = tables.commitments.c
STATEMENT = select(*STAMP, _C.status, _C.loaded, _C.loaded_from, _C.loaded_sequence, *(_C[name] for name in STATED))


class DecidedEntries:
    """The entries of a load, and what is done with them (`decisions`). `as_stated` has all of them, by key.

    `wanted` are those that are new or changed, as they will be stored; new ones are used as they are in the spool.
    `renamed` are unchanged, but come from another file or have another position in it.
    """

    def __init__(self, entries: Entries, closed: Closed) -> None:
        self.wanted, self._known = EntriesByKey(entries.spool), EntriesByKey(entries.spool)
        self.renamed = Entries(entries.spool, array("L"))
        self.decisions = LoadDecisions(closed=closed, wanted=self.wanted, renamed=self.renamed)
        self.as_stated: Mapping[str, StatedCommitment] = ChainMap(self._known, self.wanted)

    def decide(self, connection: Connection, entries: Entries) -> None:
        """Decide what is done with each entry."""
        for some in chunks(zip(entries.keys, entries.places, strict=True)):
            places = dict(some)
            rows = connection.execute(STATEMENT.where(_C.key.in_(places))).mappings().all()
            stored = {row["key"]: _statement_of(row) for row in rows}
            for key, place in places.items():
                if one := stored.get(key):
                    self._known.set_place(key, place)
                    self.decisions.decide(entries.spool[place], one)
                else:
                    self.wanted.set_place(key, place)


def decide(connection: Connection, entries: Entries, closed: Closed) -> DecidedEntries:
    """Decide what a load does with each entry."""
    decided = DecidedEntries(entries, closed)
    decided.decide(connection, entries)
    return decided


def _statement_of(row: RowMapping) -> StoredStatement:
    values: dict[str, Any] = {name: row[name] for name in STATED}
    return StoredStatement(
        key=row["key"],
        status=row["status"],
        stated=values,
        loaded=row["loaded"],
        file=row["loaded_from"],
        sequence=row["loaded_sequence"],
        stamp=stamp_of(row),
    )
