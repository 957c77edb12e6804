"""The page behind a link after its key was replaced, and after an old database was restored: at most one revision."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from alerts.answer_keys import key_path, rotate
from tests import postgres
from tests.web.answering import NOW, Desk, Visit, opened

OLD, NEW = b"\x01" * 32, b"\x02" * 32
PAUSE = "acknowledge 2026-12-01"


def is_unknown(desk: Desk, form: Visit) -> bool:
    """Whether the page of a link, and that of a form of it, say that nothing was recorded; and nothing was."""
    before = desk.dump()
    form.server = desk.server
    for page in (desk.visit(form.token), form.press(PAUSE)):
        assert (page.status, "This link is not known" in page.text) == (404, True)
        assert "Nothing was recorded" in page.text
    return desk.dump() == before


def pressed_twice(desk: Desk, form: Visit) -> bool:
    form.server = desk.server
    return all("Recorded" in form.press(PAUSE).text for _ in range(2))


def revisions(desk: Desk, key: str) -> list[str]:
    return [one.what for one in desk.history(key)]


def test_a_key_that_was_replaced_verifies_until_it_is_dropped(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path, keys=(OLD,)) as desk:
        used, unused = (desk.visit(desk.sent(key).token) for key in ("used", "unused"))
    with opened(database_url, tmp_path, keys=(NEW, OLD)) as desk:
        assert pressed_twice(desk, used)
        assert revisions(desk, "used") == ["recorded", "acknowledged"]
        fresh = desk.sent("fresh")
        assert fresh.key == NEW
        fresh_form = desk.visit(fresh.token)
    with opened(database_url, tmp_path, keys=(NEW,)) as desk:
        assert is_unknown(desk, unused)
        assert is_unknown(desk, used)
        assert pressed_twice(desk, fresh_form)
        assert revisions(desk, "fresh") == ["recorded", "acknowledged"]


def test_a_server_that_runs_uses_the_keys_of_a_file_as_they_are_now(sqlite_url: str, tmp_path: Path) -> None:
    path = key_path(Path(sqlite_url.removeprefix("sqlite:///")))
    with opened(sqlite_url, tmp_path, keys=None) as desk:
        used, unused = (desk.visit(desk.sent(key).token) for key in ("used", "unused"))
        rotate(path, NOW)
        assert pressed_twice(desk, used)
        fresh = desk.visit(desk.sent("fresh").token)
        rotate(path, NOW + timedelta(days=1), NOW + timedelta(hours=1))  # drops what was replaced before today
        assert is_unknown(desk, unused)
        assert pressed_twice(desk, fresh)


def backup(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Copy a database that nobody uses, and return the address of the copy."""
    if database_url.startswith("sqlite"):
        copy = tmp_path / "copy.db"
        with (
            closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return f"sqlite:///{copy}"
    server: postgres.Server = request.getfixturevalue("postgresql")
    name = str(make_url(database_url).database)
    copied = server.create(template=name)
    request.addfinalizer(lambda: server.drop(copied))
    return server.url(copied)


def test_after_a_restore_a_link_answers_what_the_database_knows(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with opened(database_url, tmp_path) as desk:
        known = desk.visit(desk.sent("known").token)
    old = backup(database_url, tmp_path, request)
    with opened(database_url, tmp_path) as desk:
        assert pressed_twice(desk, known)
        later = desk.visit(known.token)  # shows the second revision
        lost = desk.visit(desk.sent("lost").token)
    with opened(old, tmp_path) as desk:
        assert is_unknown(desk, lost)
        before = desk.dump()
        later.server = desk.server
        refused = later.press(PAUSE)
        assert (refused.status, "Nothing was recorded." in refused.text) == (409, True)
        assert desk.dump() == before
        assert pressed_twice(desk, known)
        assert revisions(desk, "known") == ["recorded", "acknowledged"]


def test_a_database_that_is_restored_without_its_keys_knows_no_earlier_link(sqlite_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with opened(sqlite_url, tmp_path, keys=None) as desk:
        form = desk.visit(desk.sent("filing").token)
    key_path(path).unlink()
    with opened(sqlite_url, tmp_path, keys=None) as desk:
        assert is_unknown(desk, form)
        fresh = desk.visit(desk.sent("fresh").token)
        assert pressed_twice(desk, fresh)
