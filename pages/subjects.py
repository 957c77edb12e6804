"""The subjects of every kind of alert, as the shipped templates write them: a table of docs/templates.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from alerts import shipped
from alerts.core.commitments import Commitment, Kind, Status
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.reminders import Kind as ReminderKind
from alerts.core.reminders import Reminder
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.rendering.renderer import Renderer

ZONE = "Europe/Brussels"
TITLE = "Deliver audit report"
NOTHING: Mapping[str, Any] = MappingProxyType({})
Case = tuple[ReminderKind, Kind, str, str]
OVERDUE: Case = ("overdue", "obligation", "2026-11-20", "2026-11-25")
MOVED: Case = ("moved", "obligation", "2026-12-09", "2026-11-13")
UNDATED: Case = ("review", "obligation", "undated", "2026-11-13")
# the reminder, the kind of commitment, its deadline, the day on which the mail is rendered
CASES: tuple[Case, ...] = (
    ("before", "obligation", "2026-11-20", "2026-11-18"),
    ("before", "obligation", "2026-11-20", "2026-11-19"),
    ("on_the_day", "obligation", "2026-11-20", "2026-11-20"),
    ("before", "obligation", "by 2027-11-19T17:00[Europe/Brussels]", "2026-11-18"),
    OVERDUE,
    ("before", "expiry", "until 2026-11-20", "2026-11-13"),
    ("overdue", "expiry", "until 2026-11-20", "2026-11-25"),
    ("before", "request", "by 2026-11-20", "2026-11-13"),
    ("overdue", "request", "by 2026-11-20", "2026-11-25"),
    ("before", "event", "2026-11-20", "2026-11-13"),
    ("overdue", "event", "2026-11-20", "2026-11-25"),
    ("before", "expectation", "between 2026-11-20 and 2026-12-20", "2026-11-13"),
    ("opens", "expectation", "between 2026-11-20 and 2026-12-20", "2026-11-20"),
    ("overdue", "expectation", "between 2026-10-20 and 2026-11-20", "2026-11-25"),
    ("before", "obligation", "after 2026-11-20", "2026-11-13"),
    ("opens", "obligation", "after 2026-11-20", "2026-11-21"),
    ("review", "obligation", "after 2026-11-20", "2026-12-21"),
    UNDATED,
    ("review", "obligation", "undated (tbd)", "2026-11-13"),
    ("review", "obligation", "undated (none)", "2026-11-13"),
    MOVED,
    ("moved", "obligation", "undated (tbd)", "2026-11-13"),
    ("moved", "obligation", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-11-30", "2026-11-13"),
    ("closed", "obligation", "2026-11-20", "2026-11-13"),
    ("reopened", "obligation", "2026-11-20", "2026-11-13"),
    ("reopened", "obligation", "2026-11-20", "2026-11-25"),
    ("unanswered", "obligation", "2026-11-20", "2026-11-18"),
    ("unanswered", "obligation", "2026-11-20", "2026-11-25"),
)
# what else is known of the first of these, and on which day it is sent then
CIRCUMSTANCES: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("critical", "2026-11-18", {"priority": "critical"}, {}),
    ("of a series", "2026-11-18", {}, {"occurrence": "2026-11-20"}),
    ("early: no firing on Wednesday", "2026-11-17", {}, {"early": True}),
    ("a day late", "2026-11-19", {}, {"send_at": datetime(2026, 11, 18, 8, tzinfo=UTC)}),
    ("snoozed until the day after", "2026-11-21", {}, {"send_at": datetime(2026, 11, 18, 8, tzinfo=UTC)}),
)


def subjects() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield each case with its subject; digests and summaries at the end."""
    renderer = Renderer([shipped.folder("templates")])
    for case in CASES:
        yield f"`{case[0]}`", *case[1:], _subject(renderer, [context(*case)], _at(case[3]))
    about, kind, deadline, _ = CASES[0]
    for name, day, stated, reminded in CIRCUMSTANCES:
        found = context(about, kind, deadline, day, stated=stated, reminded=reminded)
        yield f"`{about}`, {name}", kind, deadline, day, _subject(renderer, [found], _at(day))
    now = _at("2026-11-25")
    listed = [context(*case[:3], "2026-11-25") for case in (OVERDUE, MOVED, UNDATED)]
    yield "a digest", "", "", "2026-11-25", _subject(renderer, listed, now)
    rule = Rule(name="weekly", cron="0 9 * * mon", summary="P30D")
    full = Summary(scope=Scope(rule=rule, firing=now), due=1, overdue=1, undated=1)
    yield "a summary", "", "", "2026-11-25", _subject(renderer, listed, now, full)
    yield "an empty one", "", "", "2026-11-25", _subject(renderer, [], now, Summary(scope=Scope(rule=rule, firing=now)))


def context(
    about: ReminderKind,
    kind: Kind,
    deadline: str,
    day: str,
    *,
    stated: Mapping[str, Any] = NOTHING,
    reminded: Mapping[str, Any] = NOTHING,
) -> ReminderContext:
    """Return a reminder about a commitment, as on a day, with what else is stated and known of the two."""
    bounds, now = _bounds(deadline), _at(day)
    status: Status = "fulfilled" if about == "closed" else "open"
    commitment = Commitment(key="audit", title=TITLE, deadline=deadline, kind=kind, timezone=ZONE, status=status)
    commitment = replace(commitment, **stated)
    tracked = Tracked(id=1, commitment=commitment, bounds=bounds, bounds_version=1, recorded_at=_at("2026-10-01"))
    reminder = Reminder(
        rule="desk", commitment="audit", commitment_id=1, bounds_version=1, fingerprint=bounds.fingerprint, kind=about,
        moment=now, send_at=now, revision=2 if about in ("moved", "closed", "reopened") else None,
    )  # fmt: skip
    reminder = replace(reminder, **reminded)
    return ReminderContext(reminder=reminder, tracked=tracked, change=_change(about, bounds, now))


def _change(about: ReminderKind, bounds: Bounds, now: datetime) -> Revision | None:
    if about not in ("moved", "closed", "reopened"):
        return None
    change = Revision(number=2, what=about, recorded_at=now, recorded_by="desk", detail="fulfilled")
    return replace(change, before=_bounds("2026-11-20"), after=bounds) if about == "moved" else change


def _bounds(deadline: str) -> Bounds:
    return resolve(parse(deadline), ZoneChoice(ZONE), {})


def _at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=UTC)


def _subject(renderer: Renderer, contexts: list[ReminderContext], now: datetime, summary: Summary | None = None) -> str:
    asked = Notification(
        id=UUID(int=1), channel="mail", recipient="desk@example.org", zone=ZONE, contexts=tuple(contexts), now=now,
        summary=summary,
    )  # fmt: skip
    message, error = renderer.render(asked, "mail")
    assert error is None, error
    return message.subject
