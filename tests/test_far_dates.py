"""What a load says of alerts that go out at once: dates that lie far ahead need not be worked out for that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import forecasting
from alerts.core.owners import NO_OWNERS
from alerts.far_dates import dates_without_alerts
from alerts.forecasting import forecast_of_changes
from alerts.scheduled_rules import ScheduledRule
from alerts.store import standing
from tests.factories import NOW, entry, load, remind, rule, settle
from tests.patience import cases

FORMS = (
    "{day}", "by {day}T17:00[UTC]", "between {day} and {later}", "after {day}", "{day}/..", "../{day}",
    "every FREQ=WEEKLY from {day}",
)  # fmt: skip
RULES = {
    "daily": rule(cron="0 9 * * *"),
    "weekly": rule(cron="0 9 * * mon"),
    "monthly": rule(cron="0 9 1 * *"),
    "business": rule(cron="0 9 * * *", remind=remind(before=("10 business days", "P1M"), on_the_day=True)),
    "never": rule(cron="0 9 29 2 *", remind=remind(before=("P1D",))),
}
DAYS = cases([-2, 0, 1, 2, 8, 11, 30, 31, 33, 90], *range(-9, 12), 28, 29, 32, 34, 40, 60)  # from now
HOURS = cases([1, 30], 0, 24 * 8)  # since the load


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", None])
def test_no_alert_that_is_due_is_passed_over(name, zone, sqlite_url, monkeypatch):
    from alerts.store import Store

    store, rules = Store(sqlite_url), ScheduledRule.all([RULES[name]])
    settle(store, RULES[name])
    days = [(NOW + timedelta(days=number)).date() for number in DAYS]
    stated = [
        (f"c{number}-{form}", FORMS[form].format(day=day, later=day + timedelta(days=20)))
        for number, day in enumerate(days)
        for form in range(len(FORMS))
    ]
    load(store, *(entry(key, deadline, timezone=zone) for key, deadline in stated), entry("none", "undated"))
    for hours in HOURS:
        now = NOW + timedelta(hours=hours)
        found = list(forecast_of_changes(store, rules, now, NO_OWNERS))
        with monkeypatch.context() as patched:
            patched.setattr(forecasting, "dates_without_alerts", lambda *_: None)
            assert found == list(forecast_of_changes(store, rules, now, NO_OWNERS))
    assert found or name == "never"
    store.close()


@pytest.mark.parametrize("count", [10, 300])
def test_what_is_new_and_far_ahead_is_not_read(count, sqlite_url, monkeypatch):
    from alerts.store import Store

    store, read = Store(sqlite_url), []
    settle(store, RULES["daily"])
    load(store, entry("soon", "2025-10-29"), *(entry(f"c{number}", "2027-11-10") for number in range(count)))
    make = standing.tracked_of
    monkeypatch.setattr(standing, "tracked_of", lambda row: read.append(row["key"]) or make(row))
    ahead = forecast_of_changes(store, ScheduledRule.all([RULES["daily"]]), NOW)
    assert {one.reminder.commitment for one in ahead} == {"soon"} == set(read)
    store.close()


def test_a_cron_without_a_next_firing_sieves_nothing_out():
    assert dates_without_alerts(ScheduledRule.all([rule(cron="0 9 29 2 *")]), NOW) is not None
    assert dates_without_alerts({}, NOW) == NOW
