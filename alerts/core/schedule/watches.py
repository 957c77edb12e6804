"""A watch, and the result of its evaluation."""

from __future__ import annotations

from datetime import datetime

from alerts.core.reminders import Reminder
from alerts.deadlines.values import frozen


@frozen(kw_only=True)
class Watch:
    """One rule for one commitment, or for one occurrence of it.

    The watch of a recurrence makes those of its occurrences.

    `cursor`: all that was due up to here has gone out (None: never evaluated). `since`: when the commitment was added,
    or its rule last changed. `changed`: the rule has changed, so the evaluation looks before the cursor too.
    `latest_moment`: the latest moment with an alert under the present bounds (of a recurrence: its last occurrence
    with a watch).
    `fingerprint`: that of those bounds. `revision`: the last change that it has seen.
    """

    rule: str
    commitment_id: int
    occurrence: str = ""
    since: datetime
    next_at: datetime | None = None
    cursor: datetime | None = None
    latest_moment: datetime | None = None
    fingerprint: str | None = None
    revision: int = 0
    changed: bool = False


@frozen
class Evaluation:
    """The updated watch, its reminders, and those that are skipped, with reasons.

    `new_watches`: watches of occurrences that have reminders by now, to be evaluated next.
    """

    watch: Watch
    reminders: tuple[Reminder, ...] = ()
    skipped: tuple[Reminder, ...] = ()
    new_watches: tuple[Watch, ...] = ()
