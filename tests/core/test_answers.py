"""What an acknowledgement and a snooze silence, at which stage, until when, and what goes out at their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from alerts.core.rules import Overdue, Rule
from alerts.core.schedule.answers import (
    acknowledged_now,
    check_snooze,
    format_acknowledgement,
    parse_acknowledgement,
    paused_until,
    resumes_at,
)
from alerts.core.stages import stage_of
from alerts.core.tracked import Acknowledgement, Revision, Snooze
from alerts.deadlines.errors import InputError
from tests.core.conftest import at, bounds_of

Follow = Callable[..., Any]
BEFORE = "a76ec09bdea93996"  # of the version before there was the setting


@pytest.mark.parametrize(
    ("deadline", "now", "stage"),
    [
        ("2025-11-10", "2025-11-10T04:59Z", "ahead"),
        ("2025-11-10", "2025-11-10T05:00Z", "due"),
        ("2025-11-10", "2025-11-11T05:00Z", "overdue"),
        ("by 2025-11-10", "2025-11-09T12:00Z", "ahead"),
        ("by 2025-11-10", "2025-11-10T12:00Z", "due"),
        ("2025-11-10T12:00Z", "2025-11-10T11:59Z", "due"),  # its day has begun
        ("2025-11-10T12:00Z", "2025-11-10T12:00Z", "overdue"),
        ("between 2025-11-10 and 2025-11-20", "2025-11-09T12:00Z", "ahead"),
        ("between 2025-11-10 and 2025-11-20", "2025-11-12T12:00Z", "due"),
        ("between 2025-11-10 and 2025-11-20", "2025-11-21T12:00Z", "overdue"),
        ("after 2025-11-10", "2025-11-10T12:00Z", "ahead"),
        ("after 2025-11-10", "2025-11-11T12:00Z", "under_review"),
        ("undated", "2025-11-10T12:00Z", "under_review"),
    ],
)
def test_the_stage_is_where_now_lies_to_the_window(deadline: str, now: str, stage: str) -> None:
    assert stage_of(bounds_of(deadline), at(now)) == stage


@pytest.mark.parametrize("when", ["2025-10-29T09:00Z", "2025-11-10T20:00Z"], ids=["ahead", "due"])
def test_who_has_seen_it_before_it_was_late_hears_that_it_is(follow: Follow, when: str) -> None:
    found = follow("2025-11-10", before=("P7D",))
    found.until(when)
    found.acknowledge(when, "2026-06-01T00:00Z")
    assert [line.split(" ")[0] for line in found.until("2025-11-12T00:00Z")][-1] == "overdue"


def test_an_escalation_goes_out_once_while_it_is_acknowledged(follow: Follow) -> None:
    found = follow("2025-11-10", before=(), on_the_day=False, overdue=Overdue(after="P3D", every="P1D"))
    found.acknowledge("2025-11-11T15:00Z")
    assert found.until("2025-11-18T15:00Z") == ["overdue P3D Fri 14 Nov 14:00"]
    assert found.until("2025-11-20T00:00Z") == ["overdue P8D Wed 19 Nov 14:00"]


def test_an_escalation_that_was_missed_goes_out_though_what_follows_it_is_silenced(follow: Follow) -> None:
    """The second reckoning found that an older lead went out in its place (seed 4)."""
    found = follow("2025-10-10", before=("P2D",), on_the_day=False, overdue=Overdue(after="P3D", every="P1D"))
    found.acknowledge("2025-10-28T16:30Z")
    assert found.until("2025-10-29T00:00Z") == ["overdue P3D Tue 28 Oct 16:00 catching up"]


@pytest.mark.parametrize(
    ("lasts", "expected"),
    [("P2D", "overdue P10D Fri 21 Nov 14:00"), (None, "overdue Wed 26 Nov 14:00")],
)
def test_a_rule_may_say_for_how_long_an_acknowledgement_holds(follow: Follow, lasts: str | None, expected: str) -> None:
    found = follow("2025-11-10", before=(), on_the_day=False, overdue=Overdue(), cron="0 9 * * *")
    found.use(replace(found.rule, acknowledged_for=lasts))
    found.until("2025-11-19T00:00Z")
    found.acknowledge("2025-11-18T15:00Z")
    assert found.until("2025-12-01T00:00Z")[0] == expected


def test_a_rule_without_the_setting_hashes_as_before() -> None:
    rule = Rule(name="desk", cron="0 9 * * *")
    assert rule.hash == BEFORE
    assert replace(rule, acknowledged_for="P3D").hash != rule.hash
    old = {name: value for name, value in rule.to_json().items() if name != "acknowledged_for"}
    assert Rule.from_json(old) == rule


def test_what_is_taken_back_speaks_again_at_the_next_firing(follow: Follow) -> None:
    found = follow("2025-11-10", before=(), on_the_day=False, overdue=Overdue(at_most=1, then="P30D"))
    assert found.until("2025-11-12T00:00Z") == ["overdue P0D Tue 11 Nov 14:00"]
    found.acknowledge("2025-11-12T15:00Z")
    found.take_back("2025-11-12T15:05Z")
    assert found.until("2025-12-01T00:00Z") == ["overdue Thu 13 Nov 14:00"]


def test_a_review_pauses_for_a_month(follow: Follow) -> None:
    found = follow("undated", review="P14D")
    assert found.until("2025-11-13T00:00Z") == ["review P14D Wed 12 Nov 14:00"]
    found.acknowledge("2025-11-12T15:00Z")
    assert found.until("2025-12-20T00:00Z") == ["review Mon 15 Dec 14:00"]  # it ended on a Friday, after the firing


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2025-11-06T00:00Z", ["before P7D Thu 6 Nov 14:00"]),  # its firing after the end
        ("2025-11-10T18:00Z", ["on_the_day Mon 10 Nov 18:00"]),  # the next firing would be too late
        ("2025-11-11T05:00Z", ["on_the_day Mon 10 Nov 14:00"]),  # to the end of the day: before that
    ],
)
def test_what_a_snooze_has_held_back_is_one_alert_at_its_end(follow: Follow, until: str, expected: list[str]) -> None:
    found = follow("2025-11-10", before=("P30D", "P7D"))
    found.until("2025-11-03T00:00Z")
    found.snooze("2025-11-03T00:00Z", until)
    assert found.until("2025-11-11T05:00Z")[: len(expected)] == expected


def test_a_snooze_that_has_held_nothing_back_ends_without_a_word(follow: Follow) -> None:
    found = follow("2025-11-10", before=("P7D",))
    found.until("2025-11-04T00:00Z")
    found.snooze("2025-11-04T00:00Z", "2025-11-07T00:00Z")
    assert found.until("2025-11-10T00:00Z") == []
    assert found.until("2025-11-11T00:00Z") == ["on_the_day Mon 10 Nov 14:00"]


def test_a_snooze_holds_back_no_move_and_no_end_and_a_move_ends_it(follow: Follow) -> None:
    found = follow("2025-11-10", before=("P7D",))
    found.until("2025-11-01T00:00Z")
    found.snooze("2025-11-01T00:00Z", "2025-11-09T00:00Z")
    found.move("2025-11-12", "2025-11-04T15:00Z")
    assert found.until("2025-11-05T15:00Z") == ["moved Tue 4 Nov 15:00", "before P7D Wed 5 Nov 14:00"]
    found.snooze("2025-11-06T00:00Z", "2025-11-12T00:00Z")
    found.close("2025-11-07T15:00Z")
    assert found.until("2025-11-13T00:00Z") == ["closed Fri 7 Nov 15:00"]


def test_the_plan_shows_what_a_snooze_holds_back_when_it_goes_out(follow: Follow) -> None:
    found = follow("2025-11-10", before=("P7D",))
    found.until("2025-11-01T00:00Z")
    found.snooze("2025-11-01T00:00Z", "2025-11-06T00:00Z")
    found.tick("2025-11-01T00:01Z")
    assert [(word.kind, word.send_at) for word in found.foretold("2025-11-07T00:00Z")] == [
        ("before", at("2025-11-06T14:00Z"))
    ]


@pytest.mark.parametrize(
    ("deadline", "until", "said"),
    [
        ("2025-11-10", "2025-11-11T05:00Z", None),
        ("2025-11-10", "2025-11-11T05:01Z", "is overdue from 2025-11-11T05:00Z on"),
        ("2025-10-10", "2025-11-11T05:00Z", "has been overdue since 2025-10-11T04:00Z: --past-due"),
        ("undated", "2025-11-27T00:00Z", None),
        ("undated", "2025-12-27T00:00Z", "a snooze ends within 30 days"),
    ],
)
def test_a_snooze_ends_before_it_is_late(follow: Follow, deadline: str, until: str, said: str | None) -> None:
    tracked, now = follow(deadline).tracked, at("2025-10-28T16:00Z")
    check_snooze(tracked, at(until), now, past_due=True)
    if said is None:
        check_snooze(tracked, at(until), now)
    else:
        with pytest.raises(InputError, match=said):
            check_snooze(tracked, at(until), now)


def test_a_revision_keeps_the_stage_and_the_end() -> None:
    until = at("2025-11-05T09:00Z")
    for stage, end, detail in (("overdue", None, "overdue"), ("ahead", until, "ahead; until 2025-11-05T09:00Z")):
        stored = format_acknowledgement(stage, end)  # type: ignore[arg-type]
        revision = Revision(number=2, what="acknowledged", recorded_at=until, recorded_by="ana", detail=stored)
        assert revision.detail == detail
        assert parse_acknowledgement(revision) == Acknowledgement(by="ana", at=until, until=end, stage=stage)  # type: ignore[arg-type]
    old = Revision(
        number=2, what="acknowledged", recorded_at=until, recorded_by="ana", detail="until 2025-11-05T09:00Z"
    )
    assert parse_acknowledgement(old) == Acknowledgement(by="ana", at=until, until=until)


def test_it_is_acknowledged_until_the_first_rule_speaks_again(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.acknowledge("2025-11-12T00:00Z")
    short = replace(found.rule, acknowledged_for="P2D")
    assert paused_until([found.rule, short], found.tracked, at("2025-11-13T00:00Z")) == at("2025-11-14T00:00Z")
    assert paused_until([found.rule], found.tracked, at("2025-11-20T00:00Z")) is None
    assert acknowledged_now([short], found.tracked, at("2025-11-15T00:00Z")) is None


def test_a_snooze_until_it_is_late_holds_where_no_firing_is_left_before(follow: Follow) -> None:
    snooze = Snooze(by="ana", at=at("2025-11-10T14:01Z"), until=at("2025-11-11T05:00Z"))  # the last firing was at 14:00
    found = follow("2025-11-10")
    assert resumes_at(snooze, found.tracked.bounds, found.cron) == snooze.until
    earlier = replace(snooze, at=at("2025-11-10T13:59Z"))
    assert resumes_at(earlier, found.tracked.bounds, found.cron) == at("2025-11-10T14:00Z")


def test_a_whole_series_is_not_snoozed_past_the_end_of_an_occurrence(follow: Follow) -> None:
    tracked, now = follow("every FREQ=WEEKLY from 2025-11-03").tracked, at("2025-10-28T16:00Z")
    check_snooze(tracked, at("2025-11-03T00:00Z"), now)
    with pytest.raises(InputError, match="truce-review 2025-11-03 is overdue from 2025-11-04T05:00Z on"):
        check_snooze(tracked, at("2025-11-20T00:00Z"), now)
    check_snooze(tracked, at("2025-11-20T00:00Z"), now, past_due=True)
