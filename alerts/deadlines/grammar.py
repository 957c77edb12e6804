"""Deadlines as people state them: read into expressions, which print themselves in one canonical form."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from alerts.deadlines.dates import read_date
from alerts.deadlines.durations import Lead, parse_lead
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import (
    DOUBTS,
    KEY,
    RESERVED_WORDS,
    UNDATED,
    After,
    Between,
    By,
    CivilDay,
    Dated,
    Deadline,
    During,
    Every,
    From,
    On,
    OneOf,
    Reference,
    Shifted,
    Term,
    To,
    Undated,
    WallTime,
    Within,
)
from alerts.deadlines.recurrence import Recurrence, name_occurrence, read_rule
from alerts.deadlines.tokens import LONGEST, DeadlineError, TokenReader
from alerts.deadlines.zones import AOE

DEEPEST = 10  # `earlier of (…)` inside each other

RULE = re.compile(r"[^\s()]*")
NAME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)
OUTSIDE_BRACKETS = re.compile(r"/(?![^\[]*\])")  # a slash that is not part of a zone
MONTHS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())
UNITS = re.compile(r"(year|month|week|day|hour|minute)s?|business")


@lru_cache(maxsize=16384)
def parse(text: str) -> Deadline:
    """Return the deadline of a text. Raises DeadlineError, which names the column and what was expected."""
    return _Reader(text).deadline()


class _Reader(TokenReader):
    """Reads a deadline token by token."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def deadline(self) -> Deadline:
        found = self.expression() if len(self.text) <= LONGEST else None
        if found is None or len(str(found)) > LONGEST:
            raise DeadlineError(f"column 1: a deadline of more than {LONGEST:,} characters is not one")
        if self.next < len(self.tokens):
            self.fail("expected the end")
        return found

    def expression(self) -> Deadline:
        """Read one deadline; the text may go on after it."""
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
            case "earlier":
                return self._one_of("earlier")
            case "later":
                return self._one_of("later")
            case "every":
                return self._every()
        if self._at_duration():
            return self._shifted()
        return self._interval() or self._on()

    def _undated(self) -> Undated:
        self.take()
        if self.peek() != "(":
            return Undated()
        self.take()
        token = self.peek()
        if token not in ("tbd", "none"):
            self.fail("expected `tbd` or `none` in the brackets after `undated`")
        self.take()
        self.expect(")", f"undated ({token})")
        return Undated(UNDATED[token])

    def _one_of(self, which: Literal["earlier", "later"]) -> OneOf:
        example = f"{which} of (2025-11-10; P7D after KEY)"
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"expected at most {DEEPEST} deadlines inside each other")
        self.take()
        self.expect("of", example)
        self.expect("(", example)
        parts = [self.expression()]
        while self.peek() == ";" or len(parts) < 2:
            self.expect(";", example)
            parts.append(self.expression())
        self.expect(")", example)
        self.depth -= 1
        return OneOf(which, tuple(parts))

    def _every(self) -> Every:
        if self.depth:
            self.fail("expected a deadline that has one date: what recurs stands alone")
        self.take()
        place, _ = self.column()
        found = RULE.match(self.text, place)
        while self.next < len(self.tokens) and found and self.tokens[self.next][0] < found.end():
            self.take()
        self.expect("from", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30")
        start = self.term("from")
        plain = isinstance(start, CivilDay) and start.doubt is None
        if not plain and not (isinstance(start, WallTime) and start.offset is None):
            self.next -= 1
            self.fail("expected a day, or a time without an offset (name its zone in brackets), after `from`")
        assert isinstance(start, CivilDay | WallTime)
        begins = start.date if isinstance(start, CivilDay) else start.wall
        try:
            rule = read_rule(found.group() if found else "", begins)
        except InputError as error:
            raise DeadlineError(f"column {place + 1}: {error}") from None
        return Every(rule, start, self._left_out(begins))

    def _left_out(self, begins: date | datetime) -> tuple[str, ...]:
        """Read `except 2025-12-31, 2026-01-31`: the occurrences that are left out."""
        found: list[str] = []
        more = self.peek() == "except"
        while more:
            self.take()
            _, token = self.column()
            name, more = token.removesuffix(","), token.endswith(",")
            try:
                read = datetime if isinstance(begins, datetime) else date
                found.append(name_occurrence(read.fromisoformat(name)))
                if not NAME.fullmatch(name) or ("T" in name) != isinstance(begins, datetime):
                    raise ValueError(name)
            except ValueError:
                self.fail(f"expected the occurrences that are left out, such as {name_occurrence(begins)}")
        if found:
            self.take()
        return tuple(sorted(set(found), key=Recurrence.order))

    def _at_duration(self) -> bool:
        token, following = self.peek(), self.peek(1)
        if token.isdecimal() and following:
            return len(token) != 4 or bool(UNITS.fullmatch(following)) or following[:3] in MONTHS
        return token[:1] == "p" or (token.isdecimal() and len(token) not in (4, 8))  # those are meant as dates

    def _shifted(self) -> Shifted:
        duration = self.duration("the beginning")
        direction = self.peek()
        if direction not in ("after", "before"):
            self.fail(f"expected `after` or `before` following the duration {duration}")
        self.take()
        return Shifted(duration, "after" if direction == "after" else "before", self.term(direction))

    def _interval(self) -> Between | From | To | None:
        """`A/B`, where either side may be `..` (open) or empty (unknown)."""
        place, token = self.column()
        sides = OUTSIDE_BRACKETS.split(token)
        if len(sides) != 2 or not all(side in ("", "..") or side[0].isdigit() for side in sides):
            return None
        first = self._side(place, sides[0])
        last = self._side(place + len(sides[0]) + 1, sides[1])
        if first is None and last is None:
            self.fail("expected a date on one side of the interval at least")
        self.take()
        if first and last:
            return Between(first, last)
        if first:
            return From(first, "open" if sides[1] else "unknown")
        assert last
        return To(last, "open" if sides[0] else "unknown")

    def _side(self, place: int, side: str) -> Dated | None:
        if side in ("", ".."):
            return None
        found = self._dated(place, side)
        if found is None:
            self.fail("expected a date such as 2025-11-10 or 2025-11 on each side of `/`, or `..`")
        return found

    def _on(self) -> On:
        term = self._dated(*self.column())
        if term is None:
            self.fail("expected a deadline such as 2025-11-10, `after 2025-11-10`, `P1Y after KEY` or `undated`")
        self.take()
        return On(self._zoned(term))

    def term(self, after: str) -> Term:
        """Read a date or a key."""
        term = self._dated(*self.column())
        if term is None:
            return self.reference(after, "a date or a commitment's key")
        self.take()
        return self._zoned(term)

    def reference(self, after: str, expected: str = "a commitment's key") -> Reference:
        _, token = self.column()
        if not KEY.fullmatch(token) or token.lower() in RESERVED_WORDS:
            self.fail(f"expected {expected} after `{after}`")
        self.take()
        return Reference(token)

    def duration(self, after: str) -> Lead:
        """Read `P7D`, `7 days` or `10 business days`."""
        place, token = self.column()
        count = (3 if self.peek(1) == "business" else 2) if token.isdecimal() else 1
        tokens = [token for _, token in self.tokens[self.next : self.next + count]]
        if count == 2 and self.peek(1)[:3] in MONTHS:
            self.fail("expected a date as 2025-11-10")
        try:
            found = parse_lead(" ".join(tokens))
        except InputError as error:
            raise DeadlineError(f"column {place + 1}: {error}") from None
        if not found:
            raise DeadlineError(f"column {place + 1}: expected a duration longer than nothing after `{after}`")
        self.next += count
        return found

    def _dated(self, place: int, token: str) -> Dated | None:
        try:
            found = read_date(token)
        except InputError as error:
            raise DeadlineError(f"column {place + 1}: {error}") from None
        if found is None and token[:1].isdigit() and not KEY.fullmatch(token):
            self.fail("expected a date written as 2025-11-10 or 2025-11-10T12:01")
        if found is None and token[:1] in DOUBTS and token[1:2].isdigit():
            self.fail(f"expected `{token[0]}` at the end of a date, as in 2025-11{token[0]}")
        return found

    def _zoned(self, term: Dated) -> Dated:
        """Read ` AoE` after a date, and refuse a time of day that stands apart from it."""
        if not isinstance(term, WallTime) and term.zone is None and self.peek() == "aoe":
            self.take()
            return replace(term, zone=AOE)
        if re.fullmatch(r"\d?\d:\d\d(:\d\d)?", self.peek()):
            self.fail(f"a time belongs to its date, as in {self.tokens[self.next - 1][1]}T{self.peek():0>5}")
        return term
