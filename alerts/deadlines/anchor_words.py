"""What a deadline counts from, read from its text: a date, a key, or a day found from one of them."""

from __future__ import annotations

from alerts.deadlines.clock_on_words import ENDS
from alerts.deadlines.dates import explain_numeric, read_date
from alerts.deadlines.durations import BusinessDays
from alerts.deadlines.each_period_words import EachPeriodReader
from alerts.deadlines.english import (
    DAY_OF,
    DIRECTIONS,
    FALLS,
    FILLERS,
    REFUSED,
    THEN,
)
from alerts.deadlines.errors import InputError
from alerts.deadlines.keys import KEY, RESERVED_WORDS
from alerts.deadlines.stated_dates import DOUBTS, CivilPeriod, FiscalPeriod, Reference
from alerts.deadlines.terms import (
    Anchored,
    Dated,
    Direction,
    PeriodAt,
    Shifted,
    Term,
    Unit,
    WeekdayFrom,
)
from alerts.deadlines.tokens import Phrases

DIRECTION_PHRASES, REFUSED_PHRASES = Phrases(DIRECTIONS), Phrases(REFUSED)
_DAY_OF = Phrases.any_of(DAY_OF)
DEEPEST = 10  # deadlines inside each other, and days that are counted from each other


class TermReader(EachPeriodReader):
    """Reads what a deadline counts from."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"expected at most {DEEPEST} deadlines inside each other")

    def term(self, after: str) -> Term:
        """Read what a deadline counts from: at least a date or a key."""
        return self.chained(self.base(after))

    def chained(self, found: Term) -> Term:
        """Read how a term is counted, and `, then 3 days` after it, which counts from it."""
        if isinstance(found, Shifted):
            found = self.count_shifted(found)
        start = self.next
        if self.word() not in (",", *THEN):
            return found
        self.take_one((",",))
        duration = self.span() if self.take_one(THEN) else None
        if duration is None:
            self.next = start
            return found
        self.enter()
        found = self.chained(Shifted(duration, "after", found))
        self.depth -= 1
        return found

    def base(self, after: str) -> Term:
        """Read a term that another one counts from."""
        self.enter()
        found = self._term(after)
        self.depth -= 1
        return found

    def _term(self, after: str) -> Term:
        if self.column()[1][:1].isdigit() and (dated := self.token_date()):
            return self.closed(dated)
        if self.word(1) in ("", ")", ";"):  # a phrase is longer
            return self.reference(after, "a date or a commitment's key")
        self._skip_fillers()
        reason = self.phrase(REFUSED_PHRASES)
        if reason and reason[1] > 1 and self.word(reason[1]) in ENDS:
            self.refuse(f"`{self.written(reason[1])}` {reason[0]}")
        if self.column()[1][:1].isdigit() and (dated := self.token_date()):
            return self.closed(dated)
        if each := self.each_period_end():
            return self.at_clock(self.closed(each))
        if self.take_each(ENDS):
            return self.reference("each")
        if found := self.term_phrase():
            return found
        return self.reference(after, "a date or a commitment's key")

    def term_phrase(self) -> Term | None:
        """Read a term that is several tokens; None where none stands here."""
        self._skip_fillers()
        found = self.shifted() or self.each_period_end() or self.clock_on() or self.worded_date() or self.anchor()
        return None if found is None else self.at_clock(self.closed(found))

    def worded_date(self) -> Dated | Anchored | None:
        found = self.worded()
        return self.add_clock_and_zone(found) if isinstance(found, Dated) else found

    def token_date(self) -> Dated | None:
        """Read a date that is one token, with the time and the zone that follow it."""
        following = self.word(1)
        if self.peek().isdecimal() and following and len(self.peek()) == 4 and self._is_no_year():
            return None
        term = self.dated(*self.column())
        if term is None:
            return None
        self.take()
        return self.add_clock_and_zone(term)

    def _is_no_year(self) -> bool:
        """Return whether four digits begin a duration, or a date that starts with its year."""
        start = self.next
        found = self.span() is not None or self.worded() is not None
        self.next = start
        return found

    def dated(self, place: int, token: str) -> Dated | None:
        """Return the date of a token; None for one that may be a key or the beginning of a phrase."""
        try:
            found = read_date(token)
        except InputError as error:
            self.refuse(str(error), place)
        if found is not None or not token:
            return found
        if reason := explain_numeric(token):
            self.refuse(reason, place)
        if token[:1] in DOUBTS and token[1:2].isdigit():
            self.fail(f"expected `{token[0]}` at the end of a date, as in 2025-11{token[0]}")
        return None

    def reference(self, after: str, expected: str = "a commitment's key") -> Reference:
        _, token = self.column()
        if not KEY.fullmatch(token) or token.lower() in RESERVED_WORDS:
            if token[:1].isdigit() or token[:1] in DOUBTS:
                self.dated(*self.column())
                self.fail("expected a date written as 2025-11-10 or 2025-11-10T12:01")
            self.fail(f"expected {expected} after `{after}`")
        self.take()
        return Reference(token)

    def _skip_fillers(self) -> None:
        """Read `the`, `on` and `at` where a date or a key follows, and `end of day`."""
        while self.word() in FILLERS and self.word(1) not in ENDS and self.word(1) not in RESERVED_WORDS:
            self.take()
        start = self.next
        if self.skip_end_of_day():
            self.take_one(("on",))
            self.take_one(("the",))
            if self.word() in ENDS:
                self.next = start

    def shifted(self) -> Shifted | None:
        """Read `30 days after X`."""
        start = self.next
        duration = self.span()
        direction = self.phrase(DIRECTION_PHRASES) if duration else None
        if duration is None or direction is None:
            self.next = start
            return None
        self.take(direction[1])
        return Shifted(duration, _direction(direction[0]), self.base(direction[0]))

    def anchor(self) -> Anchored | Shifted | None:
        """Read `month in which X falls`, `4th month after X`, `day of X`, `1st Monday after X`."""
        start = self.next
        if found := self.phrase(_DAY_OF):
            self.take(found[1])
            if self.word() not in ENDS:
                return self._in_which("day")
            self.next = start
            return None
        position = self._counted_position()
        counted, unit = self.counted_day(0), self.unit()
        direction = self.phrase(DIRECTION_PHRASES, max(counted[1] if counted else 0, unit[1] if unit else 0))
        if counted and counted[0] != "day" and direction:
            return self._from_day(counted, direction, position)
        if unit is None:
            self.next = start
            return None
        if direction and position > 0:
            self.take(unit[1] + direction[1])
            base = self.base(direction[0])
            return PeriodAt(unit[0], position if direction[0] == "after" else -position, base)
        if (
            self.next == start
            and self.word(unit[1]) in ("of", "in", "containing")
            and self.word(unit[1] + 1) not in ENDS
        ):
            self.take(unit[1] + 1)
            return self._in_which(unit[0])
        self.next = start
        return None

    def _counted_position(self) -> int:
        """Read the position before a unit: `4th`, `next`; 1 where none stands here."""
        if self.take_one(("next",)):
            return 1
        position = self._position()
        if position is None:
            return 1
        self.take()
        return position

    def _from_day(self, counted: tuple[str, int], direction: tuple[str, int], position: int) -> Shifted | WeekdayFrom:
        if position < 0:
            self.refuse("`last` counts from the end of a period, as in `last Monday of March 2027`")
        self.take(counted[1] + direction[1])
        base = self.base(direction[0])
        if counted[0] == "business day":
            return Shifted(BusinessDays(position), _direction(direction[0]), base)
        return WeekdayFrom(position, counted[0], _direction(direction[0]), base)

    def _in_which(self, unit: Unit) -> PeriodAt:
        self.take_one(("which",))
        base = self.base("of")
        if self.take_one(FALLS):
            self.take_one(("due",))
        return PeriodAt(unit, 0, base)

    def period(self) -> CivilPeriod | FiscalPeriod | PeriodAt | None:
        if each := self.each_period():
            return PeriodAt(each.unit, 0, each)
        if found := super().period():
            return found
        start = self.next
        self.take_one(("the",))
        anchor = self.anchor()
        if isinstance(anchor, PeriodAt):
            return anchor
        self.next = start
        return None


def _direction(text: str) -> Direction:
    return "after" if text == "after" else "before"
