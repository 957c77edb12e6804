"""What recurs, read from its text: a rule of RFC 5545 or words, its start, and what is left out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

from alerts.deadlines.counting import Span
from alerts.deadlines.durations import BusinessDays, Duration
from alerts.deadlines.english import ANNIVERSARY, FIRST_DUE, LAST_DONE, STARTING
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Every, SeriesDirection, SeriesStart
from alerts.deadlines.recurrence import Recurrence, name_occurrence, read_rule
from alerts.deadlines.series_ends import THEREAFTER_PHRASES, SeriesEndsReader
from alerts.deadlines.series_words import BUSINESS_EXAMPLE, EXAMPLE, Series
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.terms import Term
from alerts.deadlines.tokens import DeadlineError, Phrases

SOME_START = date(2000, 1, 1)  # in place of a date that is not known: in a leap year, on the first of a month
DONE_EXAMPLE = "every 12 months after it was last done from 2026-07-01"
PERIODS = {
    "DAILY": Duration(days=1),
    "WEEKLY": Duration(days=7),
    "MONTHLY": Duration(months=1),
    "QUARTERLY": Duration(months=3),
    "YEARLY": Duration(years=1),
}
LAST_DONE_PHRASES, _FIRST_DUE = Phrases.any_of(LAST_DONE), Phrases.any_of((*STARTING, *FIRST_DUE))
RULE = re.compile(r"[^\s()]*")
NAME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)


class RecurringReader(SeriesEndsReader):
    """Reads what recurs."""

    def every(self) -> Every | AfterDone:
        """Read what follows `every`."""
        if found := self._since_done() or self._anniversary():
            return found
        if "=" not in self.peek() and (series := self.series()) is not None:
            return self.recurring(series)
        place, token = self.column()
        if "=" not in token and self.word(1) not in ("from", "after"):
            self.fail(f"expected how often, as in `{EXAMPLE}`, or a rule such as FREQ=MONTHLY;BYMONTHDAY=-1")
        rule = RULE.match(self.text, place)
        while self.next < len(self.tokens) and rule and self.tokens[self.next][0] < rule.end():
            self.take()
        business_day = self._on_business_day()
        direction: SeriesDirection = "after" if self.take_one(("after",)) else "from"
        if direction == "from":
            self.expect("from", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30")
        start = self.checked_start(self.base(direction))
        return self._made(place, rule.group() if rule else "", Every("", start, (), business_day, direction))

    def _on_business_day(self) -> int:
        """Read `on the last business day` after a rule; 0 where it is not there."""
        if not self.take_one(("on",)):
            return 0
        self.take_one(("the",))
        place = self.business_day()
        return self.fail(f"expected a business day, as in `{BUSINESS_EXAMPLE}`") if place is None else place

    def _since_done(self) -> AfterDone | None:
        """Read `12 months after it was last done`, `P12M after it was last done`."""
        start = self.next
        if not any(self.phrase(LAST_DONE_PHRASES, ahead) for ahead in range(len(self.words) - start)):
            return None
        lead = self.span()
        if lead is None or self.phrase(LAST_DONE_PHRASES) is None:
            self.next = start
            return None
        return self._counted_from_done(lead)

    def _counted_from_done(self, lead: Span) -> AfterDone:
        """Read `after it was last done from 2026-07-01`."""
        if not isinstance(lead, Duration | BusinessDays) or (isinstance(lead, Duration) and lead.time):
            self.refuse("a series that counts from when it was last done needs days, weeks, months, years or business "
                        f"days, as in `{DONE_EXAMPLE}`")  # fmt: skip
        self.take_phrase(LAST_DONE_PHRASES)
        self.take_one((",",))
        if self.take_phrase(_FIRST_DUE) is None:
            self.fail(f"expected `from` and the day on which it is first due, as in `{DONE_EXAMPLE}`")
        return AfterDone(lead, self.checked_start(self.base("from")))

    def recurring(self, series: Series) -> Every | AfterDone:
        """Read the start and the end of a series in words."""
        place = self.column()[0]
        if self.phrase(LAST_DONE_PHRASES):
            if series.weekdays or series.days or series.business_day or series.months or series.clock:
                self.refuse(f"what counts from when it was last done has no days of its own: write `{DONE_EXAMPLE}`")
            return self._counted_from_done(PERIODS[series.frequency].times(series.interval))
        self.end_of(series)
        start, direction = self.start_of(series)
        return self._series_of(place, series, start, direction)

    def _series_of(self, place: int, series: Series, start: SeriesStart, direction: SeriesDirection) -> Every:
        if not series.ends:
            self.end_of(series)
        rule = self.settle(series, start).rule
        return self._made(place, rule, Every("", start, (), series.business_day, direction))

    def _anniversary(self) -> Every | None:
        """Read `anniversary of KEY`, `5th anniversary of KEY`."""
        start, position = self.next, self._position()
        self.take(position is not None)
        if not self.take_one(ANNIVERSARY):
            self.next = start
            return None
        place = self.column()[0]
        if position is not None and position < 1:
            self.refuse("anniversaries have no last one: write `every anniversary of KEY, 5 times`", place)
        self.expect("of", "every anniversary of KEY")
        return self._series_of(place, Series("YEARLY", position or 1), self.checked_start(self.base("of")), "after")

    def thereafter(self, first: Term | None) -> Every | None:
        """Read `and annually thereafter` after the first date; None where something else follows."""
        start = self.next
        self.take_one((",",))
        if not self.take_one(("and",)):
            self.next = start
            return None
        place = self.column()[0]
        series = self.series() if self.take_one(("every", "each")) else self.frequency_word()
        if series is None or not self.take_phrase(THEREAFTER_PHRASES):
            self.next = start
            return None
        if first is None:
            self.refuse("expected one date before `and`, from which the series starts", place)
        return self._series_of(place, series, self.checked_start(first), "from")

    def _made(self, place: int, text: str, stated: Every) -> Every:
        """Return a series with its rule, and without what is left out."""
        start = stated.start
        begins = start.date if isinstance(start, CivilDay) else start.wall if isinstance(start, WallTime) else None
        try:
            rule = read_rule(text, begins or SOME_START, stated.business_day)
        except InputError as error:
            raise DeadlineError(f"column {place + 1}: {error}") from None
        return replace(stated, rule=rule, without=self._left_out(begins))

    def _left_out(self, begins: date | datetime | None) -> tuple[str, ...]:
        """Read `except 2025-12-31, 2026-01-31`: the occurrences that are left out."""
        found: list[str] = []
        more = self.take_one(("except",))
        while more:
            _, name = self.column()
            timed = "T" in name if begins is None else isinstance(begins, datetime)
            try:
                found.append(name_occurrence((datetime if timed else date).fromisoformat(name)))
                if not NAME.fullmatch(name) or ("T" in name) != timed:
                    raise ValueError(name)
            except ValueError:
                self.fail(
                    f"expected the occurrences that are left out, such as {name_occurrence(begins or SOME_START)}"
                )
            self.take()
            more = self.take_one((",",))
        return tuple(sorted(set(found), key=Recurrence.order))
