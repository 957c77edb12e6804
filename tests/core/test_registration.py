"""Who may say which rules a database goes by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.core.commitments import Person
from alerts.core.registration import (
    SHIPPED,
    Registration,
    RuleSet,
    daemon_may_register,
    differences,
    may_use_shipped_rules,
    tick_may_register,
)
from tests.factories import rule


def rule_set(name: str, folder: str = "/etc/alerts") -> RuleSet:
    return RuleSet(rules={name: rule(name)}, folder=folder)


def registered(*names: str, folder: str = "/etc/alerts") -> list[Registration]:
    sets = [rule_set(name) for name in names]
    return [Registration(hash=one.hash, folder=folder, rules=one.hashes, channels={}) for one in sets]


DAEMONS = [
    # mine, registered before, run by others that live: may it?
    ("new", "", "", True),
    ("new", "old", "old", True),  # the first of a rolling update
    ("old", "old new", "new", False),  # an old one that restarts in its midst
    ("old", "old new", "old", True),  # the update was taken back: nobody runs the new one any more
    ("old", "old new", "", True),
    ("new", "old new", "old", True),  # the current one
    ("a", "a b c", "b", False),  # one that was registered later lives, though it is not the last
    ("b", "a b c", "a", True),
    ("a", "a b a", "b", True),  # the current one, which was replaced once
]  # fmt: skip


@pytest.mark.parametrize(("mine", "before", "others", "may"), DAEMONS)
def test_a_daemon_takes_no_rules_away_from_a_later_one_that_lives(
    mine: str, before: str, others: str, may: bool
) -> None:
    running = {rule_set(name).hash for name in others.split()}
    assert daemon_may_register(rule_set(mine), registered(*before.split()), running) is may


def test_a_configuration_without_rules_replaces_nothing() -> None:
    assert not daemon_may_register(RuleSet(rules={}), registered("a"), set())
    assert not tick_may_register(
        RuleSet(rules={}, folder="/etc/alerts"), registered("a"), daemon_lives=False, take_over=False
    )
    assert daemon_may_register(RuleSet(rules={}), [], set())


TICKS = [
    # mine, its folder, whether a daemon lives, --take-over: may it?
    ("other", "/etc/alerts", False, False, True),
    ("other", "/etc/alerts", True, False, False),
    ("other", "/home/me", False, False, False),
    ("other", "/home/me", False, True, True),
    ("other", "/home/me", True, True, True),
    ("mine", "/home/me", True, False, True),  # the same rules: there is nothing to register
]


@pytest.mark.parametrize(("name", "folder", "daemon_lives", "take_over", "may"), TICKS)
def test_a_tick_registers_only_where_it_did_before(
    name: str, folder: str, daemon_lives: bool, take_over: bool, may: bool
) -> None:
    found = tick_may_register(
        rule_set(name, folder), registered("mine"), daemon_lives=daemon_lives, take_over=take_over
    )
    assert found is may


def test_after_an_upgrade_a_tick_goes_on_with_the_rules_that_are_there() -> None:
    """Before there was a history only the rules were known."""
    before = [Registration(hash="", folder=None, rules=rule_set("mine").hashes, channels={})]
    assert tick_may_register(rule_set("mine"), before, daemon_lives=False, take_over=False)
    assert tick_may_register(rule_set("other"), before, daemon_lives=False, take_over=False), (
        "its user may have edited it"
    )
    assert not tick_may_register(rule_set("other"), before, daemon_lives=True, take_over=False)


def test_the_shipped_rules_take_the_place_of_nobodys_own() -> None:
    shipped, unknown = rule_set("mine", SHIPPED), Registration(hash="", folder=None, rules={"old": "1"}, channels={})
    for before in ([unknown], registered("own")):
        assert not tick_may_register(shipped, before, daemon_lives=False, take_over=False)
        assert not may_use_shipped_rules(shipped, before)
    for before in ([], registered("earlier", folder=SHIPPED), [replace(unknown, rules=shipped.hashes)]):
        assert tick_may_register(shipped, before, daemon_lives=False, take_over=False)
        assert may_use_shipped_rules(shipped, before)


def test_an_own_set_takes_the_place_of_the_shipped_one() -> None:
    before = registered("mine", folder=SHIPPED)
    assert tick_may_register(rule_set("own"), before, daemon_lives=False, take_over=False)
    assert not tick_may_register(rule_set("own"), before, daemon_lives=True, take_over=False)


ANA = Person(key="ana", name="Ana", email="ana@example.org")
BASE = RuleSet(rules={"a": rule("a")}, channels={"mail": "1"}, people=(ANA,), zone="UTC", folder="/etc/alerts")


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, rules={"a": rule("a", cron="0 1 * * *")}),
        replace(BASE, rules={"a": rule("a", fallback="mail")}),
        replace(BASE, channels={"mail": "2"}),
        replace(BASE, people=(replace(ANA, email="new@example.org"),)),
        replace(BASE, zone="Asia/Seoul"),
    ],
)
def test_sets_differ_by_what_is_told_to_whom(other: RuleSet) -> None:
    assert other.hash != BASE.hash


def test_the_folder_makes_no_other_set() -> None:
    assert replace(BASE, folder="/elsewhere").hash == BASE.hash


def test_rules_that_differ_are_named() -> None:
    assert differences({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == ("b", "c", "d")
