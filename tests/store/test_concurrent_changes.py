"""Changes that meet: while a file is being loaded, and between replicas. None is lost, none builds on what is past."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text

from alerts.store import Store, change_writer
from tests.factories import acknowledge, at, change, close, entries, entry, load, move, tracked
from tests.patience import eventually

LATER = at("2025-10-29T09:00")
MANY = [*entries(150), *(entry(f"d{number:05}", f"P1D after c{number:05}") for number in range(150))]


def what(store, key: str = "truce") -> list[tuple[int, str]]:
    return [(one.number, one.what) for one in store.ledger.history(tracked(store, key).id)]


def is_waiting(store: Store) -> bool:
    """Whether any connection of the server waits for a lock."""
    with store.database.read() as connection:
        return bool(connection.scalar(text("select count(*) from pg_locks where not granted")))


@pytest.fixture
def meanwhile(replicas):
    """Run something beside what is going on, until it has ended or has to wait."""
    with ThreadPoolExecutor(1) as pool:

        def run(act) -> Future:
            future = pool.submit(act)
            eventually(lambda: future.done() or is_waiting(replicas[2]), "it has ended or waits", every=0.005)
            return future

        yield run


DURING = [
    (lambda store: move(store, "c00599", "2025-12-24"), ["recorded", "moved", "edited"]),
    (lambda store: close(store, "c00599"), ["recorded", "closed"]),  # what is closed is named, and left as it is
    (lambda store: acknowledge(store, "c00599"), ["recorded", "acknowledged", "edited"]),
]


@pytest.mark.parametrize(("act", "history"), DURING, ids=["moved", "closed", "acknowledged"])
def test_what_somebody_changes_during_a_load_is_not_undone_by_it(store, act, history):
    load(store, *entries(600, title="Old"))
    load(store, *entries(600, title="New"), now=LATER, progress=lambda done: act(store) if done == 500 else None)
    found = tracked(store, "c00599")
    assert [name for _, name in what(store, "c00599")] == history
    assert found.commitment.title == ("New" if found.open else "Old")
    assert found.commitment.deadline == ("2025-12-24" if "moved" in history else "2025-11-10")
    assert found.open is ("closed" not in history)
    assert (found.acknowledged is not None) is ("acknowledged" in history)


def test_replicas_that_load_the_same_file_at_once_record_each_entry_once(replicas, together):
    reports = together(*(lambda one=one: load(one, *MANY) for one in replicas))
    assert sorted(key for report in reports for key in report.new) == sorted(one.commitment.key for one in MANY)
    found = replicas[0].ledger.tracked()
    assert (len(found), {one.revision for one in found}) == (300, {1})


def test_replicas_that_recompute_at_once_move_nothing_twice(replicas, together):
    load(replicas[0], *MANY)
    reports = together(*(lambda one=one: one.commitments.recompute(change(LATER)) for one in replicas))
    assert [(report.moved, report.moved_dependants) for report in reports] == [([], [])] * 3
    assert {one.revision for one in replicas[0].ledger.tracked()} == {1}


def test_replicas_that_acknowledge_at_once_are_all_recorded(replicas, together):
    load(replicas[0], entry())
    for _ in range(10):
        together(*(lambda one=one: acknowledge(one, "truce") for one in replicas))
    assert what(replicas[0]) == [(1, "recorded"), *((number, "acknowledged") for number in range(2, 32))]


def test_what_comes_to_hang_on_a_commitment_follows_a_move_at_the_same_instant(replicas, just_before, meanwhile):
    first, second, _ = replicas
    load(first, entry("a"))
    moved = []

    def move_meanwhile():  # `b` has read where `a` stands, and is about to be written
        moved.append(meanwhile(lambda: move(first, "a", "2025-12-10")))

    just_before("INSERT INTO commitments", move_meanwhile)
    load(second, entry("b", "P1D after a"))
    assert [one.key for one in moved[0].result(30).moved_dependants] == ["b"]
    assert [tracked(first, key).bounds.latest for key in ("a", "b")] == [at("2025-12-11"), at("2025-12-12")]


BESIDE = {
    "closed": close,
    "acknowledged": acknowledge,
    "moved": lambda store, key: move(store, key, "2025-12-20"),
    "edited": lambda store, key: load(store, entry(key, title="New")),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_change_beside_a_move_waits_for_it_and_builds_on_it(replicas, monkeypatch, meanwhile, name):
    first, second, _ = replicas
    load(first, entry())
    write, others = change_writer.write, []

    def write_late(connection, change_set):
        if not others:
            others.append(None)
            others.append(meanwhile(lambda: BESIDE[name](first, "truce")))
        write(connection, change_set)

    monkeypatch.setattr(change_writer, "write", write_late)
    move(second, "truce", "2025-12-10")
    others[1].result(30)
    assert what(first) == [(1, "recorded"), (2, "moved"), (3, name)]
    assert tracked(first).commitment.deadline == ("2025-12-20" if name == "moved" else "2025-12-10")
