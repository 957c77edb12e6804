"""One guard of the product, and what takes it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard, its file, its text with and without it, and the tests that should notice.

    `old` occurs once in `file` (of the package `alerts`). Spaces separate several tests.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
