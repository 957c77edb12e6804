"""The keys that a load has not reached yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence


class LaterKeys(Collection[str]):
    """The keys of an order, without the first `passed`.

    Few loads ask whether a key is among them, so the places of the keys are collected at the first question.
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
