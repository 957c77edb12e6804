"""Commands that ask the database what they tell about all commitments, instead of reading each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts.cli import check_command, plan_command
from alerts.cli.app import App
from alerts.store import rows
from alerts.store.unproven_alerts import AlertingRules, perhaps_unproven
from alerts.views import silent_commitments as silent_views
from alerts.views.planned_alerts import STEPS, first_planned, planned_alerts
from alerts.views.silent_commitments import silent_commitments
from tests.cli.conftest import CONFIG, NOW, Alerts
from tests.patience import EXACT, cases

AT = datetime.fromisoformat(NOW)
TEN_YEARS = timedelta(days=3660)
MAIL = """\
channels:
  mail: {kind: email, default: true, from: alerts@example.org, to: [ops@example.org], smtp: {host: 127.0.0.1, port: 9}}
"""
RULES = """\
  - {name: opening, cron: "0 9 * * *", match: {tags: [opens]}, remind: {opens: true}, notify: [chat]}
  - {name: mine, cron: "0 9 * * *", match: {tags: [mine, both]}, remind: {before: [P1D]}, notify: [owner]}
  - {name: follow, cron: "0 9 * * *", match: {tags: [follow, both]}, remind: {unanswered: {after: P2D}}, notify: [chat]}
  - {name: of-one, cron: "0 9 * * *", match: {key: [named]}, remind: {before: [P1D]}, notify: [chat]}
"""
SERIES = "every FREQ=MONTHLY;BYMONTHDAY=5 from 2025-10-05"
STATED = (
    ("far", "2055-01-05", "truce"), ("past", "2025-01-05", "truce"), ("near", "2025-11-20", "truce"),
    ("no-rule", "2025-11-20", "other"), ("nobody", "2025-11-20", "mine"), ("only-follows", "2025-11-20", "follow"),
    ("no-date", "undated", "truce"), ("no-window", "2025-11-20", "opens"), ("series", SERIES, "truce"),
    ("series-without-window", SERIES, "opens"), ("series-far", "every FREQ=MONTHLY from 2055-01-05", "truce"),
    ("pair", "every FREQ=MONTHLY;COUNT=2 from 2025-11-05", "truce"), ("snoozed", "2025-11-20", "truce"),
    ("acknowledged", "2025-10-20", "truce"), ("snoozed-far", "2055-01-05", "truce"),
    ("only-follows-nobody", "2025-11-20", "both"),
)  # fmt: skip


@pytest.fixture
def loads(alerts: Alerts, home: Path) -> Callable[..., Alerts]:
    """Load commitments, and let a tick make their watches."""

    def run(*stated: tuple[str, str, str]) -> Alerts:
        (home / "config/alerts.yaml").write_text(CONFIG.replace("channels:\n", MAIL) + RULES)
        entries = [
            {"key": key, "title": key, "deadline": deadline, "timezone": "UTC", "tags": [tag]}
            for key, deadline, tag in stated
        ]
        (home / "many.json").write_text(json.dumps({"commitments": entries}))
        assert alerts("load", "many.json", "--at", NOW).code == 0
        alerts("tick", "--at", NOW)
        return alerts

    return run


@contextmanager
def commitments_read(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the keys of commitments as they are made of rows."""
    read: list[str] = []
    make = rows.commitment_of

    def noted(key, *values):
        read.append(key)
        return make(key, *values)

    with patch.context() as patched:
        patched.setattr(rows, "commitment_of", noted)
        yield read


@pytest.mark.parametrize("count", [30, 300])
def test_health_reads_no_commitment(count: int, loads: Callable[..., Alerts], monkeypatch: pytest.MonkeyPatch) -> None:
    alerts = loads(*((f"c{n}", "2026-11-20", "truce") for n in range(count)), ("lost", "2026-11-20", "other"))
    with commitments_read(monkeypatch) as read:
        told = alerts("health", "--at", NOW)
    assert "no rule matches lost: no alerts" in told.err
    assert read == []


@pytest.mark.parametrize("count", [30, 300])
def test_check_reads_those_with_the_next_alerts(
    count: int, loads: Callable[..., Alerts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_command, "MOST_LOOKED_AT", 20)
    overdue = [(f"late{n}", "2025-10-20", "truce") for n in range(count // 3)]
    alerts = loads(*((f"c{n}", "2026-11-20", "truce") for n in range(count)), *overdue)
    with commitments_read(monkeypatch) as read:
        assert alerts("check", "--at", NOW).code == 0
    assert len(read) <= 20
    assert {key for key in read if key.startswith("late")}  # their repeats are the next alerts


def test_health_names_the_first_and_counts_the_rest(loads: Callable[..., Alerts]) -> None:
    alerts = loads(("known", "2025-11-20", "truce"), *((f"lost{n}", "2025-11-20", f"tag-{n}") for n in range(12)))
    names = ", ".join(f"lost{n}" for n in range(10))
    assert f"no rule matches {names} and 2 more: no alerts" in alerts("health", "--at", NOW).err


def test_a_commitment_that_a_rule_names_is_not_among_those_like_it(loads: Callable[..., Alerts]) -> None:
    alerts = loads(*((key, "2025-11-20", "other") for key in ("lost", "named", "lost-too")))
    assert "no rule matches lost, lost-too: no alerts" in alerts("health", "--at", NOW).err


def test_what_stored_watches_prove_is_what_a_forecast_finds(
    loads: Callable[..., Alerts], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = loads(*STATED)
    for key in ("snoozed", "snoozed-far"):
        assert alerts("snooze", key, "--until", "2025-11-25", "--for-all", "--past-due", "--at", NOW).code == 0
    assert alerts("ack", "acknowledged", "--at", NOW).code == 0
    for occurrence in ("2025-11-05", "2025-12-05"):
        assert alerts("close", "pair", "--occurrence", occurrence, "--as", "fulfilled", "--at", NOW).code == 0
    new = {"key": "new-no-rule", "title": "New", "deadline": "2025-11-20", "tags": ["other"]}
    (home / "new.json").write_text(json.dumps({"commitments": [new]}))
    assert alerts("load", "new.json", "--at", NOW).code == 0
    for tick in range(2):
        app = App(home / "config", None, "read")
        found, pending = silent_commitments(app, AT, AT + TEN_YEARS)
        with monkeypatch.context() as patched:
            patched.setattr(silent_views, "stored_watches_hold", lambda *_: False)  # so all are worked out
            expected, _ = silent_commitments(app, AT, AT + TEN_YEARS)
        app.close()
        assert (sorted(found), pending) == (sorted(expected), 0)
        assert {"far", "series-far", "no-window", "series-without-window", "only-follows-nobody"} <= set(found)
        assert ("pair" in found) == bool(tick)  # the first tells that it is over
        assert not {"near", "series", "only-follows", "snoozed", "no-rule", "new-no-rule", "nobody"} & set(found)
        if not tick:
            alerts("tick", "--at", NOW)


def test_only_those_that_may_be_without_an_alert_are_looked_up(loads: Callable[..., Alerts], home: Path) -> None:
    loads(("far", "2055-01-05", "truce"), *((f"c{n}", "2026-11-20", "truce") for n in range(30)))
    app = App(home / "config", None, "read")
    reaching = frozenset(app.rules)
    rules = AlertingRules(
        always=reaching, owners_only=frozenset(), owners=frozenset(), dated=reaching, starting=reaching
    )
    far = app.store.commitments.find("far").id
    assert perhaps_unproven(app.store.database, rules, AT + TEN_YEARS) == [far]
    app.close()


def test_check_leaves_what_has_changed_to_the_tick_where_it_is_much(
    loads: Callable[..., Alerts], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = loads(("near", "2025-11-20", "truce"))
    entries = [{"key": f"c{n}", "title": "x", "deadline": "2055-01-05", "tags": ["truce"]} for n in range(5)]
    (home / "more.json").write_text(json.dumps({"commitments": entries}))
    assert alerts("load", "more.json", "--at", NOW).code == 0
    monkeypatch.setattr(silent_views, "MAX_COMPUTED", 3)
    told = alerts("check", "--at", NOW).err
    assert "c0, c1, c2: no alerts in the next ten years" in told
    assert "2 more have changed: check again after the next tick" in told


@pytest.mark.parametrize("freq", ["MONTHLY", "YEARLY", "MONTHLY;INTERVAL=2", "YEARLY;BYMONTH=2,4", "WEEKLY"])
def test_no_date_that_skips_months_is_sieved_out(freq: str) -> None:
    from alerts.deadlines.errors import InputError
    from alerts.deadlines.grammar import parse
    from alerts.deadlines.skipped_months import skipped_periods
    from alerts.views.date_warnings import skipping

    found = 0
    parts = (
        "", ";BYMONTHDAY=31", ";BYMONTHDAY=-1", ";BYMONTHDAY=-30", ";BYMONTHDAY=1,30", ";BYDAY=5MO", ";BYDAY=-5FR",
        ";BYDAY=1MO", ";BYYEARDAY=366", ";BYWEEKNO=53", ";BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
    )  # fmt: skip
    for part in parts:
        for day in ("2026-01-15", "2026-01-31", "2028-02-29", "2026-03-30", "2026-01-29T17:00[Europe/Paris]"):
            try:
                deadline = parse(f"every FREQ={freq}{part} from {day}")
            except InputError:
                continue
            skips = skipped_periods(deadline) is not None
            found += skips
            assert len(list(skipping([("key", str(deadline))]))) == skips
    assert found or freq == "WEEKLY"


def test_the_first_alerts_of_many_are_those_of_a_whole_plan(loads: Callable[..., Alerts], home: Path) -> None:
    many = [(f"c{n}", "2025-11-20", "truce") for n in range(40)]
    many += [(f"w{n}", SERIES, "opens") for n in range(30)]  # their watches wake for nothing
    alerts = loads(*STATED, *many, ("late", "2025-10-25", "truce"))
    assert alerts("move", "far", "2025-11-21", "--because", "sooner", "--at", NOW).code == 0  # changed since the tick
    app = App(home / "config", None, "read")
    for days in cases([10, 90], 1):
        end = AT + timedelta(days=days)
        whole = planned_alerts(app, AT, end)
        for most in (*range(1, 120, 4 if EXACT else 40), len(whole) - 1, len(whole), len(whole) + 1):
            found, is_whole = first_planned(app, AT, end, most)
            assert list(found) == whole[:most]
            assert is_whole <= (len(whole) <= most)
        assert first_planned(app, AT, end, len(whole) + 100)[1]
    app.close()


def test_of_one_time_a_plan_that_is_cut_has_alerts_before_summaries(loads: Callable[..., Alerts], home: Path) -> None:
    waking = ("wakes-for-nothing", SERIES, "opens")
    alerts = loads(waking, *((f"c{n}", "2025-11-20", "truce") for n in range(4)))
    summing = '  - {name: sums, cron: "0 9 13 * *", match: {}, summary: {horizon: P30D}, notify: [chat]}\n'
    (home / "config/alerts.yaml").write_text(CONFIG.replace("channels:\n", MAIL) + RULES + summing)
    alerts("tick", "--at", NOW)  # it registers the rule
    app = App(home / "config", None, "read")
    end = AT + timedelta(days=17)
    whole = planned_alerts(app, AT, end)
    for most in range(1, len(whole) + 1):
        assert list(first_planned(app, AT, end, most)[0]) == whole[:most]
    app.close()


@pytest.mark.parametrize("count", [40, 400])
def test_plan_reads_those_with_the_next_alerts(
    count: int, loads: Callable[..., Alerts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_command, "MOST_PLANNED", 10)
    alerts = loads(*((f"c{n:03}", "2025-11-20", "truce") for n in range(count)))
    with commitments_read(monkeypatch) as read:
        told = alerts("plan", "--at", NOW)
    assert [re.search(r"c\d{3}", line).group() for line in told.out.splitlines()[1:]] == [f"c{n:03}" for n in range(10)]
    assert "the first 10 alerts; for the rest: --all, or --json; for fewer: --days 9" in told.err
    assert len(read) <= 10 * len(STEPS)
    assert len(alerts("plan", "--all", "--days", "20", "--at", NOW).out.splitlines()) > count
    assert len(alerts("plan", "--json", "--days", "20", "--at", NOW).json) >= count


def test_a_whole_plan_reads_only_what_is_due_in_it(
    loads: Callable[..., Alerts], monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = loads(("soon", "2025-10-30", "truce"), *((f"c{n:03}", "2026-11-20", "truce") for n in range(40)))
    with commitments_read(monkeypatch) as read:
        planned = alerts("plan", "--days", "9", "--json", "--at", NOW).json
    assert {one["commitment"] for one in planned} == {"soon"} == set(read)
