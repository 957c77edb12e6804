"""What follows a failed attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.core.deliveries import DeliveryError, Outcome, after_failure, backoff

DUE = datetime(2025, 11, 3, 14, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def failed(
    attempt: int = 1,
    *,
    passed: timedelta = timedelta(),
    deadline: datetime | None = None,
    random: float = 0.5,
    retry_after: timedelta | None = None,
    permanent: bool = False,
) -> Outcome:
    error = DeliveryError("451 try later", permanent=permanent, retry_after=retry_after)
    return after_failure(
        error, attempt=attempt, now=DUE + passed, first_due=DUE, deadline=deadline, random=lambda: random
    )


def pause(**how: object) -> timedelta:
    found = failed(**how)  # type: ignore[arg-type]
    assert found.state == "retry"
    assert found.next_at is not None
    return found.next_at - DUE


@pytest.mark.parametrize(
    ("attempt", "wait"),
    [
        (1, 5 * SECOND),
        (2, 30 * SECOND),
        (3, 2 * MINUTE),
        (4, 10 * MINUTE),
        (5, 30 * MINUTE),
        (6, HOUR),
        (7, HOUR),
        (99, HOUR),
    ],
)
def test_the_pauses_grow_to_an_hour_and_stay_there(attempt: int, wait: timedelta) -> None:
    assert backoff(attempt) == wait
    assert pause(attempt=attempt) == wait
    assert pause(attempt=attempt, random=0.0) == wait * 0.8
    assert wait * 1.19 < pause(attempt=attempt, random=0.9999) < wait * 1.2


@pytest.mark.parametrize("attempt", [1, 4, 99])
def test_a_limit_of_the_server_is_waited_out_by_the_pace_and_not_by_growing_pauses(attempt: int) -> None:
    def refused(passed: timedelta) -> Outcome:
        error = DeliveryError("450 too many", slow_down=True)
        return after_failure(error, attempt=attempt, now=DUE + passed, first_due=DUE, deadline=None, random=lambda: 0.5)

    found = refused(MINUTE)
    assert (found.state, found.channel, found.next_at, found.late) == (
        "retry",
        "slow",
        DUE + MINUTE + 5 * SECOND,
        False,
    )
    assert refused(HOUR).late
    assert refused(3 * DAY).state == "dead"


@pytest.mark.parametrize(
    ("attempt", "asked", "wait"),
    [
        (1, timedelta(), 5 * SECOND),
        (1, -HOUR, 5 * SECOND),
        (1, 40 * SECOND, 40 * SECOND),
        (1, 7 * DAY, HOUR),
        (4, 5 * SECOND, 10 * MINUTE),
        (6, 2 * HOUR, HOUR),
    ],
)
def test_what_the_peer_asks_for_is_honoured_between_the_backoff_and_an_hour(
    attempt: int, asked: timedelta, wait: timedelta
) -> None:
    assert pause(attempt=attempt, retry_after=asked) == wait


def test_a_permanent_failure_is_dead_at_once_whatever_else_is_said() -> None:
    assert failed(permanent=True, retry_after=HOUR, deadline=DUE + DAY) == Outcome(state="dead", error="451 try later")


@pytest.mark.parametrize(
    ("passed", "deadline", "state"),
    [
        (timedelta(), None, "retry"),
        (3 * DAY - SECOND, None, "retry"),
        (3 * DAY + SECOND, None, "dead"),
        (3 * DAY - SECOND, DUE - DAY, "retry"),  # the deadline has long passed: three days all the same
        (3 * DAY + SECOND, DUE - DAY, "dead"),
        (3 * DAY + SECOND, DUE + 7 * DAY, "retry"),
        (7 * DAY - 2 * HOUR, DUE + 7 * DAY, "retry"),
        (7 * DAY + SECOND, DUE + 7 * DAY, "dead"),
    ],
)
def test_tries_go_on_for_three_days_and_until_the_deadline(
    passed: timedelta, deadline: datetime | None, state: str
) -> None:
    found = failed(attempt=80, passed=passed, deadline=deadline)
    assert found.state == state
    assert state == "retry" or "given up after 80 attempts" in str(found.error)


@settings(max_examples=100, deadline=None)
@given(
    attempt=st.integers(1, 200),
    random=st.floats(0, 1, exclude_max=True),
    asked=st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=9)),
)
def test_a_pause_is_never_far_from_the_backoff_nor_longer_than_an_hour_and_a_fifth(
    attempt: int, random: float, asked: timedelta | None
) -> None:
    found = pause(attempt=attempt, random=random, retry_after=asked)
    assert backoff(attempt) * 0.8 <= found <= HOUR * 1.2
