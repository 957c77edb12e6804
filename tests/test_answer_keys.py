"""The key file of answer links: who may read it, when it is made, and what a rotation keeps."""

from __future__ import annotations

import logging
import os
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.answer_keys import key_path, make_key_file, parse_keys, read_key_file, rotate
from alerts.deadlines.errors import InputError
from alerts.link_signing import KeyFile, LinkSigning, link_signing
from alerts.settings import load_settings
from tests.factories import NOW

DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.answer-keys"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_next_to_the_database_whatever_link_leads_there(tmp_path: Path, path: Path) -> None:
    (tmp_path / "alerts.db").touch()
    (tmp_path / "other").symlink_to(tmp_path / "alerts.db")
    assert key_path(tmp_path / "alerts.db") == key_path(tmp_path / "other") == path


def test_only_its_owner_may_read_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        make_key_file(path, NOW)
        assert mode(path) == 0o600
        rotate(path, NOW)
        assert mode(path) == 0o600
    finally:
        os.umask(before)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("others", [0o640, 0o604, 0o644, 0o620])
def test_it_is_refused_where_others_may_read_or_write_it(path: Path, others: int) -> None:
    make_key_file(path, NOW)
    path.chmod(others)
    with pytest.raises(InputError, match=f"mode 0{others:o}.*: run `chmod 600"):
        read_key_file(path)


def test_of_many_that_make_it_at_once_all_use_the_same_key(path: Path) -> None:
    found: list[object] = []
    start = threading.Barrier(8)

    def use() -> None:
        start.wait()
        make_key_file(path, NOW)
        found.append(read_key_file(path))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one == found[0] for one in found)


def test_what_is_there_is_not_made_again(path: Path) -> None:
    make_key_file(path, NOW)
    first = read_key_file(path)
    make_key_file(path, NOW + DAY)
    assert read_key_file(path) == first
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("text", ["", "# nothing", "ab" * 31, "zz" * 32, "ab" * 32 + " yesterday", "ab" * 32 + "cd"])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse_keys(text, "keys")
    assert "64 hexadecimal digits" in str(error.value)
    assert "abab" not in str(error.value)


def test_a_key_hides_itself(path: Path) -> None:
    make_key_file(path, NOW)
    (key,) = read_key_file(path)
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)
    assert key.made_at == NOW


def test_a_new_key_signs_and_the_old_ones_verify(path: Path) -> None:
    make_key_file(path, NOW)
    old = read_key_file(path)
    assert rotate(path, NOW + DAY) == ()
    new, *rest = read_key_file(path)
    assert new not in old
    assert tuple(rest) == old


@pytest.mark.parametrize(("age", "kept"), [(0, 0), (5, 1), (20, 2), (100, 3)])
def test_a_rotation_drops_what_was_replaced_so_long_ago(path: Path, age: int, kept: int) -> None:
    make_key_file(path, NOW)  # replaced 30 days ago, 10 days ago, and now
    rotate(path, NOW + 10 * DAY)
    rotate(path, NOW + 30 * DAY)
    now = NOW + 40 * DAY
    before = read_key_file(path)
    dropped = rotate(path, now, now - age * DAY)
    assert read_key_file(path)[1:] == before[:kept]
    assert dropped == before[kept:]


def test_of_keys_without_a_time_none_is_dropped_before_its_time_is_certain(path: Path) -> None:
    path.write_text("ab" * 32 + "\n" + "cd" * 32 + "\n")
    path.chmod(0o600)
    assert rotate(path, NOW, NOW - DAY) == ()
    assert len(rotate(path, NOW + DAY, NOW + DAY)) == 3


def test_it_is_read_again_when_it_changes_and_made_only_when_it_is_needed(path: Path) -> None:
    keys = KeyFile(path, lambda: NOW)
    assert not path.exists()
    first = keys()
    assert first == read_key_file(path)
    rotate(path, NOW + DAY)
    assert len(keys()) == 2
    assert keys()[1:] == first


def test_a_file_that_turns_bad_is_logged_once_and_the_keys_stay(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = KeyFile(path, lambda: NOW)
    first = keys()
    path.chmod(0o644)
    with caplog.at_level(logging.ERROR):
        assert keys() == keys() == first
    assert [record.getMessage().count("chmod 600") for record in caplog.records] == [1]
    path.chmod(0o600)
    assert keys() == first


def test_where_no_file_can_be_made_there_are_no_keys_and_no_error(tmp_path: Path) -> None:
    assert KeyFile(tmp_path / "none" / "keys", lambda: NOW)() == ()


def signing(folder: Path, http: str, database: str) -> LinkSigning:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/alerts.yaml").write_text(f"channels: {{log: {{kind: console}}}}\nhttp: {http}\n")
    return link_signing(load_settings(folder / "config", database, {"KEYS": "ab" * 32}))


def test_postgresql_has_the_keys_that_the_settings_name(tmp_path: Path) -> None:
    made = signing(
        tmp_path,
        "{public_url: https://alerts.example.org, answer_keys: {env: KEYS}}",
        "postgresql+psycopg://alerts@127.0.0.1/alerts",
    )
    assert made.keys() == (bytes.fromhex("ab" * 32),)
    assert made.path is None
    assert "ab" * 8 not in repr(made)


def test_without_a_public_url_no_key_is_made(tmp_path: Path) -> None:
    made = signing(tmp_path, "{port: 8080}", f"sqlite:///{tmp_path}/alerts.db")
    assert made.keys() == ()
    assert not list(tmp_path.glob("*answer-keys*"))
