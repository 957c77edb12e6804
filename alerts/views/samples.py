"""Sample reminders of every kind, to check templates and for test messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import get_args

from alerts.core.audited_months import AuditedMonth, month_before
from alerts.core.awaited_answers import SentTo
from alerts.core.commitments import Citation, Commitment, Kind, Party, Person, Source, Status
from alerts.core.notifications import ReminderContext
from alerts.core.reminders import Kind as ReminderKind
from alerts.core.reminders import Reminder
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Acknowledgement, Revision, SentAlert, Tracked
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.deadlines.zones import zone_info

SOURCE = Source(key="sample-source", title="A sample source", publisher="Example", url="https://example.org/source")
OWNER = Person(key="ana", name="Ana", email="ana@example.org")
PARTIES = (Party(key="a", name="Party A", timezone="America/New_York"), Party(key="b", name="Party B"))


def samples(now: datetime) -> list[ReminderContext]:
    """Return reminders of every kind about commitments of every kind, both full and minimal ones."""
    found = []
    for number, kind in enumerate(get_args(Kind)):
        for about in get_args(ReminderKind):
            schema = "undated" if about == "review" and number % 2 else "after {}" if about == "opens" else "{}"
            full = Commitment(
                key=f"sample-{kind}",
                title=f"A sample {kind}",
                deadline=schema.format((now + timedelta(days=7)).date()),
                kind=kind,
                by=("a",),
                to=("b",),
                owner=OWNER.key,
                source=Citation(key=SOURCE.key, locator="paragraph 1", quote="a few words"),
                assumptions=("this is assumed",),
                note="This is what to do.",
                timezone="America/New_York",
            )
            found.append(_sample(full, about, now, Acknowledgement(by="somebody", at=now)))
            found.append(
                _sample(Commitment(key="bare", title="Bare", deadline=full.deadline, kind=kind), about, now, None)
            )
    return found


def sample_summaries(contexts: Sequence[ReminderContext], now: datetime) -> list[tuple[Summary, list[ReminderContext]]]:
    """Return a summary of the samples and an empty one, each with the reminders that it lists."""
    rule = Rule(name="sample", cron="0 9 * * *", summary="P30D")
    scope = Scope(rule=rule, firing=now, audit=_audit(now))
    full = Summary(
        scope=scope,
        due=len(contexts),
        overdue=1,
        passed=2,
        undated=3,
        listed=tuple(("due", one.tracked) for one in contexts),
        quiet=2,
    )
    own = replace(scope, owners=(OWNER.key,), firing=now - timedelta(days=1), audit=None)
    return [(full, list(contexts)), (Summary(scope=own), [])]


def _audit(now: datetime) -> AuditedMonth:
    return AuditedMonth(first=month_before(now, "UTC"), zone="UTC", sha256=sha256(b"").hexdigest(), unfinished=1)


def test_message(channel: str, now: datetime, zone: str) -> ReminderContext:
    """Return the reminder that a test message carries: about today, and nothing to do."""
    commitment = Commitment(
        key="test-message",
        title=f"Test of the channel {channel}",
        deadline=str(now.astimezone(zone_info(zone)).date()),
        kind="event",
        timezone=zone,
    )
    return replace(_sample(commitment, "on_the_day", now, None), is_test=True)


def _sample(
    commitment: Commitment, about: ReminderKind, now: datetime, seen: Acknowledgement | None
) -> ReminderContext:
    """Return a reminder of a kind about a commitment, with all that templates need."""
    tracked = _tracked(commitment, about, now, seen)
    reminder = _reminder(tracked, about, now)
    parties = {party.key: party for party in PARTIES}
    return ReminderContext(
        reminder=reminder,
        tracked=tracked,
        by=tuple(parties[key] for key in commitment.by),
        to=tuple(parties[key] for key in commitment.to),
        source=SOURCE if commitment.source else None,
        owner=OWNER if commitment.owner else None,
        next_alert_at=now + timedelta(days=1) if seen else None,
        change=_change(tracked, about, now) if reminder.revision else None,
        unanswered=_unanswered(now) if about == "unanswered" else (),
    )


def _tracked(commitment: Commitment, about: ReminderKind, now: datetime, seen: Acknowledgement | None) -> Tracked:
    status: Status = "fulfilled" if about == "closed" else "open"
    return Tracked(
        id=1,
        commitment=replace(commitment, status=status),
        bounds=resolve(parse(commitment.deadline), ZoneChoice(commitment.timezone), {}),
        bounds_version=1,
        recorded_at=now - timedelta(days=30),
        acknowledged=seen,
    )


def _reminder(tracked: Tracked, about: ReminderKind, now: datetime) -> Reminder:
    return Reminder(
        rule="sample",
        commitment=tracked.commitment.key,
        commitment_id=1,
        bounds_version=1,
        fingerprint=tracked.bounds.fingerprint,
        kind=about,
        moment=now,
        send_at=now,
        offset="P7D" if about in ("before", "overdue", "review", "unanswered") else None,
        revision=2 if about in ("moved", "closed", "reopened") else None,
    )


def _unanswered(now: datetime) -> tuple[SentTo, ...]:
    alert = SentAlert(occurrence="", at=now - timedelta(days=3))
    return (SentTo(recipient=OWNER.email, channel="desk-mail", alert=alert, name=OWNER.name),)


def _change(tracked: Tracked, about: ReminderKind, now: datetime) -> Revision:
    return Revision(
        number=2,
        what=about if about in ("moved", "reopened") else "closed",
        recorded_at=now,
        recorded_by="somebody",
        reason="it was agreed so",
        before=resolve(parse("undated"), ZoneChoice(), {}) if about == "moved" else None,
        after=tracked.bounds if about == "moved" else None,
        detail={"closed": tracked.commitment.status, "reopened": "it was withdrawn"}.get(about),
    )
