"""What holds for every deadline there can be, and for every text that is none."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import date, time, timedelta
from typing import cast, get_args

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from alerts.deadlines import english
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_day_series import MOST_PLACES
from alerts.deadlines.business_days import ROLLS, BusinessCalendar, Roll
from alerts.deadlines.counting import RULES, BusinessHours, Counted, Span
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.durations import MOST_BUSINESS_DAYS, BusinessDays, Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import (
    UNDATED,
    After,
    AfterDone,
    Before,
    Between,
    By,
    Deadline,
    During,
    Every,
    From,
    On,
    OneOf,
    To,
    Undated,
    Within,
    is_side,
)
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.grammar import parse
from alerts.deadlines.keys import KEY, RESERVED_WORDS
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.recurrence import Recurrence, name_occurrence, read_rule
from alerts.deadlines.stated_dates import DOUBTS, CivilDay, CivilPeriod, FiscalPeriod, Reference, WallTime
from alerts.deadlines.terms import ClockOn, DayIn, Direction, EachPeriodEnd, PeriodAt, Shifted, Term, Unit, WeekdayFrom
from alerts.deadlines.tokens import DeadlineError
from alerts.deadlines.wording import WEEKDAY_NAMES
from alerts.deadlines.zone_choice import Obligor, ZoneChoice

WHOLE = os.environ.get("SIMULATE") == "whole"


def thorough(examples: int, whole: int = 2_000) -> settings:
    """So many examples in the suite; `whole` of them where SIMULATE says so."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=whole if WHOLE else examples, deadline=None, suppress_health_check=slow)


ZONES = st.sampled_from([None, "UTC", "AoE", "America/New_York", "America/Argentina/Buenos_Aires", "-03:30"])
OFFSETS = st.none() | st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes))
WALLS = st.datetimes().map(lambda wall: wall.replace(microsecond=0))


def english_tables() -> list[list[str]]:
    """Return the phrases of each table of the English of deadlines."""
    return [[*table] for name, table in vars(english).items() if name.isupper() and isinstance(table, dict | tuple)]


WORDS_AS_KEYS = sorted(
    {word for table in english_tables() for phrase in table for word in phrase.split() if KEY.fullmatch(word)}
    | {"q2", "w14", "5pm", "12pm", "p1x", "p7d", "mid-march", "1st", "31-mar-2027", "2027-q2", "utc", "cet"}
)
LETTERS = (
    st.text("abpxyzPTXZ0129._-", min_size=1, max_size=12)
    | st.sampled_from(["P7D", "2025-11-XX", "k" * 100])
    | st.integers(0, len(WORDS_AS_KEYS) - 1).map(lambda number: WORDS_AS_KEYS[number])  # its text stays short
)
KEYS = LETTERS.filter(lambda key: KEY.fullmatch(key) is not None and key.lower() not in RESERVED_WORDS)
DOUBT = st.sampled_from([None, *DOUBTS.values()])
PARTS = st.sampled_from(["Q1", "Q4", "H1", "H2", "W1", "W9", "W52"])
SIDES = st.one_of(
    st.builds(CivilDay, st.dates(), ZONES, DOUBT),
    st.builds(CivilPeriod, st.integers(1, 9999), st.none() | st.integers(1, 12), ZONES, DOUBT),
    st.builds(WallTime, WALLS, OFFSETS, ZONES),
)
FISCAL = st.builds(
    lambda year, two, part, zone, doubt: FiscalPeriod(year, year + 1 if two else None, part, zone, doubt),
    st.integers(1, 9999), st.booleans(), st.sampled_from([None, "Q1", "Q4", "H1", "H2"]), ZONES, DOUBT,
)  # fmt: skip
DATED = st.one_of(
    st.builds(CivilDay, st.dates(), ZONES, DOUBT),
    st.builds(CivilPeriod, st.integers(1, 9999), st.none() | st.integers(1, 12), ZONES, DOUBT),
    st.builds(CivilPeriod, st.integers(1, 9998), st.none(), ZONES, DOUBT, PARTS),
    st.builds(WallTime, WALLS, OFFSETS, ZONES),
    FISCAL,
)
REFERENCES = st.builds(Reference, KEYS)
NUMBERS = st.integers(0, 999)
DURATIONS = st.builds(Duration, NUMBERS, NUMBERS, NUMBERS, NUMBERS.map(lambda n: timedelta(seconds=n))).filter(bool)
LEADS = DURATIONS | st.builds(BusinessDays, st.integers(1, MOST_BUSINESS_DAYS))
DAY_COUNTS = st.builds(Duration, days=st.integers(1, 400)) | st.builds(BusinessDays, st.integers(1, 400))
RANGES = st.lists(
    st.tuples(st.dates(), st.integers(0, 99)).filter(lambda one: one[0].year < 9999), min_size=1, max_size=2
).map(lambda ranges: tuple(sorted({(day, day + timedelta(days=more)) for day, more in ranges})))
MINUTES = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
CLOSING = MINUTES.filter(lambda clock: clock > time(9))
RULED = st.sampled_from([*RULES])
SPANS: st.SearchStrategy[Span] = st.one_of(
    LEADS,
    st.builds(Counted, LEADS, RULED),
    st.builds(Counted, DAY_COUNTS, RULED | st.none(), RANGES, st.none() | MINUTES),
    st.builds(BusinessHours, st.integers(1, 100), st.none() | st.builds(OpeningHours, st.just(time(9)), CLOSING)),
)
DIRECTIONS: st.SearchStrategy[Direction] = st.sampled_from(["after", "before"])
UNITS: st.SearchStrategy[Unit] = st.sampled_from([*get_args(Unit)])
POSITIONS = st.integers(1, 40)
DAYS = st.builds(CivilDay, st.dates(), ZONES, DOUBT)
CLOCKS = st.times().map(lambda clock: clock.replace(microsecond=0))
PERIODS = st.builds(CivilPeriod, st.integers(1, 9999), st.none() | st.integers(1, 12), ZONES, DOUBT)


EACH = st.builds(
    EachPeriodEnd,
    UNITS.filter(lambda unit: unit not in ("day", "week")),
    st.none() | st.dates(),
    st.none() | st.dates(),
)


def anchored(bases: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    """A day or a period that is found from another one."""
    periods = st.builds(PeriodAt, UNITS, st.integers(-99, 99), bases)
    return st.one_of(
        periods,
        st.builds(DayIn, st.integers(1, 99) | st.integers(-9, -1), COUNTED, periods),
        st.builds(DayIn, POSITIONS, st.just("business day"), PERIODS),
        st.builds(DayIn, POSITIONS, COUNTED, FISCAL),
        st.builds(WeekdayFrom, POSITIONS, st.sampled_from(WEEKDAY_NAMES), DIRECTIONS, bases),
        st.builds(ClockOn, st.none() | CLOCKS, ZONES, st.builds(PeriodAt, UNITS, POSITIONS, bases) | REFERENCES | EACH),
        st.builds(ClockOn, st.none(), ZONES, DAYS),
    )


COUNTED = st.sampled_from(["day", "business day", *WEEKDAY_NAMES])
TERMS: st.SearchStrategy[Term] = st.recursive(
    DATED | REFERENCES | EACH,
    lambda bases: anchored(bases) | st.builds(Shifted, SPANS, DIRECTIONS, bases),
    max_leaves=3,
)
SIMPLE: st.SearchStrategy[Deadline] = st.one_of(
    st.builds(On, DATED),
    st.builds(On, DATED | EACH | anchored(DATED | REFERENCES | EACH)),
    st.builds(After, TERMS),
    st.builds(Before, TERMS),
    st.builds(By, TERMS, st.sampled_from(["by", "until"])),
    st.builds(Between, TERMS, TERMS),
    st.builds(From, SIDES, st.sampled_from(["open", "unknown"])),
    st.builds(From, TERMS.filter(lambda term: not is_side(term))),
    st.builds(To, SIDES, st.sampled_from(["open", "unknown"])),
    st.builds(Within, SPANS, TERMS),
    st.builds(Shifted, SPANS, DIRECTIONS, TERMS),
    st.builds(During, REFERENCES),
    st.builds(Undated, st.sampled_from(list(UNDATED.values()))),
)


@st.composite
def recurring(draw: st.DrawFn) -> Every:
    """What comes again, by a rule that is printed as it is read."""
    timed = draw(st.booleans())
    zone = draw(ZONES)
    wall = draw(WALLS)
    start = WallTime(wall, None, zone) if timed else CivilDay(wall.date(), zone)
    rule = draw(
        st.sampled_from(
            "FREQ=DAILY FREQ=WEEKLY;BYDAY=MO,FR FREQ=MONTHLY;BYMONTHDAY=-1 FREQ=YEARLY;COUNT=3 "
            "FREQ=MONTHLY;BYDAY=-1FR FREQ=WEEKLY;INTERVAL=2;WKST=SU FREQ=DAILY;UNTIL=99991231".split()
        )
    )
    with suppress(InputError):  # near the year 9999 a rule may find no day any more
        read_rule(rule, wall if timed else wall.date())
        left_out = draw(st.lists(WALLS.map(lambda one: name_occurrence(one if timed else one.date())), max_size=3))
        return Every(rule, start, tuple(sorted(set(left_out), key=Recurrence.order)))
    if draw(st.booleans()):
        place = draw(st.integers(1, MOST_PLACES)) * draw(st.sampled_from([1, -1]))
        return Every(draw(st.sampled_from(["FREQ=MONTHLY", "FREQ=YEARLY;BYMONTH=3,6"])), start, business_day=place)
    if draw(st.booleans()):
        return Every(draw(st.sampled_from(["FREQ=YEARLY", "FREQ=MONTHLY;COUNT=3"])), Reference("signing"), (), 0,
                     draw(st.sampled_from(["from", "after"])))  # fmt: skip
    return Every("FREQ=DAILY", start)


DONE_LEADS = DURATIONS.filter(lambda one: not one.time) | st.builds(BusinessDays, st.integers(1, 400))
DEADLINES = (
    st.recursive(
        SIMPLE,
        lambda parts: st.builds(
            OneOf, st.sampled_from(["earlier", "later"]), st.lists(parts, min_size=2, max_size=3).map(tuple)
        ),
        max_leaves=8,
    ).filter(lambda deadline: len(str(deadline)) <= 1000)
    | recurring()
    | st.builds(AfterDone, DONE_LEADS, st.builds(CivilDay, st.dates(), ZONES))
)


@thorough(150)
@given(DEADLINES)
def test_what_is_printed_reads_back_the_same(deadline: Deadline) -> None:
    assert parse(str(deadline)) == deadline


PIECES = [
    *sorted(RESERVED_WORDS), *"( ) ; / .. ~ ? % [ ] T Z - : business days".split(), "P7D", "10", "2025", "2025-11-10",
    "2025-11", "2025-XX", "2025-22", "AoE", "busan", "2025-11-10T12:01Z", "2025/..", "\0", "\ud800", "９", "1" * 50,
    "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;COUNT=", "2025-11-30,", "31", "March", "2027", "Q2", "5pm", "17:00",
    "UTC+8", "CET", "Europe/Brussels", "31st", "(30)", "10/11/2025", "mid-March", "24:00", ",",
    *(phrase for table in english_tables() for phrase in table),
]  # fmt: skip
WORDY = st.lists(st.sampled_from(PIECES) | st.text(max_size=8)).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda between: between.join(words))
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A deadline with a piece of it cut out, and something else in its place."""
    text = str(draw(DEADLINES))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 12)))
    return text[:start] + draw(st.sampled_from(["", *PIECES]) | st.text(max_size=3)) + text[end:]


@thorough(250, whole=100_000)
@given(st.text(max_size=60) | WORDY | mutated())
def test_any_text_is_a_deadline_or_a_deadline_error(text: str) -> None:
    with suppress(DeadlineError):
        found = parse(text)
        assert parse(str(found)) == found


PLACES = st.sampled_from(
    [None, "UTC", "AoE", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo"]
)
CALENDARS = st.sampled_from([(), ("US",), ("CN", "US"), ("DE-BY",), ("SA",), ("XNYS", "AE")])
OBLIGORS = st.sampled_from(
    [
        None,
        Obligor("Acme", OpeningHours(time(9), time(17, 30)), FiscalYear(4, 1, 1)),
        Obligor("Acme", None, FiscalYear(4, 6)),
    ]
)
CHOICES = st.builds(ZoneChoice, PLACES, st.none(), CALENDARS, st.none(), st.sampled_from(ROLLS), OBLIGORS)
KNOWN = {
    text.replace(" ", "-"): resolve(parse(text), ZoneChoice(zone), {})
    for text, zone in (
        ("2025-11-10", "Asia/Seoul"), ("2025-11", None), ("after 2025", "UTC"), ("by 2025-11-10T12:00", None),
        ("undated", None),
    )
}  # fmt: skip


def near(deadline: Deadline) -> Deadline:
    """The same in a century that has calendars, on commitments that there are."""
    keys = sorted(KNOWN)

    def moved(part: object) -> object:
        match part:
            case Reference(key):
                return Reference(keys[len(key) % len(keys)])
            case CivilDay(date=day):
                return replace(part, date=date(1950 + day.year % 150, day.month, min(day.day, 28)))
            case FiscalPeriod(year=year, ends=ends):
                year = 1950 + year % 150
                return replace(part, year=year, ends=ends and year + 1)
            case CivilPeriod(year=year):
                return replace(part, year=1950 + year % 150)
            case WallTime(wall=wall):
                return replace(part, wall=wall.replace(year=1950 + wall.year % 150, day=min(wall.day, 28)), offset=None)
            case BusinessDays(count):
                return BusinessDays(1 + count % 300)
            case Duration(years=years):
                return replace(part, years=_few(years), months=_few(part.months))
            case tuple():
                return tuple(map(moved, part))
            case _ if is_dataclass(part) and not isinstance(part, type):
                return replace(part, **{one.name: moved(getattr(part, one.name)) for one in fields(part)})
            case _:
                return part

    return cast("Deadline", moved(deadline))


def _few(count: int) -> int:
    """Return a smaller number, and nothing only for nothing: a duration of 150 months is not to become none."""
    return 1 + count % 49 if count else 0


@thorough(200)
@given(DEADLINES.map(near), CHOICES)
def test_bounds_are_in_order_and_stored_as_they_are_and_the_basis_says_why(
    deadline: Deadline, choice: ZoneChoice
) -> None:
    try:
        found = resolve(deadline, choice, KNOWN)
    except InputError:
        assume(False)
    assert found.earliest is None or found.latest is None or found.earliest <= found.latest
    assert (found.named is None) == (found.first is None and found.last is None)
    assert found.explanation
    assert Bounds.from_json(found.to_json()) == found


@thorough(100)
@given(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(1, 300), CALENDARS)
def test_counting_there_and_back_ends_where_it_began(day: date, count: int, calendars: tuple[str, ...]) -> None:
    asked = BusinessCalendar(calendars)
    start, _ = asked.count(day, 1)
    there, _ = asked.count(start, count)
    assert asked.why_off(there) is None
    assert asked.count(there, -count)[0] == start


@thorough(100)
@given(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.sampled_from(ROLLS[1:]), CALENDARS)
def test_a_roll_ends_on_the_nearest_business_day_on_its_side(day: date, how: Roll, calendars: tuple[str, ...]) -> None:
    asked = BusinessCalendar(calendars)
    rolled = asked.roll(day, how)
    assert asked.why_off(rolled) is None
    assert asked.roll(rolled, how) == rolled
    if how != "modified following":
        assert (rolled >= day) == (how == "following") or rolled == day
    else:
        assert rolled.month == day.month
