"""Notifications: what one recipient gets through one channel."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts.core.absences import Absentee
from alerts.core.answer_links import AnswerLinks
from alerts.core.awaited_answers import SentTo
from alerts.core.commitments import Party, Person, Source
from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.reminders import Reminder
from alerts.core.silences import Silence
from alerts.core.summaries import Summary
from alerts.core.tracked import OwnSnooze, Revision, Tracked


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """How readers' calendars identify an entry: a globally unique UID, and a SEQUENCE that only rises."""

    uid: str
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderContext:
    """A reminder with everything that a template needs."""

    reminder: Reminder
    tracked: Tracked
    by: tuple[Party, ...] = ()
    to: tuple[Party, ...] = ()
    source: Source | None = None
    earlier_sources: tuple[Source | None, ...] = ()  # as the commitment has them; None if unknown
    owner: Person | None = None
    next_alert_at: datetime | None = None
    change: Revision | None = None  # what a `moved` or `closed` reminder is about
    pause_ends: datetime | None = None  # until when an acknowledgement pauses the rule's repeats
    snoozes: tuple[OwnSnooze, ...] = ()  # for single recipients, over or not
    unanswered: tuple[SentTo, ...] = ()  # of an `unanswered` reminder: the first alert that each recipient got
    silences: tuple[Silence, ...] = ()  # that may have held it back, or would have
    hours_begin: datetime | None = None  # of the recipient, where its deadline passes before, so that it does not wait
    entry: CalendarEntry | None = None  # where it may go into calendars
    is_test: bool = False  # of `send-test`: about no commitment that is tracked


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One recipient, one channel, and one reminder or several (a digest); or a notice. `zone` is the reader's.

    With a `summary` the reminders are what that lists.

    `fallback_for`: the failed delivery whose reminders it carries. `on_behalf_of`: the absent people for whom a deputy
    gets it. `links`: what makes links by which the reader answers; None: commands are shown. `reply_to`: the address
    that gets replies to a mail.
    """

    id: UUID
    channel: str
    recipient: str
    zone: str
    contexts: tuple[ReminderContext, ...]
    now: datetime
    fallback_for: DeliveryFailure | None = None
    on_behalf_of: tuple[Absentee, ...] = ()
    notice: Notice | None = None
    summary: Summary | None = None
    links: AnswerLinks | None = None
    reply_to: str | None = None

    def answer_url(self, context: ReminderContext) -> str | None:
        """Return the link by which the reader answers one of its reminders; None where there are no links."""
        occurrence = context.reminder.occurrence
        return self.links.url(self.id, context.tracked.id, occurrence) if self.links else None

    @property
    def thread(self) -> str | None:
        """Return the key of the commitment, where it is about one alone."""
        keys = {context.tracked.commitment.key for context in self.contexts}
        return keys.pop() if len(keys) == 1 and not self.summary else None


def reminders_digest(contexts: Iterable[ReminderContext]) -> str:
    """Return a digest of which reminders a message was rendered with."""
    ids = sorted(str(one.reminder.id) for one in contexts)
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()
