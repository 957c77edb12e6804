"""Deliveries: what is handed over, its states, when to try again, and when to give up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal
from uuid import UUID

from alerts.core.absences import Absentee
from alerts.core.change_events import ChangeEvent
from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.messages import Message
from alerts.core.notifications import ReminderContext
from alerts.core.summaries import Scope

State = Literal["pending", "leased", "retry", "sent", "dead", "bounced", "superseded", "dismissed"]
OPEN: tuple[State, ...] = ("pending", "retry", "leased")

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600))
JITTER = 0.2
LONGEST_PAUSE = BACKOFF[-1] * (1 + JITTER)
TRY_FOR_AT_LEAST = timedelta(days=3)
LATE = timedelta(hours=1)  # after failing this long it also goes to the fallback, while tries go on


class FailureLevel(IntEnum):
    """How far a delivery has failed; each level is reported once, a worse one again."""

    NOT = 0
    TEMPLATE = 1  # it goes out all the same, in a simpler form
    LATE = 2  # it has failed for an hour, or was overtaken before it got through
    DEAD = 3


class DeliveryError(Exception):
    """A message could not be handed over.

    `permanent`: this recipient will never take it. `channel_out`: it is not about this message or recipient, the other
    side takes nothing from anybody now; with `permanent`, never again. `slow_down`: it takes messages, but fewer at a
    time. `retry_after`: the peer asked for this pause.
    The text is one line for the ledger and must hold no secret.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        channel_out: bool = False,
        slow_down: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.channel_out = channel_out
        self.slow_down = slow_down
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended, and what follows from it.

    `remote`: the last reply of the `server` (its host) that has accepted it. `late`: it has failed for an hour.
    `channel`: the state of the other side. `pause`: what that asked for, clamped.
    """

    state: State
    next_at: datetime | None = None
    remote: str | None = None
    server: str | None = None
    error: str | None = None
    late: bool = False
    channel: Literal["up", "slow", "out", "off"] = "up"
    pause: timedelta | None = None


def backoff(attempt: int) -> timedelta:
    """Return how long to wait after an attempt (1-based) failed."""
    return BACKOFF[min(attempt, len(BACKOFF)) - 1]


def give_up_at(first_due: datetime, deadline: datetime | None) -> datetime:
    """Return when attempts end: three days after it was first due, but not before the deadline has passed."""
    return max(first_due + TRY_FOR_AT_LEAST, deadline or first_due)


def after_failure(
    error: DeliveryError,
    *,
    attempt: int,
    now: datetime,
    first_due: datetime,
    deadline: datetime | None,
    random: Callable[[], float],
) -> Outcome:
    """Decide what follows a failed attempt: again after a pause, or dead. `random` returns a number in [0, 1)."""
    channel: Literal["up", "slow", "out"] = "out" if error.channel_out else "slow" if error.slow_down else "up"
    if error.permanent:
        return Outcome(state="dead", error=str(error), channel="off" if error.channel_out else "up")
    base = backoff(1 if channel == "slow" else attempt)  # the pace of the channel makes it wait for its turn
    asked = None if error.retry_after is None else min(max(error.retry_after, base), BACKOFF[-1])
    if now >= give_up_at(first_due, deadline):
        return Outcome(state="dead", error=f"{error} (given up after {attempt} attempts)", channel=channel, pause=asked)
    pause = asked or base * (1 + JITTER * (2 * random() - 1))
    late = now - first_due >= LATE
    return Outcome(state="retry", next_at=now + pause, error=str(error), late=late, channel=channel, pause=asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one recipient gets through one channel, claimed by this process until its lease ends.

    `fence` tells this claim from others. `contexts` is what it carries. A `notice` goes to operators instead; a
    `summary` is gathered by its scope; an `event` goes to a subscriber. `zone` is the zone of the recipient, if that is
    a person who states one. `first_due` and `tries` (this one included) count from the last retry by a person;
    `attempt` counts all. `on_behalf_of`: the absent people for whom a deputy gets it. `message` is None until it is
    rendered.
    """

    id: UUID
    channel: str
    recipient: str
    fence: int
    attempt: int
    tries: int
    first_due: datetime
    deadline: datetime | None
    zone: str | None = None
    contexts: tuple[ReminderContext, ...]
    notice: Notice | None = None
    summary: Scope | None = None
    event: ChangeEvent | None = None
    fallback_for: DeliveryFailure | None = None
    on_behalf_of: tuple[Absentee, ...] = ()
    message: Message | None
    entries: str | None = None  # identifies the reminders of the message, if stored


EndedAttempt = tuple[Delivery, Outcome, datetime, datetime]  # with when it started and ended
