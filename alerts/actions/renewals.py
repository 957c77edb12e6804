"""What the answers of a notice do to the renewal that it is about: it goes on, or it ends after the term."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import datetime

from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import NOTICE_ANSWERS, Commitment, End
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.rule_parts import without_end
from alerts.store.commitment_changes import CommitmentChanges


def require_end(now: Tracked, end: End) -> None:
    """Raise InputError for an end that the commitment cannot have: a notice is answered, nothing else is renewed."""
    key, is_notice = now.commitment.key, now.commitment.kind == "notice"
    if is_notice and end in ("fulfilled", "breached"):
        raise InputError(
            f"{key} is a notice: say whether what it is about was cancelled (--as cancelled) or renewed (--as renewed)"
        )
    if not is_notice and end in NOTICE_ANSWERS:
        raise InputError(f"{key} is no notice: close it as fulfilled, breached or withdrawn")
    if end in NOTICE_ANSWERS and now.recurs:
        raise InputError(f"{key}: say which notice was answered, with --occurrence; to end all of them, close it as "
                         "withdrawn")  # fmt: skip


def end_renewal(changes: CommitmentChanges, notice: Tracked, change: Change) -> None:
    """End the renewal that a notice is about: the one that the notice was given for is its last date."""
    base = changes.find(renewal_of(notice.commitment))
    deadline = parse(base.commitment.deadline)
    if not base.open or not notice.occurrence:
        return
    if not isinstance(deadline, Every):
        raise InputError(
            f"{base.commitment.key} has no rule of its own that could end: close it, or what it counts from, by hand"
        )
    ended = replace(deadline, rule=f"{without_end(deadline.rule)};UNTIL={_last_day(deadline, notice.occurrence)}")
    _restate(changes, base, str(ended), replace(change, reason=_because(notice, "cancelled", change)))


def restore_renewal(changes: CommitmentChanges, notice: Tracked, change: Change) -> None:
    """Let the renewal go on that a cancelled notice has ended, unless somebody has stated it anew since."""
    base = changes.find(renewal_of(notice.commitment))
    before = changes.deadline_before(base, because=_because(notice, "cancelled"))
    if before is not None and base.open:
        _restate(changes, base, before, replace(change, reason=_because(notice, "reopened", change)))


def renewal_of(notice: Commitment) -> str:
    """Return the key of what a notice is about. Raises InputError where its deadline counts from nothing."""
    keys = references(parse(notice.deadline))
    if len(keys) != 1:
        raise InputError(f"{notice.key} counts from no single commitment that could end: close that by hand")
    return next(iter(keys))


def _because(notice: Tracked, what: str, change: Change | None = None) -> str:
    """Return the reason of a move of the renewal: `lease-notice 2027-07-01: cancelled`."""
    said = f": {change.reason}" if change and change.reason else ""
    return f"{notice.commitment.key} {notice.occurrence}: {what}{said}"


def _restate(changes: CommitmentChanges, base: Tracked, deadline: str, change: Change) -> None:
    stated = StatedCommitment(replace(base.commitment, deadline=deadline), base.commitment.key)
    changes.write(changes.compute(stated, replace(change, shown=None)))


def _last_day(deadline: Every, name: str) -> str:
    """Return the day up to which a series lasts so that an occurrence is its last."""
    day = datetime.fromisoformat(name).date()
    if deadline.business_day:  # it is named by an end of its month, and lies somewhere in it
        day = day.replace(day=monthrange(day.year, day.month)[1])
    return f"{day:%Y%m%d}"
