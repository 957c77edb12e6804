"""What a deadline is made of, as stated: each node prints itself in the one canonical form that reads back as it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from alerts.deadlines.durations import Lead
from alerts.deadlines.zones import AOE

DATED = r"\d[\dX]{3}(-[\dX]{2}){0,2}(T\d.*)?"  # what looks like a date is not a key, though it may hold a letter
KEY = re.compile(rf"(?!(?i:{DATED})\Z)(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._@-]{{0,99}}", re.ASCII)
RESERVED_WORDS = frozenset(
    "after and before between by during earlier every except from later of undated until within none tbd".split()
)

Meaning = Literal["not stated", "to be decided", "explicitly none"]
UNDATED: dict[str, Meaning] = {"": "not stated", "tbd": "to be decided", "none": "explicitly none"}
Doubt = Literal["approximate", "uncertain", "approximate and uncertain"]
DOUBTS: dict[str, Doubt] = {"~": "approximate", "?": "uncertain", "%": "approximate and uncertain"}  # ISO 8601-2, 8.2


def _doubt(doubt: Doubt | None) -> str:
    return next((doubt_sign for doubt_sign, meaning in DOUBTS.items() if meaning == doubt), "")


def _zone(zone: str | None) -> str:
    if zone == AOE:
        return " AoE"
    return f"[{zone}]" if zone else ""


@dataclass(frozen=True, slots=True)
class CivilDay:
    """`2025-11-10`, perhaps with a zone of its own, perhaps stated as approximate or uncertain."""

    date: date
    zone: str | None = None
    doubt: Doubt | None = None

    @property
    def stated(self) -> str:
        """Return the day without its zone."""
        return str(self.date) + _doubt(self.doubt)

    def __str__(self) -> str:
        return self.stated + _zone(self.zone)


@dataclass(frozen=True, slots=True)
class CivilPeriod:
    """`2025-11` or `2025`: a date of reduced precision (ISO 8601-1, 5.2.2.2), the window of all its days."""

    year: int
    month: int | None = None
    zone: str | None = None
    doubt: Doubt | None = None

    @property
    def first(self) -> date:
        return date(self.year, self.month or 1, 1)

    @property
    def last(self) -> date:
        month = self.month or 12
        return date(self.year, month, next(day for day in (31, 30, 29, 28) if _exists(self.year, month, day)))

    @property
    def stated(self) -> str:
        """Return the month or year without its zone."""
        return f"{self.year:04}" + (f"-{self.month:02}" if self.month else "") + _doubt(self.doubt)

    def __str__(self) -> str:
        return self.stated + _zone(self.zone)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class WallTime:
    """`2025-11-10T12:01`, perhaps with an offset or a zone."""

    wall: datetime
    offset: timedelta | None = None
    zone: str | None = None

    @property
    def stated(self) -> str:
        """Return the time without its zone, with its offset."""
        text = self.wall.strftime("%Y-%m-%dT%H:%M").zfill(16) + (f":{self.wall:%S}" if self.wall.second else "")
        if self.offset is not None:
            text += timezone(self.offset).tzname(None).removeprefix("UTC") or "Z"
        return text

    def __str__(self) -> str:
        return self.stated + (f"[{self.zone}]" if self.zone else "")


@dataclass(frozen=True, slots=True)
class Reference:
    """Another commitment, by its key."""

    key: str

    def __str__(self) -> str:
        return self.key


Dated = CivilDay | CivilPeriod | WallTime
Term = Dated | Reference


@dataclass(frozen=True, slots=True)
class On:
    term: Dated

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
class Between:
    first: Term
    last: Term

    def __str__(self) -> str:
        return f"between {self.first} and {self.last}"


@dataclass(frozen=True, slots=True)
class From:
    """`2025-11-11/..`: an interval with no end (`..`), or one whose end is unknown (left empty). ISO 8601-2, 4.4."""

    term: Dated
    end: Literal["open", "unknown"] = "open"

    def __str__(self) -> str:
        return f"{_side(self.term)}/{'..' if self.end == 'open' else ''}"


@dataclass(frozen=True, slots=True)
class To:
    """`../2025-11-10`: an interval with no beginning (`..`), or one whose beginning is unknown (left empty)."""

    term: Dated
    beginning: Literal["open", "unknown"] = "open"

    def __str__(self) -> str:
        return f"{'..' if self.beginning == 'open' else ''}/{_side(self.term)}"


def _side(term: Dated) -> str:
    """Return one side of an interval: a token without spaces."""
    return term.stated + (f"[{term.zone}]" if term.zone else "")


@dataclass(frozen=True, slots=True)
class Within:
    duration: Lead
    base: Term

    def __str__(self) -> str:
        return f"within {self.duration} of {self.base}"


@dataclass(frozen=True, slots=True)
class Shifted:
    duration: Lead
    direction: Literal["after", "before"]
    base: Term

    def __str__(self) -> str:
        return f"{self.duration} {self.direction} {self.base}"


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


@dataclass(frozen=True, slots=True)
class Every:
    """A recurring deadline: a rule of RFC 5545, its start, and the occurrences that are left out."""

    rule: str
    start: CivilDay | WallTime
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        without = f" except {', '.join(self.without)}" if self.without else ""
        return f"every {self.rule} from {self.start}{without}"


@dataclass(frozen=True, slots=True)
class Undated:
    meaning: Meaning = "not stated"

    def __str__(self) -> str:
        keyword = next(keyword for keyword, meaning in UNDATED.items() if meaning == self.meaning)
        return f"undated ({keyword})" if keyword else "undated"


Deadline = On | After | By | Between | From | To | Within | Shifted | During | OneOf | Every | Undated

KINDS: dict[type[Deadline], str] = {
    On: "on",
    After: "after",
    Between: "between",
    From: "from",
    To: "by",
    Within: "within",
    Shifted: "shifted",
    During: "during",
    Every: "every",
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


def terms(deadline: Deadline) -> tuple[Term, ...]:
    """Return the dates and keys that a deadline names, in the order in which they are written."""
    match deadline:
        case Between(first, last):
            return (first, last)
        case Within(base=base) | Shifted(base=base):
            return (base,)
        case During(key):
            return (key,)
        case On(term) | After(term) | By(term) | From(term) | To(term):
            return (term,)
        case OneOf(parts=parts):
            return tuple(term for part in parts for term in terms(part))
        case Every() | Undated():
            return ()


def references(deadline: Deadline) -> frozenset[str]:
    """Return the keys of the commitments that a deadline depends on."""
    return frozenset(term.key for term in terms(deadline) if isinstance(term, Reference))
