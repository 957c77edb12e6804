"""A complete export: whatever rows the tables have, another database of either kind gets the same, and only once."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import select

from alerts.store import Store, tables
from alerts.store.complete_export import export_all
from alerts.store.complete_file import LEFT_OUT, TABLES, row_line
from alerts.store.complete_load import load_all
from alerts.store.store_error import StoreError
from tests import postgres
from tests.factories import NOW, entry, load
from tests.filled_tables import fill

LATER = NOW + timedelta(days=3)


@pytest.fixture
def other(postgresql: postgres.Server, tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Open an empty database of a kind."""
    opened: list[Store] = []

    def open_one(kind: str) -> Store:
        path = tmp_path / f"other{len(opened)}.db"
        url = f"sqlite:///{path}" if kind == "sqlite" else postgresql.url(postgresql.create(postgres.TEMPLATE))
        opened.append(Store(url))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def exported(store: Store, folder: Path, now: Any = NOW) -> bytes:
    export_all(store.database, folder / "all.jsonl", now)
    return (folder / "all.jsonl").read_bytes()


def nothing(_: int) -> None:
    """Show no progress."""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("seed", range(3))
def test_every_row_and_column_comes_out_of_another_database_as_it_was(
    store: Store, other: Callable[[str], Store], tmp_path: Path, kind: str, seed: int
) -> None:
    fill(store, seed)
    before = exported(store, tmp_path)
    again = other(kind)
    loaded = load_all(again.database, tmp_path / "all.jsonl", LATER, nothing)
    (tmp_path / "again").mkdir()
    assert exported(again, tmp_path / "again", LATER + timedelta(days=9)) == before
    assert loaded.taken_at == NOW
    assert set(loaded.counts) == {table.name for table in TABLES}
    hold = again.held_sending.find()
    assert hold
    assert (hold.taken_at, hold.restored_at) == (NOW, LATER)
    assert rows_of(again) == rows_of(store), "the tables themselves, and not only their export"


def rows_of(store: Store) -> dict[str, list[Any]]:
    """Return the rows of all tables that an export has, but for facts and claims."""
    claims = {"claimed_by", "claimed_until"}
    found = {}
    with store.database.read() as connection:
        for table in TABLES:
            if table is not tables.meta:
                rows = connection.execute(select(*(one for one in table.columns if one.name not in claims))).all()
                found[table.name] = sorted(map(repr, rows))
    return found


def test_what_comes_next_gets_a_number_of_its_own(store: Store, other: Callable[[str], Store], tmp_path: Path) -> None:
    load(store, entry("one"), entry("two"))
    exported(store, tmp_path)
    for kind in ("sqlite", "postgresql"):
        again = other(kind)
        load_all(again.database, tmp_path / "all.jsonl", LATER, nothing)
        load(again, entry("three"))
        assert [one.id for one in again.ledger.each()] == [1, 2, 3]


def test_only_the_owner_reads_the_file_and_it_has_no_secrets(store: Store, tmp_path: Path) -> None:
    fill(store, 1)
    key = store.bounces.key().hex()
    token = store.api_tokens.add("sap", "write", by="desk", now=NOW)
    content = exported(store, tmp_path)
    assert stat.S_IMODE((tmp_path / "all.jsonl").stat().st_mode) == 0o600
    assert {"feeds", "api_tokens", "sign_in_links", "sessions", "processes", "uploads"} == LEFT_OUT
    with store.database.read() as connection:
        hashes = [
            connection.scalars(select(table.c.token_hash)).all()
            for table in (tables.feeds, tables.api_tokens, tables.sign_in_links, tables.sessions)
        ]
    assert len(hashes[1]) == 26
    for secret in (key, token, *(one for some in hashes for one in some if len(one) > 16)):
        assert secret.encode() not in content
    names = {next(iter(json.loads(line))) for line in content.splitlines()[1:]}
    assert not names & LEFT_OUT
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_database_that_is_not_empty_stays_as_it_is(store: Store, tmp_path: Path) -> None:
    load(store, entry("one"))
    exported(store, tmp_path)
    with pytest.raises(StoreError, match=r"is not empty \(1 in commitments.*\): a complete export is loaded into"):
        load_all(store.database, tmp_path / "all.jsonl", LATER, nothing)
    assert store.held_sending.find() is None


def cut(content: bytes) -> bytes:
    return content[: content.rindex(b"\n", 0, -1) + 1]


def changed(content: bytes) -> bytes:
    return content.replace(b"The one", b"The two")


@pytest.mark.parametrize("damage", [cut, changed, lambda content: content[:-20], lambda content: content + b"x"])
def test_a_file_that_is_not_whole_is_refused(
    damage: Callable[[bytes], bytes], store: Store, other: Callable[[str], Store], tmp_path: Path
) -> None:
    load(store, entry("one"))
    (tmp_path / "all.jsonl").write_bytes(damage(exported(store, tmp_path)))
    with pytest.raises(StoreError, match="it is not whole, or was changed"):
        load_all(other("sqlite").database, tmp_path / "all.jsonl", LATER, nothing)


def test_a_file_of_other_tables_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("alerts.store.complete_export.migrations", lambda: ["0001"])
    exported(store, tmp_path)
    with pytest.raises(StoreError, match=r"made by another release of alerts \(tables 0001, here 0"):
        load_all(store.database, tmp_path / "all.jsonl", LATER, nothing)


def test_an_export_of_many_rows_keeps_nobody_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While it is written, another process writes, and the file does not have that."""
    load(store, *(entry(f"c{number:04}") for number in range(2500)))
    target = tmp_path / "all.jsonl"

    def and_write(table: sqlalchemy.Table, row: Any) -> bytes:
        if row.get("key") == "c0010":
            store.ledger.record_fact("later", "value", LATER)
        return row_line(table, row)

    monkeypatch.setattr("alerts.store.complete_export.row_line", and_write)
    export_all(store.database, target, NOW)
    assert store.ledger.facts()["later"].value == "value"
    assert b'"later"' not in target.read_bytes()
    assert target.read_bytes().count(b'{"commitments":') == 2500
