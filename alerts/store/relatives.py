"""What a commitment depends on, and what depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from alerts.deadlines.bounds import Bounds
from alerts.store import tables
from alerts.store.database import Database

_C, _F = tables.commitments.c, tables.references.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A commitment in a chain: what it counts from, and its dates. `steps`: how many moves lie between."""

    id: int
    key: str
    title: str
    status: str
    bounds: Bounds
    counts_from: str
    steps: int


class Relatives:
    """The dependencies of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def depends_on(self, commitment_id: int) -> list[Relative]:
        """Return what a commitment counts from directly."""
        return self._next({commitment_id: ""}, 1, _F.commitment_id, _F.depends_on)

    def dependants(self, commitment_id: int, key: str) -> list[Relative]:
        """Return all that moves with a commitment: what counts from it, then what counts from that, and so on."""
        found: dict[int, Relative] = {}
        names = {commitment_id: key}
        steps = 1
        while names:
            level = self._next(names, steps, _F.depends_on, _F.commitment_id)
            fresh = {one.id: one for one in level if one.id not in found and one.id != commitment_id}
            found |= fresh
            names, steps = {one.id: one.key for one in fresh.values()}, steps + 1
        return list(found.values())

    def _next(self, names: dict[int, str], steps: int, near: object, far: object) -> list[Relative]:
        """Return what lies one step from some commitments: from `near` to `far` in the references."""
        query = select(near, _C.id, _C.key, _C.title, _C.status, _C.bounds)  # type: ignore[call-overload]
        query = query.join(tables.commitments, _C.id == far).where(near.in_(names))  # type: ignore[attr-defined]
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_C.key)).all()
        return [
            Relative(
                id=row.id, key=row.key, title=row.title, status=row.status, bounds=Bounds.from_json(row.bounds),
                counts_from=names[row[0]], steps=steps,
            )
            for row in rows
        ]  # fmt: skip
