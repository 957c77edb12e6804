"""Deadlines as people state them: read, and written back in one canonical form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal, NoReturn

from alerts.core.calendars import AOE, zone_info
from alerts.core.durations import Duration
from alerts.core.errors import InputError

KEY = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._@-]{0,99}", re.ASCII)
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:\[([^\]]+)\])?", re.ASCII)
TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?(?:\[([^\]]+)\])?", re.ASCII
)  # RFC 3339 with RFC 9557's zone in brackets; without an offset as an extension
WORDS = frozenset("after and before between by during earlier every later of undated until within none tbd".split())

MONTHS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())

Meaning = Literal["not stated", "to be decided", "explicitly none"]
UNDATED: dict[str, Meaning] = {"": "not stated", "tbd": "to be decided", "none": "explicitly none"}


class DeadlineError(InputError):
    """A deadline that cannot be read; names the column (1-based) where reading stopped."""


@dataclass(frozen=True, slots=True)
class CivilDay:
    """`2025-11-10`, perhaps with a zone of its own."""

    date: date
    zone: str | None = None

    def __str__(self) -> str:
        if self.zone == AOE:
            return f"{self.date} AoE"
        return f"{self.date}[{self.zone}]" if self.zone else str(self.date)


@dataclass(frozen=True, slots=True)
class WallTime:
    """`2025-11-10T12:01`, perhaps with an offset or a zone."""

    wall: datetime
    offset: timedelta | None = None
    zone: str | None = None

    def __str__(self) -> str:
        text = self.wall.strftime("%Y-%m-%dT%H:%M").zfill(16) + (f":{self.wall:%S}" if self.wall.second else "")
        if self.offset is not None:
            text += timezone(self.offset).tzname(None).removeprefix("UTC") or "Z"
        return text + (f"[{self.zone}]" if self.zone else "")


@dataclass(frozen=True, slots=True)
class Reference:
    """Another commitment, by its key."""

    key: str

    def __str__(self) -> str:
        return self.key


Term = CivilDay | WallTime | Reference


@dataclass(frozen=True, slots=True)
class On:
    term: CivilDay | WallTime

    def __str__(self) -> str:
        return str(self.term)


@dataclass(frozen=True, slots=True)
class After:
    term: Term

    def __str__(self) -> str:
        return f"after {self.term}"


@dataclass(frozen=True, slots=True)
class By:
    """`by D` (be done) and `until D` (it holds): the same bounds in other words."""

    term: Term
    word: Literal["by", "until"] = "by"

    def __str__(self) -> str:
        return f"{self.word} {self.term}"


@dataclass(frozen=True, slots=True)
class Between:
    first: Term
    last: Term

    def __str__(self) -> str:
        return f"between {self.first} and {self.last}"


@dataclass(frozen=True, slots=True)
class Within:
    duration: Duration
    base: Term

    def __str__(self) -> str:
        return f"within {self.duration} of {self.base}"


@dataclass(frozen=True, slots=True)
class Shifted:
    duration: Duration
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
class Undated:
    meaning: Meaning = "not stated"

    def __str__(self) -> str:
        word = next(word for word, meaning in UNDATED.items() if meaning == self.meaning)
        return f"undated ({word})" if word else "undated"


Deadline = On | After | By | Between | Within | Shifted | During | Undated

KINDS: dict[type[Deadline], str] = {
    On: "on",
    After: "after",
    By: "by",
    Between: "between",
    Within: "within",
    Shifted: "shifted",
    During: "during",
    Undated: "undated",
}


def kind_of(deadline: Deadline) -> str:
    """Name the kind of a deadline: on, after, by, until, between, within, shifted, during or undated."""
    return deadline.word if isinstance(deadline, By) else KINDS[type(deadline)]


def references(deadline: Deadline) -> frozenset[str]:
    """The keys of the commitments that a deadline hangs on."""
    match deadline:
        case Between(first, last):
            terms: tuple[Term, ...] = (first, last)
        case Within(base=base) | Shifted(base=base):
            terms = (base,)
        case During(key):
            terms = (key,)
        case On(term) | After(term) | By(term):
            terms = (term,)
        case Undated():
            terms = ()
    return frozenset(term.key for term in terms if isinstance(term, Reference))


@lru_cache(maxsize=16384)
def parse(text: str) -> Deadline:
    """Read a deadline. Raises DeadlineError, which says the column and what would have been right."""
    return _Reader(text).deadline()


class _Reader:
    """A cursor over the words of an expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = [(match.start(), match.group()) for match in re.finditer(r"[()]|[^\s()]+", text)]
        self.next = 0

    def deadline(self) -> Deadline:
        if len(self.text) > 1000:
            raise DeadlineError("column 1: a deadline of more than 1,000 characters is not one")
        found = self._expression()
        if re.fullmatch(r"\d?\d:\d\d(:\d\d)?", self.peek()) and self.next:
            self.fail(f"a time belongs to its date, as in {self.words[self.next - 1][1]}T{self.peek():0>5}")
        if self.next < len(self.words):
            self.fail("expected the end")
        return found

    def _expression(self) -> Deadline:
        match self.peek():
            case "undated":
                return self._undated()
            case "after":
                self.take()
                return After(self.term("after"))
            case "by":
                self.take()
                return By(self.term("by"), "by")
            case "until":
                self.take()
                if self.peek() == "after":
                    self.take()
                    return After(self.term("until after"))
                return By(self.term("until"), "until")
            case "between":
                self.take()
                first = self.term("between")
                self.expect("and", "between A and B")
                return Between(first, self.term("and"))
            case "within":
                self.take()
                duration = self.duration("within")
                self.expect("of", "within P6M of 2025-10-28")
                return Within(duration, self.term("of"))
            case "during":
                self.take()
                return During(self.reference("during"))
        if self.peek()[:1] == "p" or (self.peek().isdecimal() and not DATE.fullmatch(self.peek())):
            duration = self.duration("the beginning")
            word = self.peek()
            if word not in ("after", "before"):
                self.fail(f"expected `after` or `before` following the duration {duration}")
            self.take()
            return Shifted(duration, "after" if word == "after" else "before", self.term(word))
        place, word = self._here()
        term = self._dated(place, word)
        if term is None:
            self.fail("expected a deadline such as 2025-11-10, `after 2025-11-10`, `P1Y after KEY` or `undated`")
        self.take()
        return On(self._zoned(term))

    def _undated(self) -> Undated:
        self.take()
        if self.peek() != "(":
            return Undated()
        self.take()
        word = self.peek()
        if word not in ("tbd", "none"):
            self.fail("expected `tbd` or `none` in the brackets after `undated`")
        self.take()
        self.expect(")", f"undated ({word})")
        return Undated(UNDATED[word])

    def term(self, after: str) -> Term:
        place, word = self._here()
        term = self._dated(place, word)
        if term is not None:
            self.take()
            return self._zoned(term)
        return self.reference(after, "a date or a commitment's key")

    def reference(self, after: str, expected: str = "a commitment's key") -> Reference:
        _, word = self._here()
        if not KEY.fullmatch(word) or word.lower() in WORDS:
            self.fail(f"expected {expected} after `{after}`")
        self.take()
        return Reference(word)

    def duration(self, after: str) -> Duration:
        place, word = self._here()
        if word.isdecimal() and self.next + 1 < len(self.words):
            self.take()
            word += " " + self._here()[1]
        unit = self.peek() if " " in word else ""
        if unit[:3] in MONTHS or unit == "business":
            self.next -= 1
            self.fail("business days are not counted yet" if unit == "business" else "expected a date as 2025-11-10")
        try:
            found = Duration.parse(word)
        except InputError as error:
            raise DeadlineError(f"column {place + 1}: {error}") from None
        if not found:
            raise DeadlineError(f"column {place + 1}: expected a duration longer than nothing after `{after}`")
        self.take()
        return found

    def _dated(self, place: int, word: str) -> CivilDay | WallTime | None:
        try:
            if found := DATE.fullmatch(word):
                year, month, day, zone = found.groups()
                return CivilDay(date(int(year), int(month), int(day)), self._zone(zone))
            if found := TIME.fullmatch(word):
                day, clock, offset, zone = found.groups()
                wall = datetime.fromisoformat(f"{day}T{clock}")
                return WallTime(wall, _offset(offset), self._zone(zone))
        except ValueError as error:
            why = str(error) if isinstance(error, InputError) else f"there is no such date or time as {word}"
            raise DeadlineError(f"column {place + 1}: {why}") from None
        if word[:1].isdigit() and not KEY.fullmatch(word):
            self.fail("expected a date written as 2025-11-10 or 2025-11-10T12:01")
        return None

    def _zone(self, name: str | None) -> str | None:
        if name:
            zone_info(name)
        return name

    def _zoned(self, term: CivilDay | WallTime) -> CivilDay | WallTime:
        if isinstance(term, CivilDay) and term.zone is None and self.peek() == "aoe":
            self.take()
            return CivilDay(term.date, AOE)
        return term

    def expect(self, word: str, example: str) -> None:
        if self.peek() != word:
            self.fail(f"expected `{word}` as in `{example}`")
        self.take()

    def peek(self) -> str:
        return self._here()[1].lower()

    def take(self) -> None:
        self.next += 1

    def _here(self) -> tuple[int, str]:
        return self.words[self.next] if self.next < len(self.words) else (len(self.text), "")

    def fail(self, expected: str) -> NoReturn:
        place, word = self._here()
        found = f"found `{word[:40]}`" if word else "but the text ends there"
        raise DeadlineError(f"column {place + 1}: {expected}, {found}")


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)
