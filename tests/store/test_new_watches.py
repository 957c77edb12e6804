"""New commitments that send nothing yet are evaluated as their watches are made: all is stored as if each were claimed.

The same register is played twice, with and without that, and all rows of all tables are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts import planning
from alerts.core.rules import Rule, Unanswered
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, planning_tables
from alerts.store.table_types import metadata
from tests import acting
from tests.factories import NOW, acknowledge, at, change, close, entries, entry, load, move, remind, rule

R = planning_tables.rules.c
CHANNELS: Any = {
    "mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=("desk@example.org",)),
    "chat": SimpleNamespace(one_at_a_time=True, default=False, recipients=("room",)),
}
RULES = (
    rule(),
    rule("weekly", cron="30 7 * * mon", timezone="America/New_York", notify=("chat", "mail"), digest=True),
    rule("follow", match={"tags": ("a", "b")}, remind=remind(unanswered=Unanswered(after="P2D", every="P1W"))),
    rule("some", match={"tags": ("b",)}, remind=remind(before=("P10BD", "P1M")), notify=("owner",), digest=False),
    rule("sums", match={"tags": ("c",)}, remind=remind(overdue=None), summary="P30D", notify=("mail",)),
    rule("default", remind=remind(before=("P60D",))),
)
SERIES = "every FREQ=MONTHLY;BYMONTHDAY=5 from 2025-10-05"
DEADLINES = (
    "2025-10-20", "2025-10-28", "2025-10-29", "2025-11-04", "2025-11-05", "2025-12-24", "2027-03-01", "2040-02-29",
    "2025-11-07T12:00", "2026-06-01T23:30", "after 2025-10-01", "after 2026-02-01", "by 2025-11-30", "by 2026-11-30",
    "2025-10-01/2025-12-01", "2026-10-01/2026-12-01", "undated", SERIES, "every FREQ=YEARLY from 2031-01-01",
    "P30D after d00", "P1Y after d07", "2025-Q4", "2026-05",
)  # fmt: skip
Rows = dict[str, list[str]]


def register() -> list[Any]:
    """Return entries with all kinds of deadlines, of all rules and zones."""
    tags = ((), ("a",), ("b",), ("c", "a"))
    zones = ("UTC", None, "Pacific/Auckland", "America/Los_Angeles")
    stated = [
        entry(
            f"d{number:02}", deadline, tags=tags[number % 4], timezone=zones[number % 3 + number % 2],
            priority=("normal", "critical")[number % 5 == 0],
        )
        for number, deadline in enumerate(DEADLINES)
    ]  # fmt: skip
    return [*stated, *entries(7, "2026-03-02", tags=("a",)), entry("mine", "2026-01-07", owner="ann", tags=("b",))]


def rows(store: Store) -> Rows:
    """Return all rows of all tables, as text, in order."""
    with store.database.read() as connection:
        return {
            table.name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }


def of_all(*rules: Rule) -> dict[str, ScheduledRule]:
    return ScheduledRule.all(rules)


def tick(store: Store, now: datetime, *rules: Rule) -> None:
    plan(store, of_all(*(rules or RULES)), CHANNELS, now)


def first_tick(store: Store) -> None:
    load(store, *register())
    store.watches.register(RULES, NOW)
    tick(store, NOW)


def later_ticks(store: Store) -> None:
    first_tick(store)
    for days in (1, 7, 30):
        tick(store, NOW + timedelta(days=days))


def a_load_beside_a_daemon(store: Store) -> None:
    load(store, *entries(3, "2026-01-05"))
    store.watches.register(RULES, NOW)
    tick(store, NOW)
    load(store, *register(), now=at("2025-10-29T11:00"))
    tick(store, at("2025-10-29T11:01"))
    tick(store, at("2025-11-24T11:00"))


def answers_before_the_tick(store: Store) -> None:
    load(store, *register())
    store.watches.register(RULES, NOW)
    move(store, "d07", "2029-01-05", NOW)
    acknowledge(store, "d06", now=NOW)
    acting.snooze(store, "d05", at("2025-12-20T00:00"), change(NOW), recipient=None)
    close(store, "d04", now=NOW)
    acting.edit(store, "d11", lambda one: replace(one, tags=("b",)), change(NOW))
    for days in (0, 1, 57):
        tick(store, NOW + timedelta(days=days, hours=1))


def changes_after_the_tick(store: Store) -> None:
    first_tick(store)
    now = NOW + timedelta(hours=3)
    move(store, "d07", "2025-11-01", now)
    move(store, "c00003", "2025-11-03", now)
    acknowledge(store, "c00004", now=now)
    close(store, "c00005", now=now)
    acting.reopen(store, "c00005", change(now))
    acting.edit(store, "c00006", lambda one: replace(one, tags=("b",)), change(now))
    for days in (0, 20):
        tick(store, now + timedelta(days=days))


def a_rule_that_changes(store: Store) -> None:
    first_tick(store)
    others = (rule(remind=remind(before=("P200D", "P1D"), overdue=None)), *RULES[1:-1], rule("new"))
    store.watches.register(others, at("2025-10-30T10:00"))
    load(store, *entries(4, "2026-02-02", priority="critical"), now=at("2025-10-30T10:00"))
    for day in ("2025-10-30T10:01", "2025-12-01T10:00"):
        tick(store, at(day), *others)


def a_tick_of_the_past(store: Store) -> None:
    load(store, *register())
    store.watches.register(RULES, NOW)
    for days in (-30, 0, 8):
        tick(store, NOW + timedelta(days=days))


def rules_of_two_processes(store: Store) -> None:
    load(store, *register())
    store.watches.register(RULES, NOW)
    tick(store, NOW, rule(cron="0 8 * * *"), *RULES[1:3])  # one means something else here, three are not known
    tick(store, NOW, *RULES)
    tick(store, NOW + timedelta(days=8), *RULES)


def a_rule_that_was_left_out(store: Store) -> None:
    load(store, *register())
    store.watches.register(RULES, NOW)
    with store.database.write() as connection:
        connection.execute(update(planning_tables.rules).where(R.name == "desk").values(removed_at=NOW))
    tick(store, NOW)
    with store.database.write() as connection:
        connection.execute(update(planning_tables.rules).where(R.name == "desk").values(removed_at=None))
    tick(store, NOW + timedelta(days=8))


PLAYS = (
    first_tick, later_ticks, a_load_beside_a_daemon, answers_before_the_tick, changes_after_the_tick,
    a_rule_that_changes, a_tick_of_the_past, rules_of_two_processes, a_rule_that_was_left_out,
)  # fmt: skip


@pytest.fixture
def other(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Another empty store on the same kind of database."""
    if store.database.sqlite:
        with closing(Store(f"sqlite:///{tmp_path}/other.db")) as opened:
            yield opened
        return
    server = request.getfixturevalue("postgresql")
    name = server.take()
    with closing(Store(server.url(name))) as opened:
        yield opened
    server.give_back(name)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let each new watch be claimed and evaluated by itself from now on."""

    def begin() -> None:
        monkeypatch.setattr(planning, "settle", lambda store, *_: store.watches.settle())

    return begin


@pytest.mark.parametrize("play", PLAYS, ids=[play.__name__ for play in PLAYS])
def test_all_rows_are_those_of_watches_that_are_claimed(store, other, one_by_one, play):
    play(store)
    one_by_one()
    play(other)
    found, expected = rows(store), rows(other)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert len(expected["watches"]) > len(DEADLINES)
    assert expected["reminders"]
    assert expected["deliveries"]
