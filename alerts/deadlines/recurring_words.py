"""What recurs, read from its text: a rule of RFC 5545 or words, its start, and what is left out."""

from __future__ import annotations

import re
from datetime import date, datetime

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every
from alerts.deadlines.recurrence import Recurrence, name_occurrence, read_rule
from alerts.deadlines.series_ends import SeriesEndsReader
from alerts.deadlines.series_words import BUSINESS_EXAMPLE, EXAMPLE, Series
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.tokens import DeadlineError

RULE = re.compile(r"[^\s()]*")
NAME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)


class RecurringReader(SeriesEndsReader):
    """Reads what recurs."""

    def every(self) -> Every:
        """Read what follows `every`."""
        if "=" not in self.peek() and (series := self.series()) is not None:
            return self.recurring(series)
        place, token = self.column()
        if "=" not in token and self.word(1) != "from":
            self.fail(f"expected how often, as in `{EXAMPLE}`, or a rule such as FREQ=MONTHLY;BYMONTHDAY=-1")
        found = RULE.match(self.text, place)
        while self.next < len(self.tokens) and found and self.tokens[self.next][0] < found.end():
            self.take()
        business_day = self._on_business_day()
        self.expect("from", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30")
        start = self._checked_start(self.base("from"))
        return self._made(place, found.group() if found else "", start, business_day)

    def _on_business_day(self) -> int:
        """Read `on the last business day` after a rule; 0 where it is not there."""
        if not self.take_one(("on",)):
            return 0
        self.take_one(("the",))
        place = self.business_day()
        return self.fail(f"expected a business day, as in `{BUSINESS_EXAMPLE}`") if place is None else place

    def recurring(self, series: Series) -> Every:
        """Read the start and the end of a series in words."""
        place = self.column()[0]
        self.end_of(series)
        start = self._checked_start(self.start_of(series))
        if not series.ends:
            self.end_of(series)
        begins = start.date if isinstance(start, CivilDay) else start.wall
        return self._made(place, self.settle(series, begins).rule, start, series.business_day)

    def _checked_start(self, start: object) -> CivilDay | WallTime:
        plain = isinstance(start, CivilDay) and start.doubt is None
        if not plain and not (isinstance(start, WallTime) and start.offset is None):
            self.next -= 1
            self.fail("expected a day, or a time without an offset (name its zone in brackets), after `from`")
        assert isinstance(start, CivilDay | WallTime)
        return start

    def _made(self, place: int, text: str, start: CivilDay | WallTime, business_day: int) -> Every:
        begins = start.date if isinstance(start, CivilDay) else start.wall
        try:
            rule = read_rule(text, begins, business_day)
        except InputError as error:
            raise DeadlineError(f"column {place + 1}: {error}") from None
        return Every(rule, start, self._left_out(begins), business_day)

    def _left_out(self, begins: date | datetime) -> tuple[str, ...]:
        """Read `except 2025-12-31, 2026-01-31`: the occurrences that are left out."""
        found: list[str] = []
        more = self.take_one(("except",))
        while more:
            _, name = self.column()
            try:
                read = datetime if isinstance(begins, datetime) else date
                found.append(name_occurrence(read.fromisoformat(name)))
                if not NAME.fullmatch(name) or ("T" in name) != isinstance(begins, datetime):
                    raise ValueError(name)
            except ValueError:
                self.fail(f"expected the occurrences that are left out, such as {name_occurrence(begins)}")
            self.take()
            more = self.take_one((",",))
        return tuple(sorted(set(found), key=Recurrence.order))
