"""Notifications that between them show all that a reader gets to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from alerts.core.answer_links import AnswerLinks, key_id_of
from alerts.core.commitments import Person
from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.notifications import Notification
from alerts.core.rules import Rule
from alerts.core.summaries import Part, Scope, Summary
from alerts.core.tracked import Revision, Tracked
from tests.rendering.reminder_factories import NOW, bounds_of, notification, single, told

FAILURE = DeliveryFailure(
    id=UUID(int=7),
    channel="desk-mail",
    recipient="desk@example.org",
    state="dead",
    error="mail.example.org: 550 no such user",
    attempts=1,
    about=("truce-review before",),
    fallback_channels=("policy-chat",),
)


CHANGE = Revision(
    number=2,
    what="moved",
    recorded_at=NOW - timedelta(hours=1),
    recorded_by="desk",
    reason="the announcement was published",
    before=bounds_of("2025-11-10"),
    after=bounds_of("2025-12-01"),
)


def _digest() -> Notification:
    stated = [
        ("2025-10-30", "overdue", "soybean-report", "Purchase report to the desk"),
        ("2025-11-03", "on_the_day", "tariff-notice", "Notice of the tariff schedule"),
        ("2025-11-10", "before", "truce-review", "The truce holds until after 10 November 2025"),
        ("undated", "review", "fentanyl-pledge", "Cooperation on precursors"),
    ]
    return notification(
        *(told(when, kind, commitment={"key": key, "title": title}) for when, kind, key, title in stated)
    )


def _summary() -> Notification:
    rule = Rule(name="weekly", cron="0 9 * * mon", timezone="UTC", summary="P30D")
    ana = Person(key="ana", name="Ana", email="ana@example.org")
    late = told(
        "2025-10-30", "overdue", owner=ana, commitment={"key": "report", "title": "Purchase report to the desk"}
    )
    due = told("2025-11-20", commitment={"key": "filing", "title": "Filing of the schedule"})
    scope = Scope(rule=rule, firing=NOW)
    listed: tuple[tuple[Part, Tracked], ...] = (("late", late.tracked), ("due", due.tracked))
    found = Summary(scope=scope, due=1, overdue=1, listed=listed, quiet=1)
    return replace(notification(late, due), summary=found)


CASES: dict[str, Notification] = {
    "before": single(
        commitment={
            "title": "The truce holds until after 10 November 2025, then is evaluated",
            "priority": "critical",
            "note": "Find out whether it was prolonged.",
            "assumptions": ("the brief names no hour",),
        }
    ),
    "moved": single("2025-12-01", "moved", change=CHANGE),
    "closed": single(kind="closed", commitment={"status": "fulfilled"}, change=replace(CHANGE, what="closed")),
    "digest": _digest(),
    "summary": _summary(),
    "instead": replace(single(), fallback_for=FAILURE),
    "notice": replace(notification(), notice=Notice(failures=(FAILURE,), more=3)),
}
LINKS = AnswerLinks("https://alerts.example.org", key_id_of(bytes(32)), ("acknowledge", "snooze", "note"))
LINKED = {f"{name}_linked": replace(CASES[name], links=LINKS) for name in ("before", "closed", "digest", "summary")}
CASES |= LINKED
