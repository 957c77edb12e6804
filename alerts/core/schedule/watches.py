"""A watch, and what comes of evaluating it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.core.reminders import Reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One rule's eye on one commitment, or on one occurrence of it; what recurs has one eye that opens the others.

    `cursor`: all that went out up to here has been served (None: never looked). `since`: when it became there, or its
    rule last changed. `changed`: the rule has changed, so look behind the cursor, too. `latest_moment`: the latest
    moment told under the present bounds (of what recurs: the last occurrence that has a watch); `fingerprint`: those bounds;
    `revision`: the last change it has seen.
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


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a look: the watch as it goes on, what is to be said, and what is skipped, with reasons.

    `new_watches`: watches for occurrences that have something to say by now, to be looked at next.
    """

    watch: Watch
    reminders: tuple[Reminder, ...] = ()
    skipped: tuple[Reminder, ...] = ()
    new_watches: tuple[Watch, ...] = ()
