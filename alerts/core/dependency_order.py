"""Commitments in the order in which their deadlines can be resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from alerts.deadlines.errors import InputError


class DependencyCycleError(InputError):
    """Deadlines depend on each other in a circle; `keys` are those on it, the first of them again at the end."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"deadlines depend on each other in a circle: {' → '.join(keys)}; change one of them")
        self.keys = keys


def dependency_order(depends_on: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys so that each comes after those that it depends on. Dependencies that are no key are left out.

    Raises DependencyCycleError, which names the circle, if there is one.
    """
    known = {key: [other for other in others if other in depends_on] for key, others in depends_on.items()}
    try:
        return list(TopologicalSorter(known).static_order())
    except CycleError as error:
        raise DependencyCycleError(_circle(error.args[1], list(known))) from None


def _circle(keys: Sequence[str], order: Sequence[str]) -> list[str]:
    """Write a circle that graphlib found so that each key depends on the next, from the key that was given first."""
    circle = keys[:0:-1]  # graphlib puts what is depended on first, and repeats the first key at the end
    start = circle.index(min(circle, key=order.index))
    return [*circle[start:], *circle[:start], circle[start]]
