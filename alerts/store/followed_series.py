"""Series that end because the one that they count from was closed as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, select

from alerts.core.changes import Change
from alerts.core.deadline_resolver import DeadlineResolver
from alerts.store import tables
from alerts.store.change_writer import write
from alerts.store.file_load import recompute
from alerts.store.rows import chunks

_C, _R = tables.commitments.c, tables.references.c


def follow_closed(connection: Connection, ids: Iterable[int], change: Change, resolver: DeadlineResolver) -> None:
    """Resolve anew what depends on series that have just been closed; what has come of it by now stays."""
    base = tables.commitments.alias()
    pairs = select(base.c.key, _C.key).select_from(tables.references)
    pairs = pairs.join(base, base.c.id == _R.depends_on).join(tables.commitments, _C.id == _R.commitment_id)
    dependants: dict[str, list[str]] = defaultdict(list)
    for some in chunks(ids):
        for key, dependant in connection.execute(pairs.where(base.c.id.in_(some), _C.status == "open")):
            dependants[key].append(dependant)
    for key, keys in dependants.items():
        write(connection, recompute(connection, sorted(keys), replace(change, cause=key), resolver))
