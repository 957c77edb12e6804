"""What holds for every deadline there can be, and for every text that is none."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.core.deadlines import (
    KEY,
    WORDS,
    After,
    Between,
    By,
    CivilDay,
    CivilPeriod,
    Deadline,
    DeadlineError,
    During,
    From,
    On,
    OneOf,
    Reference,
    Shifted,
    To,
    Undated,
    WallTime,
    Within,
    parse,
)
from alerts.core.durations import MOST_BUSINESS_DAYS, BusinessDays, Duration
from alerts.core.expressions import DOUBTS, UNDATED

WHOLE = 100_000 if os.environ.get("SIMULATE") == "whole" else 0


def thorough(examples: int) -> settings:
    """So many examples in the suite; all of them where SIMULATE is `whole`."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=WHOLE or examples, deadline=None, suppress_health_check=slow)


ZONES = st.sampled_from([None, "UTC", "AoE", "America/New_York", "America/Argentina/Buenos_Aires"])
OFFSETS = st.none() | st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes))
WALLS = st.datetimes().map(lambda wall: wall.replace(microsecond=0))
KEYS = st.from_regex(KEY, fullmatch=True).filter(lambda key: key.lower() not in WORDS)
DOUBT = st.sampled_from([None, *DOUBTS.values()])
DATED = st.one_of(
    st.builds(CivilDay, st.dates(), ZONES, DOUBT),
    st.builds(CivilPeriod, st.integers(1, 9999), st.none() | st.integers(1, 12), ZONES, DOUBT),
    st.builds(WallTime, WALLS, OFFSETS, ZONES),
)
REFERENCES = st.builds(Reference, KEYS)
TERMS = DATED | REFERENCES
NUMBERS = st.integers(0, 999)
DURATIONS = st.builds(Duration, NUMBERS, NUMBERS, NUMBERS, NUMBERS.map(lambda n: timedelta(seconds=n))).filter(bool)
LEADS = DURATIONS | st.builds(BusinessDays, st.integers(1, MOST_BUSINESS_DAYS))
SIMPLE: st.SearchStrategy[Deadline] = st.one_of(
    st.builds(On, DATED),
    st.builds(After, TERMS),
    st.builds(By, TERMS, st.sampled_from(["by", "until"])),
    st.builds(Between, TERMS, TERMS),
    st.builds(From, DATED, st.sampled_from(["open", "unknown"])),
    st.builds(To, DATED, st.sampled_from(["open", "unknown"])),
    st.builds(Within, LEADS, TERMS),
    st.builds(Shifted, LEADS, st.sampled_from(["after", "before"]), TERMS),
    st.builds(During, REFERENCES),
    st.builds(Undated, st.sampled_from(list(UNDATED.values()))),
)
DEADLINES = st.recursive(
    SIMPLE,
    lambda parts: st.builds(
        OneOf, st.sampled_from(["earlier", "later"]), st.lists(parts, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=8,
).filter(lambda deadline: len(str(deadline)) <= 1000)


@thorough(200)
@given(DEADLINES)
def test_what_is_printed_reads_back_the_same(deadline: Deadline) -> None:
    assert parse(str(deadline)) == deadline


PIECES = [
    *sorted(WORDS), *"( ) ; / .. ~ ? % [ ] T Z - : business days".split(), "P7D", "10", "2025", "2025-11-10", "2025-11",
    "2025-XX", "2025-22", "AoE", "busan", "2025-11-10T12:01Z", "2025/..", "\0", "\ud800", "９", "1" * 50,
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


@thorough(400)
@given(st.text(max_size=60) | WORDY | mutated())
def test_any_text_is_a_deadline_or_a_deadline_error(text: str) -> None:
    with suppress(DeadlineError):
        found = parse(text)
        assert parse(str(found)) == found
