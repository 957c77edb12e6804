"""Looking ahead is the same as waiting: what is foretold is what is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.core import forecast
from alerts.core.forecast import forecast_reminders
from alerts.core.schedule.evaluation import evaluate

Follow = Callable[..., Any]
START, END = datetime.fromisoformat("2025-10-28T16:00Z"), "2026-01-15T00:00Z"
DEADLINES = st.sampled_from(
    ["2025-11-10", "2025-11-10T00:01", "after 2025-11-10", "undated", "between 2025-11-15 and 2025-12-17", "2025-10-01"]
)


def test_what_is_foretold_for_the_truce_is_what_is_then_said(follow: Follow) -> None:
    truce = follow("after 2025-11-10")
    foretold = truce.foretold("2026-01-01T00:00Z")
    truce.until("2026-01-01T00:00Z")
    assert foretold == truce.reminders


@settings(max_examples=50, deadline=None)
@given(DEADLINES, st.lists(st.integers(0, 70 * 24), max_size=5).map(sorted))
def test_a_plan_of_a_span_is_the_sum_of_its_parts(follow: Follow, deadline: str, cuts: list[int]) -> None:
    found = follow(deadline)
    whole, parts = found.foretold(END), []
    for cut in [(START + timedelta(hours=hours)).isoformat() for hours in cuts] + [END]:
        parts += found.foretold(cut)
        found.until(cut)
    assert parts == whole == found.reminders


def test_the_end_of_a_span_is_not_in_it(follow: Follow) -> None:
    found = follow("2025-11-10")
    assert found.foretold("2025-11-03T14:00Z") == found.foretold("2025-11-01T00:00Z")
    assert len(found.foretold("2025-11-03T14:00:01Z")) == len(found.foretold("2025-11-03T14:00Z")) + 1


def test_one_date_of_a_series_is_foreseen_without_the_others(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats of all its other dates until the end would take minutes, while a page holds commits back."""
    series, evaluated = follow("every FREQ=DAILY from 2025-11-03"), list[str]()
    rules, firings, end = {"desk": series.rule}, {"desk": series.cron}, datetime.fromisoformat("2026-02-01T00:00Z")
    watches = [(replace(series.watch, rule="desk"), series.tracked)]
    whole = list(forecast_reminders(watches, rules, firings, end))

    def counted(rule: Any, tracked: Any, watch: Any, *rest: Any) -> Any:
        evaluated.append(watch.occurrence)
        return evaluate(rule, tracked, watch, *rest)

    monkeypatch.setattr(forecast, "evaluate", counted)
    found = list(forecast_reminders(watches, rules, firings, end, occurrence="2025-11-20"))
    assert found == [one for one in whole if one.reminder.occurrence == "2025-11-20"]
    assert len(found) > 10
    assert set(evaluated) == {"", "2025-11-20"}


def test_several_watches_are_told_in_the_order_in_which_they_go_out_and_the_same_thing_once(follow: Follow) -> None:
    desk, early, other = follow("2025-11-10"), follow("2025-11-10", cron="0 7 * * *"), follow("2025-11-06")
    rules = {
        "desk": desk.rule,
        "early": replace(early.rule, notify=("desk-mail", "chat")),
    }
    watches = [
        (replace(desk.watch, rule="desk"), desk.tracked),
        (replace(early.watch, rule="early"), early.tracked),
        (replace(other.watch, rule="desk", commitment_id=2), replace(other.tracked, id=2)),
    ]
    crons = {"desk": desk.cron, "early": early.cron}
    found = list(forecast_reminders(watches, rules, crons, datetime.fromisoformat("2025-11-08T00:00Z")))
    assert [word.reminder.send_at for word in found] == sorted(word.reminder.send_at for word in found)
    leads = [(word.reminder.offset, word.channels) for word in found if word.reminder.commitment_id == 1]
    assert leads == [
        ("P30D", ("desk-mail",)),
        ("P30D", ("chat",)),
        ("P7D", ("desk-mail", "chat")),
        ("P1D", ("desk-mail",)),
    ]
