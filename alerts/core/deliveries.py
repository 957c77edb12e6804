"""Deliveries: the states of handing a message over, when to try again, and when to give up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["pending", "leased", "retry", "sent", "dead", "superseded", "dismissed"]
OPEN: tuple[State, ...] = ("pending", "retry", "leased")

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600))
JITTER = 0.2
TRY_AT_LEAST = timedelta(days=3)


class DeliveryError(Exception):
    """A message could not be handed over.

    `permanent`: this recipient will never take it. `retry_after`: the peer asked for this pause. The text is one
    line for the ledger and must hold no secret.
    """

    def __init__(self, text: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended, and what follows from it."""

    state: State
    next_at: datetime | None = None
    remote: str | None = None
    error: str | None = None


def backoff(attempt: int) -> timedelta:
    """How long to wait after the given attempt (1-based) failed."""
    return BACKOFF[min(attempt, len(BACKOFF)) - 1]


def after_failure(
    error: DeliveryError,
    *,
    attempt: int,
    now: datetime,
    first_due: datetime,
    deadline: datetime | None,
    random: Callable[[], float],
) -> Outcome:
    """Decide what follows a failed attempt: again after a pause, or dead.

    Tries go on for at least three days from when it was first due, and in any case until the deadline has passed.
    `random` returns a number in [0, 1).
    """
    if error.permanent:
        return Outcome(state="dead", error=str(error))
    base = backoff(attempt)
    pause = base * (1 + JITTER * (2 * random() - 1))
    if error.retry_after is not None:
        pause = min(max(error.retry_after, base), BACKOFF[-1])
    give_up_at = max(first_due + TRY_AT_LEAST, deadline or first_due)
    if now >= give_up_at:
        return Outcome(state="dead", error=f"{error} (given up after {attempt} attempts)")
    return Outcome(state="retry", next_at=now + pause, error=str(error))
