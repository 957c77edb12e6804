"""A writer waits for nothing that is only worked out: no transaction is open while objects are built."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, open_commitments, planning_tables, queries
from alerts.store.outbox import contents, digests
from alerts.store.rows import chunks
from tests.factories import NOW, at, claim, entries, entry, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), digest=True)
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=("desk@example.org",))}
SERIES = "every FREQ=MONTHLY;BYMONTHDAY=5 from 2025-10-05"
Watch = Callable[[Any, str], list[str]]


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """A store with eight commitments, of which one recurs, read three at a time."""
    store = Store(sqlite_url)
    load(store, *entries(7), entry("series", SERIES))
    yield store
    store.close()


@pytest.fixture
def written(store: Store, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Let another process write each time a function is called, which fails at once where it would have to wait."""

    def watch(module: Any, name: str) -> list[str]:
        made, original = list[str](), getattr(module, name)

        def called(*arguments: Any, **named: Any) -> Any:
            other = sqlite3.connect(str(store.database.path), timeout=0, isolation_level=None)
            other.execute("INSERT OR REPLACE INTO meta (name, value, at) VALUES ('probe', '\"x\"', '2025-10-28')")
            other.close()
            made.append(name)
            return original(*arguments, **named)

        monkeypatch.setattr(module, name, called)
        return made

    return watch


READS: dict[str, Callable[[Store], object]] = {
    "all": lambda store: store.ledger.tracked(),
    "all, closed ones too": lambda store: store.ledger.tracked(closed=True),
    "some": lambda store: store.ledger.some(range(1, 9)),
    "each": lambda store: list(store.ledger.each()),
    "those of pages": lambda store: store.open_commitments.read(range(1, 9)),
}


@pytest.mark.parametrize("read", READS.values(), ids=[name.replace(" ", "_") for name in READS])
def test_another_process_can_write_while_commitments_are_built(
    store: Store, written: Watch, monkeypatch: pytest.MonkeyPatch, read: Callable[[Store], Any]
) -> None:
    monkeypatch.setattr(queries, "CHUNK", 3)
    made = written(queries, "build"), written(open_commitments, "build")
    assert len(read(store)) == 8
    assert any(made)


def test_commitments_that_are_read_in_several_pieces_are_all_there_and_in_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = store.ledger.tracked()
    monkeypatch.setattr(queries, "CHUNK", 3)
    assert store.ledger.tracked() == whole
    assert [one.id for one in store.ledger.each()] == list(range(1, 9))


@pytest.fixture
def batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Let what is due come in several batches, so that it is gathered."""
    monkeypatch.setattr("alerts.store.claimed_watches.CHUNK", 3)
    plan_at(store, NOW, LEAD)
    return store


def test_another_process_can_write_while_a_digest_is_worked_out(batches: Store, written: Watch) -> None:
    made = written(digests, "merge")
    plan_at(batches, NINE, LEAD, register=False)
    assert made == ["merge"]
    assert [len(one.contexts) for one in claim(batches, NINE)] == [8]


def test_another_process_can_write_while_the_contents_of_a_digest_are_built(
    batches: Store, written: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "chunks", partial(chunks, size=3))
    plan_at(batches, NINE, LEAD, register=False)
    built = written(contents, "reminder_of")
    [one] = claim(batches, NINE)
    assert len(built) == len(one.contexts) == 8
    with batches.database.read() as connection:
        reminders = planning_tables.reminders.c
        order = select(reminders.id).order_by(reminders.send_at, reminders.moment, reminders.id)
        planned = connection.execute(order.where(reminders.skipped.is_(None))).scalars().all()
    assert [told.reminder.id for told in one.contexts] == planned


class KilledError(Exception):
    """The process is no more."""


def test_what_is_gathered_while_a_digest_is_worked_out_is_in_it(
    batches: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill() -> None:
        raise KilledError

    def merge(reminders: Any) -> Any:
        if kept:
            with batches.database.write() as connection:
                connection.execute(insert(gathered), [kept.pop()])
        return worked_out(reminders)

    with pytest.raises(KilledError):
        plan(batches, ScheduledRule.all([LEAD]), CHANNELS, NINE, on_batch=kill)
    gathered, worked_out = delivery_tables.gathered, digests.merge
    with batches.database.write() as connection:
        all_of_them = [dict(row) for row in connection.execute(select(gathered)).mappings()]
        kept = all_of_them[:1]
        connection.execute(delete(gathered).where(gathered.c.reminder_id == kept[0]["reminder_id"]))
    monkeypatch.setattr(digests, "merge", merge)
    assert list(batches.gathering.seal(list, NINE)) == [1]
    assert [len(one.contexts) for one in claim(batches, NINE)] == [len(all_of_them)]
    assert len(all_of_them) > 1


@pytest.mark.parametrize(("every", "expected"), [(-1.0, 3), (60.0, 0)], ids=["for_long", "not_for_long"])
def test_planning_that_lasts_lets_others_write_between_its_batches(
    batches: Store, monkeypatch: pytest.MonkeyPatch, every: float, expected: int
) -> None:
    ways = list[int]()
    monkeypatch.setattr("alerts.planning.GIVES_WAY_EVERY", every)
    monkeypatch.setattr(batches.database, "give_way", lambda: ways.append(batches.ledger.counts().get("pending", 0)))
    plan_at(batches, NINE, LEAD, register=False)
    assert len(ways) >= expected
    assert bool(ways) is bool(expected)
