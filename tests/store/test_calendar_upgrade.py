"""A calendar that the version before has loaded, alerted about and had answers for: read anew, it says nothing again.

`upgrades/as_read_before.json` is what that version read in `upgrades/series.ics`.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from alerts.core.changes import StatedCommitment
from alerts.core.commitments import Commitment
from alerts.interchange import gather
from alerts.store import Store, planning_tables
from tests import acting
from tests.factories import at, change, load, plan_at, rule

FOLDER = Path(__file__).parent / "upgrades"
FILE = "/calendars/series.ics"
LOADED, UPGRADED, LATER = at("2025-10-28T09:00"), at("2025-11-20T12:00"), at("2026-01-04T12:00")
RULE = rule()


def as_read_before() -> list[StatedCommitment]:
    rows = json.loads((FOLDER / "as_read_before.json").read_text())
    return [
        StatedCommitment(
            Commitment(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}),
            f"series.ics:{row['line']}",
            row["line"],
            file=FILE,
            sequence=row["sequence"],
        )
        for row in rows
        for fields in [row["commitment"]]
    ]


def as_read_now() -> list[StatedCommitment]:
    found = gather(FOLDER / "series.ics")
    assert (found.problems, found.left_out) == ((), ())
    return [StatedCommitment(one.commitment, one.place, one.line, FILE, one.sequence) for one in found.entries]


def days(since: datetime, until: datetime) -> list[datetime]:
    return [since + timedelta(days=number) for number in range(0, (until - since).days + 1, 3)]


def lived_with(store: Store) -> None:
    """Three weeks of alerts, with answers to single occurrences of each kind."""
    load(store, *as_read_before(), now=LOADED)
    for now in days(LOADED, at("2025-11-06T12:00")):
        plan_at(store, now, RULE)
    answer = change(at("2025-11-06T12:00"))
    acting.acknowledge(store, "weekly@example.org", None, answer, "2025-11-03T09:00")
    acting.close(store, "twice@example.org", "fulfilled", answer, "2025-11-05T17:00")
    acting.move(store, "utc@example.org", "2025-11-19T13:00Z", answer, "2025-11-18T13:00")
    acting.acknowledge(store, "monthly@example.org.2025-11-15", None, answer)
    acting.acknowledge(store, "floating@example.org", None, answer, "2025-11-06T08:00")
    acting.close(store, "weekly@example.org.2025-11-17", "fulfilled", answer)
    for now in (*days(at("2025-11-07T09:00"), UPGRADED), UPGRADED):
        plan_at(store, now, RULE)


def reminders(store: Store) -> int:
    with store.database.read() as connection:
        return connection.execute(select(func.count()).select_from(planning_tables.reminders)).scalar_one()


def test_what_the_version_before_has_read_is_read_alike() -> None:
    before = {one.commitment.key: one.commitment for one in as_read_before()}
    now = {one.commitment.key: one.commitment for one in as_read_now()}
    assert {key: one.deadline for key, one in now.items()} == {key: one.deadline for key, one in before.items()}


def test_what_was_answered_and_alerted_makes_no_new_reminder(store: Store) -> None:
    lived_with(store)
    before = reminders(store)
    assert before > 20
    report = load(store, *as_read_now(), now=UPGRADED)
    assert (report.new, report.moved, report.conflicts, report.restated) == ([], [], [], [])
    assert (report.edited, report.fields) == (["uid-1234-"], {"uid-1234-": ("assumptions",)})
    assert (plan_at(store, UPGRADED, RULE), reminders(store)) == (0, before)


def test_afterwards_the_same_is_sent_as_without_the_upgrade(store: Store, tmp_path: Path) -> None:
    lived_with(store)
    load(store, *as_read_now(), now=UPGRADED)
    counts = [plan_at(store, now, RULE) for now in days(UPGRADED, LATER)]
    other = Store(f"sqlite:///{tmp_path}/other.db")
    lived_with(other)
    assert counts == [plan_at(other, now, RULE) for now in days(UPGRADED, LATER)]
    assert sum(counts) > 10
    other.close()
