"""Deadlines of commitments resolved in the right zone, with the calendars of who owes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from alerts.core.chosen_zones import choose_zone
from alerts.core.commitments import Commitment, Party
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.expressions import AfterDone, Deadline, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice


@dataclass(frozen=True, slots=True)
class DeadlineResolver:
    """Resolves deadlines. `zone` is the zone of the settings, for deadlines that state none."""

    parties: Mapping[str, Party]
    zone: str | None

    def bounds(self, commitment: Commitment, known: Mapping[str, Bounds], before: Bounds | None = None) -> Bounds:
        """Return the bounds of a commitment; `known` are those of what it depends on, `before` its own until now.

        Raises InputError where the deadline cannot be resolved.
        """
        zone = choose_zone(commitment, self.parties, self.zone)
        deadline = parse(commitment.deadline)
        if isinstance(deadline, AfterDone):
            return resolve(deadline, zone, known, before.recurrence if before else None)
        return resolve(deadline, zone, known) if references(deadline) else _resolve_alone(deadline, zone)


def needs_of(commitment: Commitment) -> frozenset[str]:
    """Return the keys that a commitment depends on."""
    return references(parse(commitment.deadline))


def with_assumptions(bounds: Bounds, stated: Iterable[str]) -> Bounds:
    """Return bounds as dependants see them: what depends on a commitment assumes what it assumes."""
    assumptions = (*stated, *bounds.assumptions)
    return bounds if assumptions == bounds.assumptions else replace(bounds, assumptions=assumptions)


@lru_cache(maxsize=16384)
def _resolve_alone(deadline: Deadline, zone: ZoneChoice) -> Bounds:
    """Return the bounds of a deadline without dependencies. Many commitments share theirs."""
    return resolve(deadline, zone, {})


def forget_resolved() -> None:
    """Clear the cache of resolved deadlines: newer zone data may give other bounds."""
    _resolve_alone.cache_clear()
