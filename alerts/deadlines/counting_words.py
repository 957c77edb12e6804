"""How days are counted, read from its text: in brackets after a duration, or after what it counts from."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import date, datetime

from alerts.deadlines.counting import MOST_BUSINESS_HOURS, RULES, BusinessHours, Counted, Range, Span
from alerts.deadlines.duration_words import DurationReader
from alerts.deadlines.durations import MOST_BUSINESS_DAYS, BusinessDays, Duration, Lead
from alerts.deadlines.english import (
    BUSINESS_DAY,
    CLEAR,
    COUNTED_BY,
    COUNTING_RULES,
    COUNTING_STARTS,
    EACH,
    EXCLUDING,
    FREQUENCIES,
    SERVED_BY,
    THROUGH,
    WEEKDAYS,
)
from alerts.deadlines.errors import InputError
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod
from alerts.deadlines.terms import Shifted
from alerts.deadlines.tokens import Phrases

_COUNTED_BY, _EXCLUDING, _RULES = Phrases.any_of(COUNTED_BY), Phrases.any_of(EXCLUDING), Phrases(COUNTING_RULES)
_SERVED_BY = Phrases.any_of(SERVED_BY)
_EACH = Phrases.any_of(EACH)
_THROUGH = Phrases.any_of(THROUGH)


class CountingReader(DurationReader):
    """Reads durations with how their days are counted."""

    def span(self, *, compound: bool = True) -> Span | None:
        """Read a duration, and in brackets how it is counted."""
        start = self.next
        found: Span | None = self._business_hours() or self._clear_days()
        if found is None:
            found = self.worded_duration(compound=compound)
        if isinstance(found, Duration | BusinessDays) and self.peek() == "(":
            found = self._in_brackets(found)
        if found is None:
            self.next = start
        return found

    def take_each(self, ends: Container[str]) -> bool:
        """Read `each occurrence of` where the key of what recurs follows."""
        found = self.phrase(_EACH)
        if found is None or self.word(found[1]) in ends:
            return False
        if self.word(found[1]) in FREQUENCIES or self.word(found[1]) in WEEKDAYS:
            self.refuse(f"`{self.written(found[1] + 1)}` is no commitment: write `the end of each quarter` or `the "
                        "1st day of each quarter`, or track what recurs as one and count from its key, as in `45 days "
                        "after each occurrence of KEY`")  # fmt: skip
        self.take(found[1])
        return True

    def _business_hours(self) -> BusinessHours | None:
        """Read `8 business hours (09:00-17:00)`."""
        start = self.next
        number = self.number()
        if number is None or self.word() not in BUSINESS_DAY or self.word(1) not in ("hour", "hours"):
            self.next = start
            return None
        self.take(2)
        if not 0 < number <= MOST_BUSINESS_HOURS:
            self.refuse(f"expected 1 to {MOST_BUSINESS_HOURS:,} business hours", self.tokens[start][0])
        bracketed = self.peek() == "("
        token = self.column(int(bracketed))[1]
        if not bracketed and not token[:1].isdigit():
            return BusinessHours(number)
        try:
            hours = OpeningHours.parse(token)
        except InputError as error:
            self.refuse(str(error))
        found = BusinessHours(number, hours)
        if found.is_too_long(hours):
            self.refuse(f"so many hours are more than {MOST_BUSINESS_DAYS:,} business days")
        self.take(1 + bracketed)
        if bracketed:
            self.expect(")", "8 business hours (09:00-17:00)")
        return found

    def _clear_days(self) -> Counted | None:
        """Read `14 clear days`."""
        start = self.next
        number = self.number()
        if not number or self.word() not in CLEAR or self.word(1) not in ("day", "days"):
            self.next = start
            return None
        self.take(2)
        lead = self._checked(start, f"P{number}D")
        return Counted(lead, "clear days")

    def _in_brackets(self, lead: Lead) -> Span:
        """Read `(FRCP 6; not 2026-08-01 to 2026-08-31)` after a duration."""
        start = self.next
        self.take()
        found = self._one_way(Counted(lead))
        if found is None:
            self.next = start
            return lead
        while self.peek() == ";":
            self.take()
            more = self._one_way(found)
            if more is None:
                self.fail("expected how the days are counted, such as `FRCP 6` or `not 2026-08-01 to 2026-08-31`")
            found = more
        self.expect(")", "P30D (FRCP 6)")
        return found

    def _one_way(self, span: Counted) -> Counted | None:
        if (rule := self.take_phrase(_RULES)) is not None:
            if span.rule:
                self.fail("expected one rule")
            return replace(span, rule=rule)
        if self.take_one(("not",)):
            return self._excluding(span)
        if self.take_phrase(_SERVED_BY):
            clock = self.clock()
            if clock is None or clock[1] or clock[0].days:
                self.fail("expected a time of day such as 16:30")
            return replace(span, served_by=(datetime.min + clock[0]).time())  # noqa: DTZ901  # only its time
        return None

    def _excluding(self, span: Counted) -> Counted:
        """Read the days that do not count: `2026-08-01 to 2026-08-31`, `August 2026`, `2026-12-25`."""
        if isinstance(span.lead, Duration) and (span.lead.years or span.lead.months or span.lead.time):
            self.refuse(f"days that do not count go with a number of days, and not with {span.lead.to_text}")
        if isinstance(span.lead, Duration) and span.lead.days > MOST_BUSINESS_DAYS:
            self.refuse(f"at most {MOST_BUSINESS_DAYS:,} days can be counted one by one")
        ranges = [self._range()]
        while self.word() in (",", "and"):
            start = self.next
            self.take()
            self.take_one(("and",))
            if not self.column()[1][:1].isdigit():
                self.next = start
                break
            ranges.append(self._range())
        excluded = tuple(sorted({*span.excluded, *ranges}))
        if sum((last - first).days + 1 for first, last in excluded) > MOST_BUSINESS_DAYS:
            self.refuse(f"at most {MOST_BUSINESS_DAYS:,} days can be left out")
        return replace(span, excluded=excluded)

    def _range(self) -> Range:
        first = self._edge_of_range()
        last = self._edge_of_range() if self.take_phrase(_THROUGH) else first
        if last[1] < first[0]:
            self.refuse("the days that do not count end before they begin")
        return first[0], last[1]

    def _edge_of_range(self) -> tuple[date, date]:
        found = self.worded() or self._iso_day() or self._year_or_month()
        if isinstance(found, CivilDay) and not found.zone and not found.doubt:
            return found.date, found.date
        if isinstance(found, CivilPeriod) and not found.zone and not found.doubt:
            return found.first, found.last
        return self.fail("expected a day or a month that does not count, such as 2026-08-01")

    def counted(self, span: Span) -> Span:
        """Read how a duration is counted after what it counts from: `counted by FRCP 6`, `excluding August 2026`."""
        while self.word() in (",", *COUNTING_STARTS):
            start = self.next
            self.take_one((",",))
            place = self.column()[0]
            by, excluding = self.take_phrase(_COUNTED_BY), None
            if by is None:
                excluding = self.take_phrase(_EXCLUDING)
            if by is None and excluding is None:
                self.next = start
                return span
            if isinstance(span, BusinessHours):
                self.refuse("business hours are counted by their hours", place)
            counted = span if isinstance(span, Counted) else Counted(span)
            if excluding is not None:
                span = self._excluding(counted)
                continue
            self.take_one(("the",))
            rule = self.take_phrase(_RULES)
            if rule is None:
                self.fail(f"expected one of {', '.join(RULES)}")
            if counted.rule:
                self.refuse(f"its days are counted by {counted.rule} already", place)
            span = replace(counted, rule=rule)
        return span

    def count_shifted(self, found: Shifted) -> Shifted:
        span = self.counted(found.duration)
        return found if span is found.duration else replace(found, duration=span)
