"""A load that keeps its entries in a temporary file stores what one stores that keeps them in memory."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from alerts.deadlines.errors import InputError
from alerts.store import Store, file_load, tables
from alerts.store.file_load import FileLoad
from alerts.store.rows import chunks
from tests import acting
from tests.factories import at, change, close, entry, load, move, party, tracked
from tests.store.test_change_sets import some_file

LATER = at("2025-10-29T09:00")
TABLES = (tables.commitments, tables.revisions, tables.references, tables.parties)


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep no entry in memory, nor what is computed of any, and store two at a time."""
    keep(monkeypatch, 0)


def keep(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("alerts.store.file_load.chunks", partial(chunks, size=2))
    monkeypatch.setattr("alerts.entry_spool.KEPT", most)
    monkeypatch.setattr("alerts.store.file_load.KEPT", most)


def rows(store: Store) -> list[Any]:
    with store.database.read() as connection:
        return [connection.execute(table.select()).all() for table in TABLES]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("most", [0, 3])
def test_the_same_rows_and_the_same_report(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, seed: int, most: int
) -> None:
    outcomes = []
    for folder, kept in (("memory", 5_000), ("file", most)):
        (tmp_path / folder).mkdir()
        keep(monkeypatch, kept)
        store = Store(f"sqlite:///{tmp_path}/{folder}/alerts.db", "UTC")
        outcomes.append(list(loads(store, random.Random(seed))))
        store.close()
    assert outcomes[0] == outcomes[1]


def loads(store: Store, pick: random.Random) -> Any:
    """Load, change by hand, and load another version of the file; yield what comes of each."""
    keys = [f"k{number:02}" for number in range(14)]
    yield load(store, *some_file(pick, keys[:10]), parties=[party("cn")])
    for key in pick.sample(keys[:10], 2):
        close(store, key)
    for key in pick.sample(keys[:10], 2):
        acting.edit(store, key, lambda one: replace(one, note="by hand"), change(LATER))
    file = [one for one in some_file(pick, keys) if pick.random() < 0.8 or one.commitment.key > "k09"]
    file = [replace(one, file=pick.choice(["a.csv", "b.csv"])) for one in file]
    options: dict[str, Any] = {"closed": pick.choice(["name", "keep", "reopen"]), "now": LATER}
    for dry_run in (True, False):
        try:
            yield load(store, *file, dry_run=dry_run, **options)
        except InputError as error:
            yield str(error)
        yield rows(store)


def test_a_dependant_follows_once_more_when_it_is_stored(
    sqlite_url: str, spooled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, computed = Store(sqlite_url, "UTC"), []
    load(store, entry("a"), entry("z", "P1D after a"))
    compute = file_load.ChangeComputation.compute
    monkeypatch.setattr(
        file_load.ChangeComputation, "compute", lambda *values: computed.append(values) or compute(*values)
    )
    report = load(store, entry("a", "2025-12-10"), now=LATER)
    assert len(computed) == 2  # to find what is wrong, and to store it: nothing has changed in between
    assert [one.key for one in report.moved_dependants] == ["z"]
    assert tracked(store, "z").bounds.latest == at("2025-12-12")
    store.close()


def test_what_somebody_changes_before_it_is_stored_is_seen(
    sqlite_url: str, spooled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(sqlite_url, "UTC")
    load(store, entry("moved"), entry("edited", title="Old", note="old"), entry("b", "P1D after moved"))
    acting.edit(store, "edited", lambda one: replace(one, title="First"), change(LATER))
    store_named = FileLoad.store_named

    def somebody_first(self: FileLoad, *values: Any) -> None:
        move(store, "moved", "2025-12-24")
        acting.edit(store, "edited", lambda one: replace(one, title="By hand"), change(LATER))
        store_named(self, *values)

    monkeypatch.setattr(FileLoad, "store_named", somebody_first)
    file = [entry("moved", "2025-11-20"), entry("edited", title="Old", note="new"), entry("new", "P2D after b")]
    report = load(store, *file, now=LATER)
    assert [one.key for one in report.conflicts] == ["moved"]
    found = tracked(store, "edited").commitment
    assert (found.title, found.note) == ("By hand", "new")
    assert [tracked(store, key).bounds.latest for key in ("b", "new")] == [at("2025-12-26"), at("2025-12-28")]
    store.close()
