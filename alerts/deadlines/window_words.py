"""Windows read from their text: intervals, `between A and B`, `within D of X`, `at least D before X`."""

from __future__ import annotations

import re
from dataclasses import replace

from alerts.deadlines.anchor_words import DIRECTION_PHRASES
from alerts.deadlines.counting import Counted, Span
from alerts.deadlines.durations import BusinessDays, Lead
from alerts.deadlines.english import AND, BEGINNINGS, LIMITS, WITHIN
from alerts.deadlines.expressions import After, Before, Between, By, Deadline, From, To, Within
from alerts.deadlines.recurring_words import RecurringReader
from alerts.deadlines.terms import Dated, Direction, Shifted, Term
from alerts.deadlines.tokens import Phrases

OUTSIDE_BRACKETS = re.compile(r"/(?![^\[]*\])")  # a slash that is not part of a zone
_AND = Phrases.any_of(AND)
_LIMITS, _WITHIN = Phrases(LIMITS), Phrases(WITHIN)


class WindowReader(RecurringReader):
    """Reads windows."""

    def between(self) -> Between:
        """Read what follows `between`."""
        if found := self._two_offsets():
            return found
        first = self.term("between")
        if not self.take_phrase(_AND):
            self.fail("expected `and` as in `between A and B`")
        return Between(first, self.term("and"))

    def _two_offsets(self) -> Between | None:
        """Read `30 and 60 days after X`."""
        start = self.next
        shorter = self.worded_duration(compound=False)
        number = self.number() if shorter is None else None
        if not self.take_phrase(_AND) or not (shorter or number is not None):
            self.next = start
            return None
        self.take_phrase(_LIMITS)
        longer = self.worded_duration(compound=False)
        direction = self.take_phrase(DIRECTION_PHRASES) if longer else None
        if longer is None or direction is None:
            self.next = start
            return None
        base = self.term(direction)
        if self.phrase(_AND):  # `between 1 day and 2 hours after X and Y`: one duration, and two ends
            self.next = start
            return None
        shorter = shorter or _in_unit_of(longer, number or 0)
        return _window(shorter, longer, direction, base, self.counted(longer))

    def within(self) -> Within | Between:
        """Read what follows `within`: it counts from its base on, or up to it."""
        duration = self.span()
        if duration is None:
            self.fail("expected a duration such as P7D or `10 days` after `within`")
        direction = self.take_phrase(_WITHIN)
        if direction is None:
            self.fail("expected `of`, `after` or `before` as in `within 6 months of 2025-10-28`")
        base = self.term(direction)
        duration = self.counted(duration)
        return Within(duration, base) if direction == "after" else Between(Shifted(duration, "before", base), base)

    def before(self) -> Before:
        """Read what follows `before`."""
        ahead = int(self.word() == "the")
        if BEGINNINGS.get(self.word(ahead)) == "end" and self.word(ahead + 1) == "of":
            self.refuse("`before the end of` can mean by its last day, or before that day: write `by the end of`, or "
                        "`before` and the day")  # fmt: skip
        return Before(self.term("before"))

    def limit(self) -> Deadline | None:
        """Read `at least 30 days before X`, `not less than 30 nor more than 60 days before X`."""
        start = self.next
        meaning = self.take_phrase(_LIMITS)
        if meaning is None:
            return None
        if found := self._two_offsets():
            return found
        shifted = self.shifted()
        if shifted is None:
            self.next = start
            return None
        return _on_side(meaning[0 if shifted.direction == "after" else 1], self.count_shifted(shifted))

    def interval(self) -> Between | From | To | None:
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
        found = self.dated(place, side)
        if found is None:
            self.fail("expected a date written as 2025-11-10 or 2025-11 on each side of `/`, or `..`")
        return found


def _window(shorter: Lead, longer: Lead, direction: str, base: Term, counted: Span) -> Between:
    """Return the window between two offsets on one side of a base, both counted as one of them is."""
    if _length(shorter) > _length(longer):
        shorter, longer = longer, shorter
    side: Direction = "after" if direction == "after" else "before"
    first, last = (
        replace(counted, lead=lead) if isinstance(counted, Counted) else lead
        for lead in ((shorter, longer) if side == "after" else (longer, shorter))
    )
    return Between(Shifted(first, side, base), Shifted(last, side, base))


def _length(lead: Lead) -> float:
    if isinstance(lead, BusinessDays):
        return lead.count * 1.4
    return lead.years * 365.25 + lead.months * 30.4 + lead.days + lead.time.total_seconds() / 86400


def _in_unit_of(lead: Lead, number: int) -> Lead:
    """Return a number of the unit in which another duration is stated: of `30 and 60 days`, 30 days."""
    if isinstance(lead, BusinessDays):
        return BusinessDays(number)
    return lead.in_unit(number)


def _on_side(side: str, shifted: Shifted) -> Deadline:
    match side:
        case "from":
            return From(shifted)
        case "by":
            return By(shifted)
        case "after":
            return After(shifted)
    return Before(shifted)
