"""Changes of commitments: who makes one, what a file states, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.core.commitments import Commitment
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes something, when, and why."""

    now: datetime
    by: str
    reason: str | None = None
    source: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Bounds that changed."""

    key: str
    before: Bounds
    after: Bounds


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """A problem with an entry; `message` is the whole line, with its place."""

    key: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatedEntry:
    """A closed commitment that a file states again. `fields` are those that differ from the stored ones."""

    key: str
    status: str
    place: str  # file:line
    fields: tuple[str, ...]
    deadline: str
    stated: str  # the deadline that the file states


@dataclass(slots=True)
class Report:
    """The result of a load or a dry run: keys by what happened to them.

    `fields` are those that changed; `conflicts` were moved by hand since the file last stated them, and are stated
    differently now; `older` have an older revision than the last one loaded. `planned_state` is what a load without
    dry run would store. `kept_zone` is the one that a move kept, as the deadline before stated it.
    `restated` are closed and stay closed, `kept` stay closed for good, `reopened` are open again.
    """

    new: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    moved_dependants: list[Move] = field(default_factory=list)
    unchanged: int = 0
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: list[EntryProblem] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    restated: list[RestatedEntry] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    planned_state: dict[str, Tracked] = field(default_factory=dict)
    kept_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A commitment as a file states it, and the place where it does (`file:line`)."""

    commitment: Commitment
    place: str
    file: str | None = None  # the name that the file is stored under
    sequence: int | None = None  # its revision there (RFC 5545, section 3.8.7.4)
    loaded: dict[str, Any] | None = None  # what the file states, if it comes from one
