"""Notifications: what one recipient is told through one channel, and the message that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts.core.commitments import Party, Revision, Source, Tracked
from alerts.core.reminders import Reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reminder with all that its words need."""

    reminder: Reminder
    tracked: Tracked
    by: tuple[Party, ...] = ()
    to: tuple[Party, ...] = ()
    source: Source | None = None
    speaks_next: datetime | None = None
    change: Revision | None = None  # what a `moved` or `closed` reminder tells of


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One recipient, one channel, and one reminder or several (a digest). `zone` is the reader's."""

    id: UUID
    channel: str
    recipient: str
    zone: str
    told: tuple[Told, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification rendered. `body` is the JSON of a webhook or chat post; the others leave it out."""

    subject: str
    text: str
    html: str | None = None
    body: Mapping[str, object] | None = None
    rendered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message on its way: every try of it carries the same id and the same bytes."""

    id: UUID
    recipient: str
    message: Message
    attempt: int = 1
