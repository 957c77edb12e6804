"""Deadlines as structured data that prints as the text that states it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from tests.oracle.spans import Span
from tests.oracle.zones import AOE


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    aoe: bool = False
    zone: str | None = None

    def __str__(self) -> str:
        return f"{self.on.isoformat()}{' AoE' if self.aoe else ''}{f'[{self.zone}]' if self.zone else ''}"


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall time; `zone` is a name, an offset such as `-05:00`, `Z`, or none."""

    at: datetime
    zone: str | None = None

    def __str__(self) -> str:
        text = self.at.isoformat(timespec="minutes")
        match self.zone:
            case None:
                return text
            case "Z":
                return f"{text}Z"
            case zone if zone[0] in "+-":
                return f"{text}{zone}"
            case zone:
                return f"{text}[{zone}]"


@dataclass(frozen=True, slots=True)
class Period:
    """A month, or, where that is none, a year; `mark` is EDTF's `~` or `?`."""

    year: int
    month: int | None = None
    fingerprint: str = ""
    zone: str | None = None

    def __str__(self) -> str:
        stated = (f"{self.year:04}" if self.month is None else f"{self.year:04}-{self.month:02}") + self.fingerprint
        if self.zone == AOE:
            return f"{stated} AoE"
        return f"{stated}[{self.zone}]" if self.zone else stated


@dataclass(frozen=True, slots=True)
class Reference:
    key: str

    def __str__(self) -> str:
        return self.key


Base = Day | Wall | Period | Reference


@dataclass(frozen=True, slots=True)
class After:
    base: Base
    until: bool = False

    def __str__(self) -> str:
        return f"{'until ' if self.until else ''}after {self.base}"


@dataclass(frozen=True, slots=True)
class By:
    base: Base
    word: Literal["by", "until"] = "by"

    def __str__(self) -> str:
        return f"{self.word} {self.base}"


@dataclass(frozen=True, slots=True)
class Between:
    first: Base
    last: Base

    def __str__(self) -> str:
        return f"between {self.first} and {self.last}"


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of EDTF; an open end is none."""

    first: Day | Period | None
    last: Day | Period | None

    def __str__(self) -> str:
        return f"{self.first or '..'}/{self.last or '..'}"


@dataclass(frozen=True, slots=True)
class Within:
    span: Span
    base: Base

    def __str__(self) -> str:
        return f"within {self.span} of {self.base}"


@dataclass(frozen=True, slots=True)
class Shift:
    span: Span
    base: Base
    before: bool = False

    def __str__(self) -> str:
        return f"{self.span} {'before' if self.before else 'after'} {self.base}"


@dataclass(frozen=True, slots=True)
class BusinessShift:
    count: int
    base: Base
    before: bool = False

    def __str__(self) -> str:
        days = "business day" if self.count == 1 else "business days"
        return f"{self.count} {days} {'before' if self.before else 'after'} {self.base}"


@dataclass(frozen=True, slots=True)
class During:
    base: Reference

    def __str__(self) -> str:
        return f"during {self.base}"


@dataclass(frozen=True, slots=True)
class Undated:
    why: Literal["", "tbd", "none"] = ""

    def __str__(self) -> str:
        return f"undated ({self.why})" if self.why else "undated"


Simple = Base | After | By | Between | Interval | Within | Shift | BusinessShift | During | Undated


@dataclass(frozen=True, slots=True)
class Choice:
    word: Literal["earlier", "later"]
    parts: tuple[Simple, ...]

    def __str__(self) -> str:
        return f"{self.word} of ({'; '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Every:
    """A recurrence of RFC 5545: the turns are what matches on or after the start, less what is excepted."""

    rule: str
    start: Day | Wall
    excepted: tuple[date, ...] = ()

    def __str__(self) -> str:
        clock = f"T{self.start.at:%H:%M}" if isinstance(self.start, Wall) else ""
        but = f" except {', '.join(f'{day}{clock}' for day in self.excepted)}" if self.excepted else ""
        return f"every {self.rule} from {self.start}{but}"


@dataclass(frozen=True, slots=True)
class LastDone:
    """One turn after the other: each is due so long after the one before it was closed, and none before the first."""

    span: Span
    start: Day | Wall

    def __str__(self) -> str:
        return f"every {self.span} after it was last done from {self.start}"


Expression = Simple | Choice | Every | LastDone


def references(expression: Expression) -> set[str]:
    """Return the keys that a deadline depends on."""
    match expression:
        case Reference(key):
            return {key}
        case Between(first, last):
            return references(first) | references(last)
        case Choice(_, parts):
            return set().union(*map(references, parts))
        case After(base) | By(base) | Within(_, base) | Shift(_, base) | BusinessShift(_, base) | During(base):
            return references(base)
        case _:
            return set()
