"""What templates of pages see of commitments: the same as templates of mails."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from alerts.core.notifications import Notification, ReminderContext
from alerts.rendering.reminder_facts import facts
from alerts.rendering.template_facts import Facts
from alerts.web.pages.page_reading import PageReading

NO_DELIVERY = UUID(int=0)


def facts_of(reading: PageReading, contexts: Iterable[ReminderContext]) -> tuple[Facts, ...]:
    """Return the facts of commitments, as if a message about them went out now."""
    return facts(
        Notification(
            id=NO_DELIVERY,
            channel="",
            recipient="",
            zone=reading.zone,
            contexts=tuple(contexts),
            now=reading.now,
        )
    )
