"""Rules: for which commitments they speak, and what makes two of them mean the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alerts.core.commitments import Commitment
from alerts.core.rules import DEFAULT_RULE, Overdue, Remind, Rule, Unanswered, matching

TRUCE = Commitment(
    key="truce-review",
    title="Trade truce",
    deadline="after 2025-11-10",
    priority="critical",
    by=("us", "cn"),
    tags=("trade-truce", "tariffs"),
)
RULE = Rule(
    name="truce-desk",
    cron="0 9 * * mon-fri",
    timezone="America/New_York",
    match={"tags": ("trade-truce",), "priority": ("high", "critical")},
    remind=Remind(before=("P30D", "P7D"), overdue=Overdue(at_most=None), review="P14D"),
    notify=("desk-mail",),
    digest=True,
)


@pytest.mark.parametrize(
    ("match", "sends_alerts"),
    [
        ({}, True),
        ({"key": ("truce-review",)}, True),
        ({"key": ("truce",)}, False),
        ({"tags": ("trade-truce",)}, True),
        ({"tags": ("rare-earths", "tariffs")}, True),
        ({"tags": ("rare-earths",)}, False),
        ({"priority": ("high", "critical")}, True),
        ({"priority": ("low",)}, False),
        ({"tags": ("tariffs",), "priority": ("low",)}, False),
        ({"kind": ("obligation",), "by": ("cn",)}, True),
        ({"to": ("us",)}, False),
        ({"owner": ("ana",)}, False),
    ],
)
def test_all_that_is_named_must_hold_and_any_value_of_each(
    match: dict[str, tuple[str, ...]], sends_alerts: bool
) -> None:
    assert Rule(name="r", cron="0 9 * * *", match=match).matches(TRUCE) is sends_alerts


def test_the_default_rule_speaks_only_where_no_other_does() -> None:
    default, other = Rule(name=DEFAULT_RULE, cron="0 9 * * *"), replace(RULE, match={"priority": ("low",)})
    assert matching([default, RULE], TRUCE) == [RULE]
    assert matching([default, other], TRUCE) == [default]
    assert matching([other], TRUCE) == []


def test_a_rule_that_only_follows_up_does_not_take_the_place_of_the_default_rule() -> None:
    default = Rule(name=DEFAULT_RULE, cron="0 9 * * *")
    follow_up = Rule(name="no-answer", cron="0 9 * * *", remind=Remind(unanswered=Unanswered(after="P3D")))
    assert matching([default, follow_up], TRUCE) == [default, follow_up]
    assert matching([default, follow_up, RULE], TRUCE) == [follow_up, RULE]
    assert matching([follow_up], TRUCE) == [follow_up]


def test_every_rule_that_matches_speaks() -> None:
    second = replace(RULE, name="second")
    assert matching([RULE, second], TRUCE) == [RULE, second]


@pytest.mark.parametrize("rule", [RULE, Rule(name="bare", cron="* * * * *"), replace(RULE, remind=Remind(moved=True))])
def test_a_rule_survives_storage_and_means_the_same(rule: Rule) -> None:
    again = Rule.from_json(json.loads(json.dumps(rule.to_json())))
    assert again == rule
    assert again.hash == rule.hash


@pytest.mark.parametrize(
    "change",
    [
        {"cron": "0 8 * * mon-fri"}, {"timezone": "UTC"}, {"match": {}}, {"notify": ()}, {"digest": None},
        {"remind": replace(RULE.remind, before=("P7D",))}, {"remind": replace(RULE.remind, overdue=None)},
        {"remind": replace(RULE.remind, overdue=Overdue(at_most=1))}, {"name": "other"},
    ],
    ids=str,
)  # fmt: skip
def test_the_hash_changes_with_whatever_the_rule_means(change: dict[str, object]) -> None:
    assert replace(RULE, **change).hash != RULE.hash  # type: ignore[arg-type]
