"""A load of many new commitments keeps little of each in memory, and writes each once."""

from __future__ import annotations

import tracemalloc

from alerts import interchange
from alerts.actions.load_job import entries_of, with_name
from alerts.store import Store
from alerts.store.file_load import FileLoad
from tests.factories import change, entries, load

MOST_KEPT = 400  # octets of each entry: 265; with an empty set for what each depends on it would be 480


def kept_of_each(store: Store, count: int) -> float:
    """Return how many octets a load keeps of each entry until it stores them, apart from the entry itself."""
    stated = entries(count)
    tracemalloc.start()
    job = FileLoad(store.database, "UTC", stated, [], change())
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert job.problems == []
    return kept / count


def test_what_is_computed_of_new_entries_is_not_kept(sqlite_url):
    store = Store(sqlite_url)
    kept_of_each(store, 100)  # what is kept once, such as compiled statements
    small, large = kept_of_each(store, 2_000), kept_of_each(store, 8_000)
    assert small < MOST_KEPT
    assert large < MOST_KEPT
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
    file = with_name(interchange.gather(path), "stored")
    first, second = entries_of([file], {file.path: "stored"})
    assert (first, second) == file.entries
    assert first is file.entries[0]
    assert first.file == second.file == "stored"
    assert first.commitment.note is second.commitment.note
    assert {entry.file for entry in entries_of([file], {file.path: "another"})} == {"another"}
