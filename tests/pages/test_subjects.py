"""The table of subjects: each is short enough for a telephone, and says when it is and which it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from alerts import shipped
from alerts.core.notifications import Notification
from alerts.core.reminders import Kind as ReminderKind
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_facts import What
from pages.subjects import CASES, TITLE, context, subjects

ON_A_TELEPHONE = 40
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
ZONES = ("Europe/Brussels", "America/Los_Angeles", "Pacific/Kiritimati")
DEADLINES = (
    "2026-11-20", "by 2026-11-20", "until 2026-11-20", "after 2026-11-20", "between 2026-11-18 and 2026-11-20",
    "2026-11-20T17:00[Europe/Brussels]", "by 2026-11-20T23:30[Europe/Brussels]", "2026-11-20T17:00", "2027-11-20",
    "between 2026-11-18T09:00[Europe/Brussels] and 2027-11-20T17:00[Europe/Brussels]", "2026-11-20[Asia/Shanghai]",
)  # fmt: skip
DAYS = ("2025-11-20", "2026-11-13", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-25", "2027-11-25")
AWAY = re.compile(r"\((?:(today)|(tomorrow)|in (\d+) (day|hour|minute)s?|in (less) than a minute)\)$")
NAMED = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2})(?: (\d{4}))?")


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer([shipped.folder("templates")])


def asked(now: datetime, zone: str = ZONES[0], *contexts: Any, summary: Summary | None = None) -> Notification:
    return Notification(
        id=UUID(int=1), channel="mail", recipient="desk", zone=zone, contexts=contexts, now=now, summary=summary
    )


def subject_of(renderer: Renderer, notification: Notification) -> str:
    message, error = renderer.render(notification, "text")
    assert error is None
    return message.subject


def day_of(lead: str, today: date) -> date:
    """Return the day that a lead names; without a year it is the nearest."""
    day, month, year = NAMED.findall(lead)[-1]
    years = [int(year)] if year else range(today.year - 1, today.year + 2)
    return min((date(one, MONTHS.index(month) + 1, int(day)) for one in years), key=lambda named: abs(named - today))


def test_each_subject_is_whole_on_a_telephone_and_names_the_title() -> None:
    for *case, subject in subjects():
        lead, _, title = subject.partition(": ")
        assert len(subject) <= 78, case
        if case[1]:
            assert len(lead) <= ON_A_TELEPHONE, case
            assert title == TITLE, case
        else:
            assert len(subject.removesuffix(": summary")) <= ON_A_TELEPHONE, case


def test_every_kind_of_reminder_and_of_commitment_is_there() -> None:
    assert {case[0] for case in CASES} == set(get_args(ReminderKind))
    assert {case[1] for case in CASES} == set(get_args(What))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("what", get_args(What))
def test_whatever_is_stated_a_lead_is_short_and_true(renderer: Renderer, what: What, zone: str) -> None:
    for about, deadline, day, hour in product(("before", "reopened"), DEADLINES, DAYS, (2, 22)):
        now = datetime.fromisoformat(f"{day}T{hour:02}:30").replace(tzinfo=UTC)
        one = context(about, what, deadline, day)
        lead, _, title = subject_of(renderer, asked(now, zone, one)).rpartition(": ")
        case = (about, deadline, now, lead)
        assert title == TITLE, case
        assert len(lead) <= ON_A_TELEPHONE, case
        if found := NAMED.search(lead):
            true_of(lead, found, now, now.astimezone(ZoneInfo(zone)).date(), one.tracked.bounds)


def true_of(lead: str, found: re.Match[str], now: datetime, today: date, bounds: Any) -> None:
    """Assert that a lead is true at this time, for a reader who has this day."""
    named, case = day_of(lead, today), (lead, now, today)
    over = bounds.latest is not None and now >= bounds.latest
    late = "verdue" in lead or lead.startswith(("Was", "Expired"))
    assert late == over or lead.startswith("Reopened"), case
    if away := AWAY.search(lead):
        in_today, in_tomorrow, count, unit, _ = away.groups()
        if in_today or in_tomorrow or unit == "day":
            days = 0 if in_today else 1 if in_tomorrow else int(count)
            assert named == today + timedelta(days=days), case
        elif unit:
            size = timedelta(hours=1) if unit == "hour" else timedelta(minutes=1)
            assert 0 <= ((bounds.named or bounds.last).at - now) / size - int(count) < 1, case


@pytest.mark.parametrize("title", ["Audit", "Audit report " * 20, "期限を守る" * 20, "監査報告書を提出する"])
def test_a_subject_has_no_more_columns_than_the_title_needs(renderer: Renderer, title: str) -> None:
    now = datetime(2026, 11, 18, 8, tzinfo=UTC)
    one = context("before", "request", "by 2026-11-20", "2026-11-18", stated={"title": title.strip()})
    subject = subject_of(renderer, asked(now, ZONES[0], one))
    shown = subject.partition(": ")[2]
    assert cell_len(subject) <= 78 or cell_len(shown) <= 50
    assert shown == title.strip() or cell_len(shown) >= 49


COUNTS = (0, 1, 7, 45, 1234)


def test_a_summary_counts_what_is_overdue_first_and_fits_a_telephone(renderer: Renderer) -> None:
    now = datetime(2026, 11, 25, 8, tzinfo=UTC)
    rule = Rule(name="weekly", cron="0 9 * * mon", summary="P365D")
    for overdue, passed, due, undated in product(COUNTS, repeat=4):
        summary = Summary(scope=Scope(rule=rule, firing=now), due=due, overdue=overdue, passed=passed, undated=undated)
        lead, _, what = subject_of(renderer, asked(now, summary=summary)).partition(": ")
        assert what == "summary"
        assert len(lead) <= ON_A_TELEPHONE
        first = [f"{overdue} overdue"] * (overdue > 0) + [f"{passed} past"] * (passed > 0)
        first += [f"{due} due by 25 Nov 2027"] * (due > 0) + [f"{undated} without a date"] * (undated > 0)
        assert lead.startswith(first[0] if first else "Nothing due until 25 Nov 2027"), lead
        assert set(lead.split(", ")) <= set(first) or not first
