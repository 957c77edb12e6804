"""How things stand with all that a rule matches: what belongs to a summary, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alerts.core.commitments import Commitment
from alerts.core.rules import Rule
from alerts.core.summaries import LISTED, Scope, Summary, summarise
from alerts.core.tracked import Acknowledgement, Occurrence, Tracked
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from tests.factories import at, bounds

FIRING = at("2025-11-27T14:00")
RULE = Rule(name="monthly", cron="0 9 * * *", timezone="America/New_York", match={"tags": ("x",)}, summary="P30D")
SCOPE = Scope(rule=RULE, firing=FIRING)


def tracked(key: str = "a", deadline: str = "2025-12-01", zone: str | None = "UTC", **stated: Any) -> Tracked:
    more = {name: stated.pop(name) for name in ("acknowledged", "occurrences", "recorded_at") if name in stated}
    commitment = Commitment(key=key, title=key, deadline=str(parse(deadline)), **{"tags": ("x",)} | stated)
    found = resolve(parse(deadline), ZoneChoice(zone), {"summit": bounds("undated")})
    return Tracked(
        id=1, commitment=commitment, bounds=found, bounds_version=1, **{"recorded_at": at("2025-10-01")} | more
    )


def counts(summary: Summary) -> tuple[int, int, int, int, int]:
    return summary.due, summary.overdue, summary.passed, summary.undated, summary.quiet


@pytest.mark.parametrize(
    ("deadline", "part"),
    [
        ("2025-11-27", "due"),
        ("2025-12-27", "due"),
        ("2025-12-28", None),
        ("2025-12-27[Pacific/Kiritimati]", "due"),
        ("2025-12-28[Pacific/Kiritimati]", None),
        ("2025-12-28T04:59Z", "due"),
        ("2025-12-28T05:00Z", None),
        ("2025-11-26", "late"),
        ("2025-11-27T14:00Z", "late"),
        ("by 2025-12-10", "due"),
        ("between 2025-12-20 and 2026-02-01", "due"),
        ("between 2025-11-20 and 2026-02-01", None),
        ("between 2025-11-20 and 2025-12-01", "due"),
        ("after 2025-12-10", "due"),
        ("after 2025-11-10", "open"),
        ("2025-11-11/..", "open"),
        ("after 2026-02-10", None),
        ("undated", "open"),
        ("undated (tbd)", "open"),
        ("during summit", "open"),
        ("9998-12-30", None),
    ],
)
def test_what_is_due_by_the_last_day_is_past_or_is_open_without_a_date(deadline: str, part: str | None) -> None:
    found = summarise([tracked(deadline=deadline)], SCOPE, FIRING)
    assert [listed for listed, _ in found.listed] == ([part] if part else [])


def test_the_last_day_is_that_of_the_rules_zone() -> None:
    assert str(SCOPE.until) == "2025-12-27"
    tokyo = Rule(name="r", cron="0 9 * * *", timezone="Asia/Tokyo", summary="P1M")
    assert str(Scope(rule=tokyo, firing=at("2025-11-29T15:00")).until) == "2025-12-30"
    assert str(Scope(rule=Rule(name="r", cron="* * * * *", summary="P9999Y"), firing=FIRING).until) == "9999-12-31"


@pytest.mark.parametrize("deadline", ["between 2025-10-01T00:00Z and 9999-12-31T23:30Z", "9999-12-31T23:30Z"])
def test_the_last_hours_of_the_calendar_are_farther_ahead_wherever_the_rule_is(deadline: str) -> None:
    tokyo = Rule(name="r", cron="0 9 * * *", timezone="Asia/Tokyo", summary="P30D")
    found = summarise([tracked(deadline=deadline)], Scope(rule=tokyo, firing=FIRING), FIRING)
    assert (counts(found), found.listed) == ((0, 0, 0, 0, 0), ())
    last = Scope(rule=tokyo, firing=at("9999-12-31T23:00"))
    assert str(last.until) == "9999-12-31"
    assert counts(summarise([tracked(deadline=deadline)], last, FIRING)) == (1, 0, 0, 0, 0)


def test_what_another_rule_or_owner_has_and_what_is_closed_is_left_out() -> None:
    mine = tracked("mine", owner="ana")
    others = [tracked("tag", tags=("y",), owner="ana"), tracked("bo", owner="bo"), tracked("end", status="fulfilled")]
    own = Scope(rule=RULE, firing=FIRING, owners=("ana",))
    assert [one.commitment.key for _, one in summarise([mine, *others], own, FIRING).listed] == ["mine"]
    assert [one.commitment.key for _, one in summarise([mine, *others], SCOPE, FIRING).listed] == ["bo", "mine"]


def test_obligations_are_overdue_and_the_others_past_their_date() -> None:
    late = [tracked(str(n), "2025-11-01", kind=kind) for n, kind in enumerate(("obligation", "expiry", "event"))]  # type: ignore[arg-type]
    assert counts(summarise(late, SCOPE, FIRING)) == (0, 1, 2, 0, 0)


def test_what_is_acknowledged_or_snoozed_is_listed_after_the_rest() -> None:
    seen = Acknowledgement(by="Ann", at=at("2025-11-24"))
    over = Acknowledgement(by="Ann", at=at("2025-11-20"), until=at("2025-11-25"))
    found = summarise(
        [
            tracked("late", "2025-11-01", acknowledged=seen),
            tracked("undated", "undated", acknowledged=seen),
            tracked("due", acknowledged=seen),
            tracked("again", "2025-11-01", acknowledged=over),
        ],
        SCOPE,
        FIRING,
    )
    assert counts(found) == (1, 2, 0, 1, 2)
    assert [one.commitment.key for _, one in found.listed] == ["again", "due", "late", "undated"]


def test_the_occurrences_that_are_late_and_open_and_those_within_the_horizon_are_told_by_themselves() -> None:
    monthly = tracked(
        "m",
        "every FREQ=WEEKLY from 2025-11-06",
        recorded_at=at("2025-11-05"),
        occurrences={
            "2025-11-06": Occurrence(status="fulfilled"),
            "2025-11-13": Occurrence(acknowledged=Acknowledgement(by="Ann", at=at("2025-11-24"))),
        },
    )
    found = summarise([monthly], SCOPE, FIRING)
    assert [(part, one.occurrence) for part, one in found.listed] == [
        ("late", "2025-11-20"),
        *(("due", day) for day in ("2025-11-27", "2025-12-04", "2025-12-11", "2025-12-18", "2025-12-25")),
        ("late", "2025-11-13"),  # acknowledged
    ]


def test_occurrences_that_were_history_when_it_was_recorded_are_not_late() -> None:
    weekly = tracked("w", "every FREQ=WEEKLY from 2025-01-06", recorded_at=at("2025-11-26"))
    found = summarise([weekly], SCOPE, FIRING)
    assert [(part, one.occurrence) for part, one in found.listed] == [
        ("due", day) for day in ("2025-12-01", "2025-12-08", "2025-12-15", "2025-12-22")
    ]


def test_of_very_many_the_soonest_are_listed_late_ones_first_and_the_rest_counted() -> None:
    kept = 0

    def stream() -> Iterator[Tracked]:
        for number in range(2_000):
            yield tracked(f"{number:05}", "2025-11-01" if number % 50 == 0 else f"2025-12-{1 + number % 27:02}")

    found = summarise(stream(), SCOPE, FIRING)
    kept = len(found.listed)
    assert (kept, found.more, counts(found)) == (LISTED, 2_000 - LISTED, (1960, 40, 0, 0, 0))
    assert [part for part, _ in found.listed] == ["late"] * 40 + ["due"] * (LISTED - 40)
    days = [one.bounds.latest for part, one in found.listed if part == "due"]
    assert days == sorted(days, key=str)


def test_nothing_is_a_summary_too() -> None:
    found = summarise([], SCOPE, FIRING)
    assert (counts(found), found.listed, found.more) == ((0, 0, 0, 0, 0), (), 0)


def test_a_scope_comes_back_from_json_and_its_id_is_one_for_each_firing_and_recipient() -> None:
    own = Scope(rule=RULE, firing=FIRING, owners=("ana", "bo"))
    assert Scope.from_json(own.to_json()) == own
    ids = {
        own.id("mail", "a@example.org"),
        own.id("mail", "b@example.org"),
        own.id("chat", "a@example.org"),
        Scope(rule=RULE, firing=at("2025-11-28T14:00")).id("mail", "a@example.org"),
        Scope(rule=Rule(name="other", cron="0 9 * * *"), firing=FIRING).id("mail", "a@example.org"),
    }
    assert len(ids) == 5
    bos = Scope(rule=RULE, firing=FIRING, owners=("bo",))
    assert bos.id("mail", "a@example.org") in ids


def test_the_whole_has_one_id_wherever_it_was_meant_for_and_what_is_ones_own_is_another_thing() -> None:
    own, bos = (Scope(rule=RULE, firing=FIRING, owners=(one,)) for one in ("ana", "bo"))
    whole = SCOPE.id("mail", "a@example.org")
    assert SCOPE.id("mail", "a@example.org", is_fallback=True) == whole
    others = [own.id("mail", "a@example.org", is_fallback=True), bos.id("mail", "a@example.org", is_fallback=True)]
    assert len({whole, own.id("mail", "a@example.org"), *others}) == 4


def test_a_rule_that_only_sums_up_speaks_of_nothing_and_its_summary_belongs_to_what_it_means() -> None:
    assert not RULE.sends_alerts
    assert Rule.from_json(RULE.to_json()) == RULE
    plain = Rule(name="monthly", cron="0 9 * * *")
    assert plain.sends_alerts
    assert len({plain.hash, Rule(name="monthly", cron="0 9 * * *", summary="P7D").hash, RULE.hash}) == 3


def test_what_is_critical_is_listed_however_far_ahead_it_lies() -> None:
    many = [tracked(f"late-{number:05}", "2025-11-01") for number in range(300)]
    vital = tracked("vital", "2025-12-20", priority="critical")
    found = summarise([*many, vital], SCOPE, FIRING)
    assert len(found.listed) == LISTED
    assert [one.commitment.key for _, one in found.listed][-1] == "vital"
