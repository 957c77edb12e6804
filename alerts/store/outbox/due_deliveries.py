"""Which deliveries are due, held, too old or free to be claimed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    and_,
    case,
    func,
    not_,
    or_,
)

from alerts.core.deliveries import (
    LATE,
    LONGEST_PAUSE,
    TRY_FOR_AT_LEAST,
    FailureLevel,
)
from alerts.store import delivery_tables
from alerts.store.held_sending import may_send

_D = delivery_tables.deliveries.c


_ASKED = func.coalesce(_D.retried_at, _D.created_at)
due_since = case((_D.held_until > _ASKED, _D.held_until), else_=_ASKED)  # the schedule of retries counts from here


_D = delivery_tables.deliveries.c


LONGEST_LEASE = timedelta(minutes=21)  # the lease for the longest timeout of a channel


def worse(level: Any) -> Any:
    """Return how far it has failed by now; failed notices and events are not reported."""
    return case((delivery_tables.REPORTS_NO_FAILURE, 0), (_D.failure_level < level, level), else_=_D.failure_level)


def claimable(channel: str, now: datetime, real: datetime, exclude: Collection[UUID]) -> tuple[Any, ...]:
    """Return the conditions for a claim: none while sending is held. A time too far ahead comes from a wrong clock."""
    waiting = and_(_D.state.in_(("pending", "retry")), or_(_D.next_at <= now, _D.next_at > now + LONGEST_PAUSE))
    mine = (_D.id.not_in(exclude),) if exclude else ()
    return (
        delivery_tables.OPEN,
        _D.channel == channel,
        or_(waiting, is_abandoned(real)),
        not_held(now),
        may_send(),
        *mine,
    )


def not_held(now: datetime) -> Any:
    """Whether no snooze holds it back."""
    return or_(_D.held_until.is_(None), _D.held_until <= now)


def is_abandoned(real: datetime) -> Any:
    """Whether its lease ended before an outcome was recorded."""
    return and_(_D.state == "leased", or_(_D.lease_until <= real, _D.lease_until > real + LONGEST_LEASE))


def is_too_old(now: datetime) -> Any:
    """Whether it is given up, by the same rule as `give_up_at`."""
    return and_(now - TRY_FOR_AT_LEAST >= due_since, func.coalesce(_D.deadline, now) <= now)


def is_late(now: datetime) -> Any:
    """Whether it has waited for an hour, and is not recorded as late yet."""
    return and_(
        now - LATE >= due_since, _D.failure_level < int(FailureLevel.LATE), not_(delivery_tables.REPORTS_NO_FAILURE)
    )
