"""When an alert that is due goes out: silences and office hours, compared with an independent calculation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random

import pytest

from alerts.core.alert_holds import Hold, goes_out_at, hold_at
from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.core.silences import Silence
from alerts.core.tracked import Tracked
from alerts.cron import Cron
from tests.factories import NOW, at, bounds, commitment
from tests.oracle import quiet
from tests.oracle.crons import firings
from tests.oracle.data import Commitment
from tests.oracle.expressions import Day

HOUR = timedelta(hours=1)
CRON = "0 6 * * *"
FIRINGS = firings(CRON, "UTC", at("2025-09-01"), at("2026-03-01"))
OFFICE = OfficeHours(opens=time(9), closes=time(17), days=WEEKDAYS[:5], timezone="UTC")


def tracked(deadline: str = "2025-11-10", priority: str = "normal") -> Tracked:
    about = commitment(deadline=deadline, priority=priority)
    return Tracked(id=1, commitment=about, bounds=bounds(deadline), bounds_version=1, recorded_at=NOW)


def silence(since: datetime, until: datetime) -> Silence:
    return Silence(match={}, since=since, until=until, reason="quiet", by="desk")


@pytest.mark.parametrize(
    ("priority", "due", "opens", "hold"),
    [
        ("normal", "2025-11-03T06:00", "2025-11-03T09:00", Hold(hours_begin=at("2025-11-03T09:00"))),
        ("normal", "2025-11-03T09:00", "2025-11-03T09:00", Hold()),
        ("critical", "2025-11-03T06:00", "2025-11-03T09:00", Hold()),
        ("normal", "2025-11-10T20:00", "2025-11-11T00:00", Hold(hours_begin=at("2025-11-11"), too_late=True)),
        ("normal", "2025-11-11T00:00", "2025-11-11T09:00", Hold(hours_begin=at("2025-11-11T09:00"))),  # late already
    ],
)
def test_what_office_hours_hold_back(priority: str, due: str, opens: str, hold: Hold) -> None:
    last_firing = Cron(CRON, "UTC").before
    about = tracked(priority=priority)
    latest = about.bounds.latest
    found = hold_at(about.commitment, latest, at(due), silences=(), opens=at(opens), last_firing=last_firing)
    assert found == hold
    assert (hold.until is None) is (hold.too_late or hold.hours_begin is None)


def test_what_a_silence_lets_go_waits_for_office_hours_and_for_a_silence_that_has_begun_by_then() -> None:
    silences = (
        silence(at("2025-11-03"), at("2025-11-04T20:00")),
        silence(at("2025-11-05T08:00"), at("2025-11-05T12:00")),
    )
    found = goes_out_at(tracked(), at("2025-11-03T06:00"), silences, OFFICE, Cron(CRON, "UTC").before)
    assert found == at("2025-11-05T12:00")


@pytest.mark.parametrize("seed", range(60))
def test_it_goes_out_at_the_first_hour_at_which_it_may(seed: int) -> None:
    random = Random(f"holds {seed}")
    due = at("2025-11-01") + random.randrange(240) * HOUR
    day = f"2025-11-{random.randint(1, 28):02}"
    about = tracked(day, random.choice(["normal", "critical"]))
    spans = [(due + random.randint(-90, 90) * HOUR, random.randint(1, 200) * HOUR) for _ in range(random.randrange(4))]
    days = frozenset(random.sample(range(7), random.randint(1, 6)))
    opens, closes = random.randint(4, 11), random.randint(13, 22)
    office = replace(OFFICE, opens=time(opens), closes=time(closes), days=tuple(WEEKDAYS[one] for one in sorted(days)))
    found = goes_out_at(
        about, due, [silence(start, start + length) for start, length in spans], office, Cron(CRON, "UTC").before
    )
    alert = quiet.Alert(
        one=Commitment(key="truce", deadline=Day(due.date()), recorded_at=NOW, priority=about.commitment.priority),
        latest=about.bounds.latest,
        fires=FIRINGS,
        hours=quiet.Hours(opens=opens, closes=closes, days=days, zone="UTC"),
    )
    quiets = [quiet.Silence(start=start, end=start + length, match={}) for start, length in spans]
    hours = (due + number * HOUR for number in range(2000))
    assert found == next(hour for hour in hours if quiet.may_go(alert, hour, quiets))


@pytest.mark.parametrize(
    ("follows", "expected"),
    [("2025-11-10T12:00", "2025-11-10T06:00"), ("2025-11-10T12:01", "2025-11-10T12:00")],
    ids=["without-a-gap", "after-a-gap"],
)
def test_what_is_critical_does_not_wait_for_a_silence_that_another_follows_past_the_deadline(
    follows: str, expected: str
) -> None:
    about, last_firing = tracked(priority="critical"), Cron(CRON, "UTC").before
    silences = silence(at("2025-11-01"), at("2025-11-10T12:00")), silence(at(follows), at("2025-11-20"))
    assert goes_out_at(about, at("2025-11-03T06:00"), silences, OFFICE, last_firing) == at(expected)
