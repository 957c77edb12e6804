"""A time of day and its day: `5 p.m. on X`, `X at 17:00`, `close of business on X`."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta

from alerts.deadlines.clock_words import CLOSING_PHRASES, END_OF_DAY
from alerts.deadlines.counting_words import CountingReader
from alerts.deadlines.english import THEN
from alerts.deadlines.keys import KEY
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod, Reference, WallTime
from alerts.deadlines.terms import ClockOn, Dated, Shifted, Term

ENDS = ("", ";", ")", "and", "or", ",", "to", *THEN)


class ClockOnReader(CountingReader):
    """Reads times of day with the day on which they are."""

    @abstractmethod
    def base(self, after: str) -> Term:
        """Read a term that another one counts from."""

    def clock_on(self) -> Dated | ClockOn | None:
        """Read `5 p.m. on X`: a time of day before its day."""
        start = self.next
        wordy = bool(KEY.fullmatch(self.column()[1]))
        named = self.phrase(CLOSING_PHRASES)
        if wordy and self.word(named[1] if named else 1) in ENDS:
            return None
        if self.take_closing():
            return self._closing_on(start)
        clock = self.clock()
        if clock is None:
            return None
        since_midnight, zone = clock
        zone = zone or self.zone()
        self.take_one((",",))
        self.take_one(("on",))
        if wordy and self.next == start + 1 and self.word() in ENDS:
            self.next = start
            return None
        base = self.base("on")
        return self._join_clock(start, since_midnight, zone, base)

    def _closing_on(self, start: int) -> ClockOn | None:
        """Read the day after `close of business`."""
        zone = self.zone()
        self.take_one((",",))
        linked = self.take_one(("on",))
        if not linked and self.word() in ENDS:
            self.next = start
            return None
        return self._closing(start, zone, self.base("on"))

    def _closing(self, start: int, zone: str | None, base: Term) -> ClockOn:
        if isinstance(base, WallTime | CivilPeriod | FiscalPeriod | ClockOn):
            self.refuse(f"a time of day needs a day, and {base} is none", self.tokens[start][0])
        return ClockOn(None, zone, base)

    def closed(self, found: Term) -> Term:
        """Read `close of business` after a day: `31 March 2027, close of business`."""
        start = self.next
        comma = self.take_one((",",))
        self.take_one(("at",))
        place = self.next
        is_day = not isinstance(found, WallTime | ClockOn | Shifted | Reference)
        if not is_day or not self.take_closing() or (comma and self.next == place + 1):  # a key in a list: `X, cob`
            self.next = start
            return found
        return self._closing(place, self.zone(), found)

    def _join_clock(self, start: int, since_midnight: timedelta, zone: str | None, base: Term) -> Dated | ClockOn:
        place = self.tokens[start][0]
        if isinstance(base, WallTime | CivilPeriod | FiscalPeriod | ClockOn):
            self.refuse(f"a time of day needs a day, and {base} is none", place)
        if isinstance(base, CivilDay):
            return self.join(base, since_midnight, zone)
        if since_midnight >= END_OF_DAY:
            self.refuse("24:00 is the end of the day: write `end of day`", place)
        return ClockOn((datetime.min + since_midnight).time(), zone, base)  # noqa: DTZ901  # only its time

    def at_clock(self, found: Term) -> Term:
        """Read a time of day after a day that was found in words: `last business day of March 2027 at 17:00`."""
        if isinstance(found, Dated | ClockOn | Shifted) or self.word() in ("", ")", ";"):
            return found
        start = self.next
        self.take_one((",",))
        self.take_one(("at",))
        if self.skip_end_of_day() or not self.column()[1][:1].isdigit():
            if self.word(-1) in (",", "at"):
                self.next = start
            return found
        clock = self.clock()
        if clock is None:
            self.next = start
            return found
        return self._join_clock(start, clock[0], clock[1] or self.zone(), found)
