"""Commitments: promises that are tracked, with the parties and the sources behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from alerts.core.bounds import Bounds, ZoneChoice
from alerts.core.errors import InputError

Kind = Literal["obligation", "expiry", "event", "request", "expectation"]
Priority = Literal["low", "normal", "high", "critical"]
Status = Literal["open", "fulfilled", "breached", "withdrawn"]
KINDS: tuple[str, ...] = get_args(Kind)
PRIORITIES: tuple[str, ...] = get_args(Priority)
ENDS: tuple[str, ...] = get_args(Status)[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody who owes or is owed."""

    key: str
    name: str
    timezone: str | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a commitment was read."""

    key: str
    title: str
    publisher: str | None = None
    url: str | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The place in a source, and perhaps the few words that matter."""

    key: str
    locator: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A promise as somebody wrote it down; `deadline` in the words of `core.deadlines`, canonical."""

    key: str
    title: str
    deadline: str
    kind: Kind = "obligation"
    priority: Priority = "normal"
    status: Status = "open"
    by: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    owner: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str | None = None
    review_every: str | None = None
    source: Citation | None = None
    assumptions: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody has seen it: repeats keep quiet until `until`, or for as long as the bounds stay."""

    by: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a commitment. `before` and `after` are its bounds where they changed."""

    number: int
    what: Literal["recorded", "edited", "moved", "acknowledged", "closed"]
    recorded_at: datetime
    recorded_by: str
    reason: str | None = None
    source: str | None = None
    cause: str | None = None  # for a derived move: the key of the commitment that moved
    before: Bounds | None = None
    after: Bounds | None = None
    bounds_version: int = 1
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A commitment as it stands in the store: what it resolves to, and what has happened to it."""

    id: int
    commitment: Commitment
    bounds: Bounds
    bounds_version: int
    recorded_at: datetime
    revision: int = 1  # the number of the latest one
    acknowledged: Acknowledgement | None = None
    changes: tuple[Revision, ...] = ()  # moves and ends that a watch may not have seen yet, oldest first

    @property
    def open(self) -> bool:
        return self.commitment.status == "open"


def choose_zone(commitment: Commitment, parties: Mapping[str, Party], fallback: str | None) -> ZoneChoice:
    """Choose the zone for a deadline that states none: the commitment's, its one obligor's, the settings'."""
    if commitment.timezone:
        return ZoneChoice(commitment.timezone)
    if len(commitment.by) == 1 and (zone := parties[commitment.by[0]].timezone):
        return ZoneChoice(zone, f"that of {parties[commitment.by[0]].name}, who owes it (assumed)")
    if fallback:
        return ZoneChoice(fallback, "the default of the settings (assumed)")
    return ZoneChoice()


class CircleError(InputError):
    """Deadlines that hang on each other in a circle; `keys` are those on it, the first of them again at the end."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__("deadlines hang on each other in a circle: " + " → ".join(keys))
        self.keys = keys


def in_order(hangs_on: Mapping[str, Iterable[str]]) -> list[str]:
    """Sort keys so that each comes after those that it hangs on.

    Raises CircleError that names the cycle if there is one. Keys that are hung on but not given are left out.
    """
    done: dict[str, None] = {}
    for start in hangs_on:
        path: dict[str, list[str]] = {}
        todo = [start]
        while todo:
            key = todo[-1]
            if key in done or key not in hangs_on:
                todo.pop()
                continue
            if key not in path:
                path[key] = [other for other in hangs_on[key] if other not in done]
            if path[key]:
                other = path[key].pop()
                if other in path:
                    keys = list(path)
                    cycle = [*keys[keys.index(other) :], other]
                    raise CircleError(cycle)
                todo.append(other)
            else:
                done[key] = None
                del path[key]
                todo.pop()
    return list(done)
