"""Times of day and zones as people write them after a date, or before one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

from alerts.deadlines.dates import read_offset
from alerts.deadlines.english import CLOSE_OF_BUSINESS, HOURS, MIDNIGHT, NOON, WHOLE_DAY
from alerts.deadlines.errors import InputError
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod, WallTime
from alerts.deadlines.terms import Dated
from alerts.deadlines.tokens import Phrases, TokenReader
from alerts.deadlines.zone_words import read_zone_word
from alerts.deadlines.zones import AOE, FIXED, zone_info

CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d))?)?(?P<half>am|pm|a\.m\.?|p\.m\.?)?"
    r"(?P<place>Z|[+\-\u2212]\d\d:?\d\d|\[[^\]]+\])?",
    re.ASCII | re.IGNORECASE,
)
_WHOLE_DAY, CLOSING_PHRASES = Phrases.any_of(WHOLE_DAY), Phrases.any_of(CLOSE_OF_BUSINESS)
HALVES = ("am", "pm", "a.m", "p.m")
END_OF_DAY = timedelta(days=1)  # 24:00 is the start of the next day


class ClockReader(TokenReader):
    """Reads times of day and zones."""

    def add_clock_and_zone(self, term: Dated) -> Dated:
        """Read what follows a date: a time of day, then a zone."""
        if self.next >= len(self.tokens):
            return term
        if isinstance(term, WallTime):
            return self.add_zone(term)
        start = self.next
        self.take_one((",",))
        self.take_one(("at",))
        clock = None if self.skip_end_of_day() else self.clock()
        if clock is None:
            if self.word(-1) in (",", "at"):
                self.next = start
            return self.add_zone(term)
        if isinstance(term, CivilPeriod | FiscalPeriod):
            self.next = start
            self.fail(f"a time of day needs a day, and {term} is a longer period")
        return self.add_zone(self.join(term, *clock))

    def join(self, day: CivilDay, since_midnight: timedelta, zone: str | None) -> WallTime:
        """Return a time of day on a day, in the zone of either."""
        if day.doubt or (zone and day.zone):
            self.refuse("write the time right after the day, before its zone, and without a sign of doubt")
        try:
            wall = datetime.combine(day.date, time()) + since_midnight
        except OverflowError:
            self.refuse(f"{day} 24:00 leaves the years 1 to 9999")
        return _with_zone(WallTime(wall), zone or day.zone)

    def add_zone(self, term: Dated) -> Dated:
        """Read a zone after a date or a time."""
        if term.zone:
            return term
        start = self.next
        zone = self.zone()
        if zone is None:
            return term
        if isinstance(term, WallTime) and term.offset is not None:
            if zone in ("UTC", AOE) or FIXED.fullmatch(zone):
                self.next = start
                self.fail(f"expected one offset, and {term} has its own")
            return replace(term, zone=zone)
        return _with_zone(term, zone) if isinstance(term, WallTime) else replace(term, zone=zone)

    def zone(self) -> str | None:
        """Read a zone, perhaps in brackets; `UTC +8` is two tokens."""
        bracketed = self.peek() == "("
        ahead = int(bracketed)
        place, token = self.column(ahead)
        following = self.column(ahead + 1)[1]
        apart = token.lower() in ("utc", "gmt") and following[:1] in ("+", "-", "\u2212") and following[1:2].isdigit()
        text = token + following if apart else token
        try:
            found = read_zone_word(text.strip("[]"))
        except InputError as error:
            self.refuse(str(error), place)
        if found is None:
            return None
        self.take(ahead + 1 + apart)
        if bracketed:
            self.expect(")", f"2027-03-31 17:00 ({text})")
        return found

    def skip_end_of_day(self) -> bool:
        """Read `end of day`: a day lasts to its end anyway."""
        found = self.phrase(_WHOLE_DAY)
        if found is None:
            return False
        self.take(found[1])
        return True

    def clock(self) -> tuple[timedelta, str | None] | None:
        """Read a time of day, since midnight, and the zone that is one token with it; None where none stands here."""
        if self.phrase(CLOSING_PHRASES):
            return self._stated_closing()
        if self.word() == NOON:
            self.take()
            return timedelta(hours=12), None
        if self.word() == MIDNIGHT:
            self.refuse("`midnight` can be the start or the end of the day: write 00:00 or 24:00")
        found = CLOCK.fullmatch(self.column()[1])
        half = self.word(1) if found and not found["half"] and self.word(1) in HALVES else ""
        if found is None or not (
            found["minute"] or found["half"] or half or self.word(1) in (NOON, MIDNIGHT, "o'clock")
        ):
            return None
        if self.word(1) == MIDNIGHT:
            self.refuse("midnight can be the start or the end of the day: write 00:00 or 24:00")
        since_midnight = self._since_midnight(found, (half or found["half"] or "").lower())
        self.take(1 + bool(half))
        self.take_one((NOON, *HOURS))
        place = found["place"]
        return since_midnight, None if place is None else self._read_place(place)

    def _stated_closing(self) -> tuple[timedelta, str | None] | None:
        """Read `close of business (17:00)`; None where no hour follows."""
        start = self.next
        self.take_phrase(CLOSING_PHRASES)
        if self.peek() == "(":
            self.take()
            if (clock := self.clock()) is not None:
                self.expect(")", "close of business (17:00)")
                return clock
            self.fail("expected an hour, as in `close of business (17:00)`")
        self.next = start
        return None

    def take_closing(self) -> bool:
        """Read `close of business` without an hour: it is that of who owes it."""
        found = self.phrase(CLOSING_PHRASES)
        if found is None or self.word(found[1]) == "(":
            return False
        self.take(found[1])
        return True

    def _since_midnight(self, found: re.Match[str], half: str) -> timedelta:
        hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
        if half and hour == 12 and not minute and not second:
            self.refuse("12 a.m. and 12 p.m. are read both ways: write `noon` or 12:00, or for midnight 00:00 or 24:00")
        if half:
            if not 0 <= hour <= (12 if half[0] == "a" else 23):
                self.refuse(f"there is no such time as {hour}:{minute:02} {half}")
            hour = hour % 12 + 12 * (half[0] == "p")
        at = timedelta(hours=hour, minutes=minute, seconds=second)
        if minute > 59 or second > 59 or at > END_OF_DAY:
            self.refuse(f"there is no such time of day as {found.group()}")
        return at

    def _read_place(self, place: str) -> str:
        try:
            found = read_zone_word(place.strip("[]")) or place.strip("[]")
            zone_info(found)
        except InputError as error:
            self.refuse(str(error))
        return found


def _with_zone(term: WallTime, zone: str | None) -> WallTime:
    """Return a time in a zone; an offset stands as RFC 3339 has it."""
    if zone is None or zone == AOE or not (zone == "UTC" or FIXED.fullmatch(zone)):
        return replace(term, zone=zone)
    return replace(term, offset=read_offset("Z" if zone == "UTC" else zone))
