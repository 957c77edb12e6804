"""Rates as they are stated, and how many messages they let go: by their own limit, and by that of a server."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from alerts.core.sending_rates import EXPECTED, FIRST_SLOWED, RECOVERS_AFTER, SLOWEST, Pace, Rate
from alerts.deadlines.errors import InputError


@pytest.mark.parametrize(
    ("text", "per_second"), [("1/s", 1), ("30/min", 0.5), ("100/h", 100 / 3600), ("10000/s", 10_000)]
)
def test_a_rate_is_read_as_it_is_written(text: str, per_second: float) -> None:
    rate = Rate.parse(text)
    assert (rate.per_second, str(rate)) == (pytest.approx(per_second), text)


@pytest.mark.parametrize("text", ["", "1", "0/s", "-1/s", "1.5/s", "1 /s", "1/S", "1/day", "10001/s", "01/s", "１/s"])
def test_what_is_no_rate_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Rate.parse(text)
    assert str(caught.value) == EXPECTED


def sent(pace: Pace, until: float, at: float = 100.0) -> list[float]:
    """Return when messages go, each as soon as it may."""
    end, times = at + until, list[float]()
    while True:
        at += pace.wait(at)
        if at > end:
            return times
        pace.take()
        times.append(at)


@pytest.mark.parametrize(("text", "burst"), [("1/s", 1), ("5/s", 1), ("30/min", 4), ("100/h", 1), ("7/min", 60)])
def test_a_burst_goes_at_once_and_then_as_many_as_the_rate_allows(text: str, burst: int) -> None:
    rate = Rate.parse(text)
    times = sent(Pace(rate, burst), 3600)
    assert times[:burst] == [100.0] * burst
    gaps = {round(later - earlier, 4) for earlier, later in pairwise(times[burst - 1 :])}
    assert gaps == {round(1 / rate.per_second, 4)}
    assert len(times) == burst + math.floor(3600 * rate.per_second + 1e-6)


def test_what_was_not_used_makes_a_burst_and_no_more() -> None:
    pace = Pace(Rate(1, "s"), 3)
    sent(pace, 10, at=0.0)
    assert pace.room(1000.0) == 3


def test_without_a_rate_nothing_is_limited() -> None:
    pace = Pace()
    for _ in range(5):
        pace.take()
    assert (pace.room(0.0), pace.wait(0.0)) == (math.inf, 0.0)


def test_each_refusal_halves_the_pace_until_one_a_minute() -> None:
    limited, unlimited = Pace(Rate(4, "s"), 10), Pace()
    found = []
    for at in range(20):
        for pace in (limited, unlimited):
            pace.slow_down(float(at))
            assert pace.room(float(at)) == 0
        found.append((limited.slowed, unlimited.slowed))
    assert found[:3] == [(2, FIRST_SLOWED), (1, FIRST_SLOWED / 2), (0.5, FIRST_SLOWED / 4)]
    assert found[-1] == (SLOWEST, SLOWEST)
    assert limited.slowed_text == "1 a minute"
    assert limited.wait(19.0) == pytest.approx(60)


def test_a_slowed_channel_sends_one_at_a_time_and_no_burst() -> None:
    pace = Pace(Rate(100, "s"), 50)
    pace.slow_down(0.0)
    assert pace.room(100.0) == 1


def test_it_recovers_by_doubling_after_each_minute_without_a_refusal() -> None:
    pace = Pace(Rate(4, "s"))
    for _ in range(3):
        pace.slow_down(0.0)
    found = []
    for at in range(1, 200):
        pace.recover(float(at))
        found.append(pace.slowed)
    minute = int(RECOVERS_AFTER)
    assert found[: minute - 1] == [0.5] * (minute - 1)
    assert found[minute - 1 : 2 * minute - 1] == [1] * minute
    assert found[2 * minute - 1 : 3 * minute - 1] == [2] * minute
    assert found[3 * minute - 1] is None
    assert pace.wait(1000.0) == 0


def test_a_channel_without_a_rate_is_at_full_speed_again_in_the_end() -> None:
    pace = Pace()
    pace.slow_down(0.0)
    for minute in range(1, 10):
        pace.recover(minute * RECOVERS_AFTER)
    assert pace.room(1000.0) == math.inf
