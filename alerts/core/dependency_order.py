"""Commitments in the order in which their deadlines can be resolved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from alerts.deadlines.errors import InputError


class DependencyCycleError(InputError):
    """Deadlines depend on each other in a circle; `keys` are those on it, the first of them again at the end."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"deadlines depend on each other in a circle: {' → '.join(keys)}; change one of them")
        self.keys = keys


def dependency_order(depends_on: Mapping[str, Iterable[str]], keys: Collection[str] | None = None) -> list[str]:
    """Return the keys so that each comes after those that it depends on. Dependencies that are no key are left out.

    `depends_on` may have only the keys that depend on others. Then `keys` are all, in the same order.
    Raises DependencyCycleError, which names the circle, if there is one.
    """
    keys = depends_on if keys is None else keys
    needs = {key: known for key, others in depends_on.items() if (known := [one for one in others if one in keys])}
    if not needs:
        return list(keys)
    needed = {other for others in needs.values() for other in others}
    concerned = {key: needs.get(key, ()) for key in keys if key in needs or key in needed}
    try:
        later = [key for key in TopologicalSorter(concerned).static_order() if key in needs]
    except CycleError as error:
        raise DependencyCycleError(_circle(error.args[1], list(concerned))) from None
    return [*_without_needs(keys, needs, needed), *later]


def _without_needs(keys: Iterable[str], needs: Mapping[str, Sequence[str]], needed: Collection[str]) -> Iterator[str]:
    """Yield the keys that depend on nothing, in their order; each before the first key that depends on it.

    The sorter would yield the same order, but takes half a kilobyte for each key, and there may be a million.
    """
    unseen = set(needed)
    for key in keys:
        for one in needs.get(key, (key,)):
            if one not in needs and (one not in needed or one in unseen):
                unseen.discard(one)
                yield one


def _circle(keys: Sequence[str], order: Sequence[str]) -> list[str]:
    """Write a circle that graphlib found so that each key depends on the next, from the key that was given first."""
    circle = keys[:0:-1]  # graphlib puts what is depended on first, and repeats the first key at the end
    start = circle.index(min(circle, key=order.index))
    return [*circle[start:], *circle[:start], circle[start]]
