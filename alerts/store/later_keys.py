"""The keys that a load has still to come to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence


class LaterKeys(Collection[str]):
    """Those of some keys in order that come after the first `passed`.

    Few loads ask which: only then their places are looked up.
    """

    def __init__(self, order: Sequence[str]) -> None:
        self.passed = 0
        self._order = order
        self._places: dict[str, int] = {}

    def __contains__(self, key: object) -> bool:
        if not self._places:
            self._places = {one: place for place, one in enumerate(self._order)}
        return self._places.get(str(key), -1) >= self.passed

    def __iter__(self) -> Iterator[str]:
        return iter(self._order[self.passed :])

    def __len__(self) -> int:
        return len(self._order) - self.passed
