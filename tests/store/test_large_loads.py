"""A load of many new commitments keeps little of each in memory, and writes each once."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

from alerts import interchange
from alerts.actions.load_job import entries_of
from alerts.store import Store
from alerts.store.file_load import FileLoad
from tests.factories import bounds, change, entries, entry, load, plan_at, remind, rule

MOST_KEPT = 150  # octets of each entry: 91; with what is computed of each it would be 600


def kept_of_each(store: Store, count: int) -> float:
    """Return how many octets a load keeps of each entry until it stores them, apart from what it is given."""
    stated = entries(count)
    tracemalloc.start()
    job = FileLoad(store.database, "UTC", stated, [], change())
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert job.problems == []
    return kept / count


def test_what_is_computed_of_many_entries_is_not_kept(sqlite_url):
    store = Store(sqlite_url)
    kept_of_each(store, 100)  # what is kept once, such as compiled statements
    assert kept_of_each(store, 20_000) < MOST_KEPT
    store.close()


def test_what_is_new_is_written_once(store, statements):
    with statements() as heard:
        load(store, *entries(20))
    assert not [one for one, _ in heard if one.startswith("UPDATE commitments SET loaded")]
    with store.database.read() as connection:
        loaded = connection.exec_driver_sql("SELECT loaded FROM commitments").scalars().all()
    assert len(loaded) == 20
    assert None not in loaded


def test_what_files_state_is_kept_once(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("key,title,deadline,note\n" + "".join(f"k{n},T,2026-01-0{n},the same note\n" for n in (1, 2)))
    file = interchange.gather(path, stored_as="stored")
    first, second = entries_of([file])
    assert first is file.entries[0]
    assert first.file == second.file == "stored"
    assert first.commitment.note is second.commitment.note


def test_a_move_stores_the_fields_that_differ(store, statements):
    load(store, entry("base"), entry("after", "P5D after base"))
    with statements() as heard:
        report = load(store, entry("base", "2025-11-20"))
    assert [one.key for one in report.moved_dependants] == ["after"]
    stored = [one for one, _ in heard if one.startswith("UPDATE commitments SET") and "bounds=" in one]
    assert ["deadline=" in one for one in stored] == [True, False]
    assert not any("title=" in one for one in stored)


def test_entries_that_differ_in_other_fields_are_each_stored_whole(store):
    load(store, *(entry(key) for key in "abcd"))
    load(
        store,
        entry("a", title="Other", note="Later"),
        entry("b", "2025-11-20", tags=("desk",)),
        entry("c", "2025-11-21"),
        entry("d", "2025-11-21"),
    )
    found = {key: store.commitments.find(key) for key in "abcd"}
    stated = {key: (one.commitment.title, one.commitment.note, one.commitment.tags) for key, one in found.items()}
    assert stated["a"] == ("Other", "Later", ())
    assert stated["b"][2] == ("desk",)
    deadlines = [one.commitment.deadline for one in found.values()]
    assert deadlines == ["2025-11-10", "2025-11-20", "2025-11-21", "2025-11-21"]
    for key, one in found.items():
        last = store.ledger.history(one.id)[-1]
        assert last.stated is not None
        assert last.stated["deadline"] == one.commitment.deadline
        assert last.after == (None if key == "a" else one.bounds)


def test_what_watches_have_not_seen_is_read_without_what_was_stated(store, statements):
    moved = rule(remind=remind(moved=True))
    load(store, entry())
    plan_at(store, change().now, moved)
    load(store, entry("truce", "2025-11-20"))
    with statements() as heard:
        [[watched]] = store.watches.watched_commitments(changed_only=True)
    assert [one.what for one in watched.tracked.changes] == ["moved"]
    assert not [one for one, _ in heard if "revisions.stated" in one]


def test_a_fingerprint_is_worked_out_once_and_never_that_of_others():
    one = bounds("2025-11-10")
    assert one.fingerprint is one.fingerprint
    other = replace(one, first=None)
    assert other.fingerprint != one.fingerprint
    assert other.fingerprint == type(one).from_json(other.to_json()).fingerprint
