"""Business days: counted, and rolled to, on the calendars of countries, of their parts, and of financial markets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, get_args

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.values import frozen

if TYPE_CHECKING:
    from holidays import HolidayBase

Roll = Literal["none", "following", "modified following", "preceding"]
ROLLS: tuple[str, ...] = get_args(Roll)
DAY = timedelta(days=1)
WEEKEND = "weekend"
# Where working days are swapped or holidays decreed year by year, a year beyond the last decree is not known yet. A
# calendar is one of those if, of the six years up to its last decree, three have swaps or all have decreed holidays; a
# last decree before this year is history (the practice has ended).
DECREED_SINCE = 2024


@cache
def data_release() -> str:
    """Return the release of the holidays that business days are counted with."""
    return version("holidays")


def check_calendar(code: str) -> str:
    """Return a calendar's code if there is such a calendar: US, DE-BY, XNYS. Raises InputError."""
    if reason := _unknown(code):
        raise InputError(f"unknown calendar {code!r}: {reason}")
    return code


@lru_cache(maxsize=1024)
def _unknown(code: str) -> str | None:
    """Return what to write instead of an unknown code; None for a known one."""
    country, dash, part = code.partition("-")
    if code in _markets():
        return None
    if country not in _countries():
        near = did_you_mean(code.upper(), [*_countries(), *_markets()])
        return f"expected a country such as US, a part of one such as DE-BY, or a market such as XNYS{near}"
    parts = _countries()[country]
    if dash and part not in parts:
        return f"{country} is known, but no such part of it{did_you_mean(part.upper(), parts)}"
    return None


def supported_calendars(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes that this release of the library knows, so that a code it dropped costs no lead."""
    return tuple(code for code in codes if not _unknown(code))


def check_roll(how: str) -> Roll:
    """Return how to roll, if there is such a way. Raises InputError."""
    found = next((known for known in get_args(Roll) if known == how), None)
    if found is None:
        raise InputError(f"no such roll as {how!r}{did_you_mean(how, ROLLS)}")
    checked: Roll = found
    return checked


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, Sequence[str]]:
    import holidays

    return holidays.list_supported_countries()


@lru_cache(maxsize=1)
def _markets() -> frozenset[str]:
    import holidays

    return frozenset(holidays.list_supported_financial())


@frozen
class _Year:
    """A year of a calendar: the days off with the holiday's name (or WEEKEND), and what is not certain of it."""

    off: Mapping[date, str]
    estimated: Mapping[date, str]
    provisional: str | None


@lru_cache(maxsize=4096)
def _year(code: str, year: int) -> _Year:
    """Work out a year once; nothing is shared that changes later, so threads may ask at the same time."""
    source = _source(code, year)
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    named = {day: source[day] for day in days if day in source}
    off = {day: named.get(day, WEEKEND) for day in days if not source.is_working_day(day)}
    labels = [getattr(source, name, None) for name in ("estimated_label", "observed_estimated_label")]
    marks = [source.tr(label).replace("%s", "").strip() for label in labels if label]
    estimated = {day: name for day, name in named.items() if any(mark in name for mark in marks)}
    provisional = None
    if not named or year > (_decreed_to(source) or year):
        known = "its fixed holidays and weekends only" if named else "weekends only"
        provisional = (
            f"the holidays of {code} in {year} are not published in holidays {data_release()}: {known} (provisional)"
        )
    return _Year(off, estimated, provisional)


def _source(code: str, year: int) -> HolidayBase:
    """Return the library's days of a year and its neighbours: a day off in lieu may lie in the year before or after."""
    import holidays

    check_calendar(code)  # the library may have dropped a stored code since
    years = [near for near in (year - 1, year, year + 1) if 1 <= near <= 9999]
    if code in _markets():
        known = holidays.financial_holidays(code)
        return holidays.financial_holidays(code, years=years, language=_english(known))
    country, _, part = code.partition("-")
    known = holidays.country_holidays(country)
    return holidays.country_holidays(country, part or None, years=years, language=_english(known))


def _english(known: HolidayBase) -> str | None:
    """Return the language of the names: stated always, as the library would else take the environment's."""
    languages = known.supported_languages
    return "en_US" if "en_US" in languages else known.default_language


def _decreed_to(source: HolidayBase) -> int | None:
    """Return the year of the last decree, where holidays or swapped working days are decreed year by year."""
    table = getattr(source, "special_public_holidays", {})
    decrees = {year: days if isinstance(days[0], tuple) else (days,) for year, days in table.items() if days}
    swaps = {year for year, days in decrees.items() if any(len(day) > 3 for day in days)}  # to, from
    for years, enough in ((swaps, 3), (set(decrees), 6)):
        last = max(years, default=0)
        if last >= DECREED_SINCE and len(years & set(range(last - 5, last + 1))) >= enough:
            return last
    return None


@dataclass(slots=True)
class BusinessCalendar:
    """A business day is one on all of some calendars (Monday to Friday, if there are none), as published.

    `touched` gathers, while it is asked, which days decided: what is not certain of them becomes an assumption.
    """

    calendars: tuple[str, ...] = ()
    touched: set[date] = field(default_factory=set)

    def why_off(self, day: date) -> str | None:
        """Return why a day is no business day: `New Year's Day in US`, `weekend in US`; None if it is one."""
        self.touched.add(day)
        if not self.calendars:
            return WEEKEND if day.weekday() >= 5 else None
        names: dict[str, list[str]] = {}
        for code in self.calendars:
            if name := _year(code, day.year).off.get(day):
                names.setdefault(name, []).append(code)
        texts = [f"{name} in {' and '.join(codes)}" for name, codes in names.items()]
        return ", ".join(sorted(texts, key=lambda why: why.startswith(WEEKEND))) or None

    def count(self, day: date, number: int) -> tuple[date, list[date]]:
        """Return the day a number of business days from a day (day 0), and the holidays passed on the way.

        Raises OverflowError beyond the years 1 to 9999.
        """
        step, skipped = DAY if number > 0 else -DAY, []
        for _ in range(abs(number)):
            day += step
            while self.why_off(day):
                skipped += [day] * self.holiday(day)
                day += step
        return day, skipped

    def holiday(self, day: date) -> bool:
        """Return whether a day is off for another reason than that it is a weekend."""
        why = self.why_off(day)
        return why is not None and not why.startswith(WEEKEND)

    def roll(self, day: date, how: Roll) -> date:
        """Move a day that is no business day to one. Raises OverflowError beyond the years 1 to 9999."""
        if how == "none" or not self.why_off(day):
            return day
        if how == "preceding":
            return self.count(day, -1)[0]
        rolled = self.count(day, 1)[0]
        if how == "modified following" and rolled.month != day.month:
            return self.count(day, -1)[0]
        return rolled

    @property
    def provisional(self) -> list[str]:
        """Return what is not certain of the days that decided, one text for each calendar."""
        found: dict[str, None] = {}
        for code in self.calendars:
            for day in sorted(self.touched):
                year = _year(code, day.year)
                if year.provisional:
                    found[year.provisional] = None
                for near in (day - DAY * (day > date.min), day, day + DAY * (day < date.max)):
                    if name := year.estimated.get(near):
                        found[f"{name} of {code} in {near.year} may fall a day earlier or later (provisional)"] = None
        return list(found)
