"""Factories for tests: from a deadline as stated to the notification about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from alerts import channels
from alerts.core.commitments import Citation, Commitment, Party, Person, Source
from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.notifications import CalendarEntry, Notification, ReminderContext
from alerts.core.reminders import Reminder
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Acknowledgement, OwnSnooze, Revision, Snooze, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer

TEMPLATES = Path(__file__).parents[2] / "templates"
NEW_YORK = "America/New_York"
PARTIES = {"us": Party(key="us", name="United States"), "cn": Party(key="cn", name="China")}
BRIEF = Source(
    key="brief",
    title="Pre-summit brief",
    publisher="The desk",
    url="https://example.org/brief?a=1&b=2",
    published=date(2025, 10, 28),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = at("2025-11-03T14:00")


def bounds_of(deadline: str, zone: str | None = None, known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(deadline), ZoneChoice(zone), known or {})


def told(
    deadline: str = "2025-11-10",
    kind: str = "before",
    *,
    zone: str | None = NEW_YORK,
    now: datetime = NOW,
    bounds: Bounds | None = None,
    reminder: dict[str, Any] | None = None,
    commitment: dict[str, Any] | None = None,
    tracked: dict[str, Any] | None = None,
    **rest: Any,
) -> ReminderContext:
    stated: dict[str, Any] = {"key": "truce-review", "title": "Trade truce", "by": ("us", "cn"), "deadline": deadline}
    stated["source"] = Citation(key="brief", locator="paragraph 1", quote="until after November 10")
    promise = Commitment(**(stated | (commitment or {})))
    found = bounds or bounds_of(deadline, zone)
    fields: dict[str, Any] = {"rule": "truce-desk", "moment": now, "send_at": now}
    fields |= {"offset": "P7D" if kind == "before" else None} | (reminder or {})
    addressed = Reminder(
        commitment=promise.key,
        commitment_id=1,
        bounds_version=1,
        fingerprint=found.fingerprint,
        kind=kind,  # type: ignore[arg-type]
        **fields,
    )
    tracked = {"recorded_at": at("2025-10-28T09:00"), "bounds_version": 1} | (tracked or {})
    rest = {
        "by": tuple(PARTIES[key] for key in promise.by if key in PARTIES),
        "to": tuple(PARTIES[key] for key in promise.to if key in PARTIES),
        "source": BRIEF,
        "entry": CalendarEntry(uid=f"{promise.key}@here"),
    } | rest
    return ReminderContext(
        reminder=addressed, tracked=Tracked(id=1, commitment=promise, bounds=found, **tracked), **rest
    )


def notification(*items: ReminderContext, now: datetime = NOW, zone: str = NEW_YORK, **rest: Any) -> Notification:
    return Notification(
        id=UUID(int=1), channel="desk-mail", recipient="desk@example.org", zone=zone, contexts=items, now=now, **rest
    )


def single(deadline: str = "2025-11-10", kind: str = "before", *, reader: str = NEW_YORK, **rest: Any) -> Notification:
    """A notification of one reminder, sent at `now`."""
    now = rest.get("now", NOW)
    return notification(told(deadline, kind, **rest), now=now, zone=reader)


def laced(text: str) -> Notification:
    """A notification in which every text that people can state is this one."""
    source = replace(BRIEF, title=text, publisher=text, url="javascript:alert(1)//" + text)
    stated: dict[str, Any] = {"title": text, "note": text, "owner": text, "assumptions": (text,), "tags": (text,)}
    stated["source"] = Citation(key="brief", locator=text, quote=text)
    return single(
        commitment=stated, reminder={"rule": text}, source=source, by=(Party(key="us", name=text),), tracked={}
    )


SLACK = channels.build("chat", "slack", {"url": "http://127.0.0.1:9/hook"})


def slack_body(renderer: Renderer, asked: Notification) -> Any:
    """The body that Slack gets."""
    message, error = compose(renderer, SLACK, asked)
    assert error is None
    return message.body


def titled(item: ReminderContext, **changes: Any) -> ReminderContext:
    return replace(item, tracked=replace(item.tracked, commitment=replace(item.tracked.commitment, **changes)))


def laced_otherwise(text: str) -> list[Notification]:
    """Notifications with this text wherever `laced` has none: changes, answers, owners, failures, summaries."""
    party, other = Party(key="us", name=text), Source(key="brief", title=text, publisher=text)
    owner = Person(key="ana", name=text, email="ana@example.org")
    change = Revision(
        number=2, what="moved", recorded_at=NOW, recorded_by=text, reason=text, source=text, cause=text,
        before=bounds_of("2025-11-10"), after=bounds_of("2025-12-01"),
    )  # fmt: skip
    answers = {
        "acknowledged": Acknowledgement(by=text, at=NOW, stage="ahead"),
        "snoozed": Snooze(by=text, at=NOW, until=at("2025-11-09T00:00")),
    }
    own = OwnSnooze(by=text, at=NOW, until=at("2025-11-09T00:00"), recipient=text, name=text, occurrence="")
    item = told(
        "2025-12-01", "moved", commitment={"title": text, "earlier_sources": (Citation(key="brief"),)},
        tracked=answers, change=change, owner=owner, by=(party,), to=(party,), snoozes=(own,), earlier_sources=(other,),
    )  # fmt: skip
    failure = DeliveryFailure(id=UUID(int=3), channel="mail", recipient=text, state="dead", error=text, about=(text,))
    scope = Scope(rule=Rule(name=text, cron="0 9 * * mon", timezone="UTC", summary="P30D"), firing=NOW)
    summary = Summary(scope=scope, due=2, listed=(("due", item.tracked), ("due", item.tracked)))
    both = notification(item, replace(item, change=replace(change, what="closed")))
    return [
        notification(item, fallback_for=failure),
        notification(titled(item, status="fulfilled")),
        replace(both, fallback_for=failure),
        replace(both, summary=summary),
        replace(notification(), notice=Notice(failures=(failure,), more=3)),
    ]
