"""What a deadline is made of, as stated: each node prints itself in the one canonical form that reads back as it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alerts.deadlines.business_day_series import on_business_day
from alerts.deadlines.counting import Span
from alerts.deadlines.durations import Lead
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, Reference, WallTime
from alerts.deadlines.terms import Anchored, Dated, EachPeriodEnd, Shifted, Term, stated_in

Meaning = Literal["not stated", "to be decided", "explicitly none"]
UNDATED: dict[str, Meaning] = {"": "not stated", "tbd": "to be decided", "none": "explicitly none"}


@dataclass(frozen=True, slots=True)
class On:
    term: Dated | Anchored

    def __str__(self) -> str:
        return str(self.term)


@dataclass(frozen=True, slots=True)
class After:
    term: Term

    def __str__(self) -> str:
        return f"after {self.term}"


@dataclass(frozen=True, slots=True)
class By:
    """`by D` (be done) and `until D` (it holds): the same bounds, stated differently."""

    term: Term
    preposition: Literal["by", "until"] = "by"

    def __str__(self) -> str:
        return f"{self.preposition} {self.term}"


@dataclass(frozen=True, slots=True)
class Before:
    """`before D`: by the day before it, as the day itself is excluded; by the instant, where it is one."""

    term: Term

    def __str__(self) -> str:
        if isinstance(self.term, EachPeriodEnd):  # `before the end of` has two readings
            return f"before last day of {self.term.period}"
        return f"before {self.term}"


@dataclass(frozen=True, slots=True)
class Between:
    first: Term
    last: Term

    def __str__(self) -> str:
        return f"between {self.first} and {self.last}"


@dataclass(frozen=True, slots=True)
class From:
    """`2025-11-11/..`, `from P30D after X`: no end (`..`), or one that is unknown (left empty). ISO 8601-2, 4.4."""

    term: Term
    end: Literal["open", "unknown"] = "open"

    def __str__(self) -> str:
        if not is_side(self.term):
            return f"from {self.term}"
        return f"{_side(self.term)}/{'..' if self.end == 'open' else ''}"


@dataclass(frozen=True, slots=True)
class To:
    """`../2025-11-10`: an interval with no beginning (`..`), or one whose beginning is unknown (left empty)."""

    term: Dated
    beginning: Literal["open", "unknown"] = "open"

    def __str__(self) -> str:
        return f"{'..' if self.beginning == 'open' else ''}/{_side(self.term)}"


def is_side(term: Term) -> bool:
    """Return whether a term can be one side of an interval: a date that is one token."""
    return isinstance(term, CivilDay | WallTime) or (isinstance(term, CivilPeriod) and not term.part)


def _side(term: Term) -> str:
    """Return one side of an interval: a token without spaces."""
    assert isinstance(term, Dated)
    return term.stated + (f"[{term.zone}]" if term.zone else "")


@dataclass(frozen=True, slots=True)
class Within:
    duration: Span
    base: Term

    def __str__(self) -> str:
        return f"within {self.duration} of {self.base}"


@dataclass(frozen=True, slots=True)
class During:
    key: Reference

    def __str__(self) -> str:
        return f"during {self.key}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """`earlier of (A; B)` and `later of (A; B)`: two deadlines or more, of any kind."""

    which: Literal["earlier", "later"]
    parts: tuple[Deadline, ...]

    def __str__(self) -> str:
        return f"{self.which} of ({'; '.join(map(str, self.parts))})"


SeriesStart = CivilDay | WallTime | Reference | Shifted | Anchored
SeriesDirection = Literal["from", "after"]


@dataclass(frozen=True, slots=True)
class Every:
    """A recurring deadline: a rule of RFC 5545, its start, and the occurrences that are left out.

    `business_day` is the place of a business day in each month of the rule; 0 where the rule gives the days. `after`
    its start, that day itself is none of the occurrences.
    """

    rule: str
    start: SeriesStart
    without: tuple[str, ...] = ()
    business_day: int = 0
    direction: SeriesDirection = "from"

    def __str__(self) -> str:
        place = f" {on_business_day(self.business_day)}" if self.business_day else ""
        without = f" except {', '.join(self.without)}" if self.without else ""
        return f"every {self.rule}{place} {self.direction} {self.start}{without}"


@dataclass(frozen=True, slots=True)
class AfterDone:
    """`every P12M after it was last done from 2026-07-01`: each occurrence counts from the closing of the last."""

    lead: Lead
    start: SeriesStart

    def __str__(self) -> str:
        return f"every {self.lead} after it was last done from {self.start}"


@dataclass(frozen=True, slots=True)
class Undated:
    meaning: Meaning = "not stated"

    def __str__(self) -> str:
        keyword = next(keyword for keyword, meaning in UNDATED.items() if meaning == self.meaning)
        return f"undated ({keyword})" if keyword else "undated"


Deadline = (
    On | After | By | Before | Between | From | To | Within | Shifted | During | OneOf | Every | AfterDone | Undated
)

KINDS: dict[type[Deadline], str] = {
    On: "on",
    After: "after",
    Before: "by",
    Between: "between",
    From: "from",
    To: "by",
    Within: "within",
    Shifted: "shifted",
    During: "during",
    Every: "every",
    AfterDone: "every",
    Undated: "undated",
}


def kind_of(deadline: Deadline) -> str:
    """Name the kind of a deadline: one of the values of KINDS, until, earlier or later."""
    match deadline:
        case By(preposition=keyword):
            return keyword
        case OneOf(which=which):
            return which
        case _:
            return KINDS[type(deadline)]


def terms(deadline: Deadline) -> tuple[Dated | Reference | EachPeriodEnd, ...]:
    """Return the dates, keys and ends of periods that a deadline names, in the order in which they are written."""
    match deadline:
        case Between(first, last):
            return (stated_in(first), stated_in(last))
        case Within(base=base) | Shifted(base=base):
            return (stated_in(base),)
        case During(key):
            return (key,)
        case Every(start=start) | AfterDone(start=start):
            return (stated_in(start),)
        case On(term) | After(term) | By(term) | Before(term) | From(term) | To(term):
            return (stated_in(term),)
        case OneOf(parts=parts):
            return tuple(term for part in parts for term in terms(part))
        case Undated():
            return ()


NO_KEYS: frozenset[str] = frozenset()  # shared: an empty set takes 216 bytes, and most entries of a load have one


def references(deadline: Deadline) -> frozenset[str]:
    """Return the keys of the commitments that a deadline depends on."""
    return frozenset(term.key for term in terms(deadline) if isinstance(term, Reference)) or NO_KEYS
