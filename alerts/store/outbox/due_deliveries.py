"""Which deliveries are due, held, too old or free to be claimed.

The conditions have parameters, which `moments` gives: a statement is built once, and takes several times as long to
build as to execute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
)

from alerts.core.deliveries import (
    LATE,
    LONGEST_PAUSE,
    TRY_FOR_AT_LEAST,
    FailureLevel,
)
from alerts.store import delivery_tables
from alerts.store.held_sending import may_send
from alerts.store.outbox.reach import is_served

_D = delivery_tables.deliveries.c


_ASKED = func.coalesce(_D.retried_at, _D.created_at)
due_since = case((_D.held_until > _ASKED, _D.held_until), else_=_ASKED)  # the schedule of retries counts from here


LONGEST_LEASE = timedelta(minutes=21)  # the lease for the longest timeout of a channel


def moments(now: datetime, real: datetime | None = None) -> dict[str, datetime]:
    """Return the parameters of the conditions below; `real` is the clock by which leases run."""
    found = {
        "_now": now,
        "_pauses_end": now + LONGEST_PAUSE,
        "_late_since": now - LATE,
        "_old_since": now - TRY_FOR_AT_LEAST,
    }
    return found | ({"_real": real, "_leases_end": real + LONGEST_LEASE} if real else {})


def _moment(name: str) -> Any:
    return bindparam(name, type_=_D.next_at.type)


def worse(level: Any) -> Any:
    """Return how far it has failed by now; failed notices and events are not reported."""
    return case((delivery_tables.REPORTS_NO_FAILURE, 0), (_D.failure_level < level, level), else_=_D.failure_level)


# No snooze holds it back.
NOT_HELD = or_(_D.held_until.is_(None), _D.held_until <= _moment("_now"))
# Its lease ended before an outcome was recorded. A time too far ahead comes from a wrong clock.
IS_ABANDONED = and_(
    _D.state == "leased", or_(_D.lease_until <= _moment("_real"), _D.lease_until > _moment("_leases_end"))
)
# It is given up, by the same rule as `give_up_at`.
IS_TOO_OLD = and_(_moment("_old_since") >= due_since, func.coalesce(_D.deadline, _moment("_now")) <= _moment("_now"))
# It has waited for an hour, and is not recorded as late yet.
IS_LATE = and_(
    _moment("_late_since") >= due_since,
    _D.failure_level < int(FailureLevel.LATE),
    not_(delivery_tables.REPORTS_NO_FAILURE),
)
_WAITS = and_(
    _D.state.in_(("pending", "retry")),
    or_(_D.next_at <= _moment("_now"), _D.next_at > _moment("_pauses_end")),  # too far ahead: from a wrong clock
)
_CLAIMABLE = (
    delivery_tables.OPEN,
    _D.channel == bindparam("_channel"),
    or_(_WAITS, IS_ABANDONED),
    NOT_HELD,
    may_send(),
    _D.id.not_in(bindparam("_exclude", expanding=True)),
)
_READY_AT = case((_D.held_until > _D.next_at, _D.held_until), else_=_D.next_at)


@dataclass(frozen=True, slots=True)
class ClaimStatements:
    """What a channel worker asks, with the parameters `_channel`, `_recipients` (if it has any) and `moments`.

    `any_due` and `due` select what may be claimed but `_exclude`, of which `due` locks up to `_limit`. `pauses` selects
    when the next one is due, and when the next lease ends.
    """

    any_due: Select[Any]
    due: Select[Any]
    pauses: Select[Any]


@cache
def claim_statements(*, anybody: bool, owners: bool) -> ClaimStatements:
    """Return the statements of a worker that sends to anybody, or to some recipients and, if `owners`, all people."""
    served = is_served(None if anybody else bindparam("_recipients", expanding=True), owners=owners)
    due = select(delivery_tables.deliveries).where(*_CLAIMABLE, served).order_by(_D.next_at, _D.event_revision)
    mine = (delivery_tables.OPEN, _D.channel == bindparam("_channel"), served, may_send())
    waiting = select(func.min(_READY_AT, type_=_D.next_at.type)).where(*mine, _D.state != "leased")
    leased = select(func.min(_D.lease_until)).where(*mine, _D.state == "leased")
    return ClaimStatements(
        any_due=select(_D.id).where(*_CLAIMABLE, served).limit(1),
        # What another replica has locked is skipped. SQLite has one writer, and no such clause.
        due=due.limit(bindparam("_limit", type_=Integer)).with_for_update(skip_locked=True),
        pauses=select(waiting.scalar_subquery(), leased.scalar_subquery()),
    )
