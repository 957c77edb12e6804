"""Commitments in the order in which their deadlines can be resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alerts.deadlines.errors import InputError


class DependencyCycleError(InputError):
    """Deadlines that hang on each other in a circle; `keys` are those on it, the first of them again at the end."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__("deadlines hang on each other in a circle: " + " → ".join(keys))
        self.keys = keys


def dependency_order(depends_on: Mapping[str, Iterable[str]]) -> list[str]:
    """Sort keys so that each comes after those that it hangs on.

    Raises CircleError that names the cycle if there is one. Keys that are hung on but not given are left out.
    """
    done: dict[str, None] = {}
    for start in depends_on:
        path: dict[str, list[str]] = {}
        todo = [start]
        while todo:
            key = todo[-1]
            if key in done or key not in depends_on:
                todo.pop()
                continue
            if key not in path:
                path[key] = [other for other in depends_on[key] if other not in done]
            if path[key]:
                other = path[key].pop()
                if other in path:
                    keys = list(path)
                    cycle = [*keys[keys.index(other) :], other]
                    raise DependencyCycleError(cycle)
                todo.append(other)
            else:
                done[key] = None
                del path[key]
                todo.pop()
    return list(done)
