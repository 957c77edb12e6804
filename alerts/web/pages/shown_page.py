"""A page before it is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPage:
    """A page: its template, what that is given, and the status."""

    template: str
    values: Mapping[str, object] = field(repr=False)
    status: int = 200
