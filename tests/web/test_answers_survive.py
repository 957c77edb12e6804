"""Answers while the HTTP process is killed and the disk is full: what is recorded was whole, what was not says so."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from alerts.clock import utc_now
from tests import postgres
from tests.factories import at, entry, load
from tests.web.answering import KEY, Desk, configuration, opened
from tests.web.daemon_site import WHOLE, eventually, free_port

pytestmark = pytest.mark.skipif(not WHOLE, reason="slow: make web runs it")
COMMITMENTS = 60
KILLS = 12
CHOICE = "acknowledge"


@dataclass
class Process:
    """The HTTP server as the daemon starts it."""

    folder: Path
    database: str
    port: int
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "alerts.web", "--config", str(self.folder), "--database", self.database]
        environ = {**os.environ, "KEYS": KEY.hex()}
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
        eventually(self.answers, "it answers")

    def answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 204
        except requests.RequestException:
            return False

    def kill(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        assert self.child.stdin is not None
        self.child.stdin.close()

    def press(self, token: str, hidden: dict[str, str]) -> tuple[int, bool]:
        """Press a button; a connection that breaks is status 0."""
        url = f"http://127.0.0.1:{self.port}/a/{token}"
        try:
            answer = requests.post(url, data=hidden | {"choice": CHOICE}, timeout=60)
        except requests.RequestException:
            return 0, False
        return answer.status_code, "Recorded" in answer.text


@contextmanager
def forms(database: str, folder: Path) -> Iterator[tuple[Desk, Process, dict[str, tuple[str, dict[str, str]]]]]:
    """Yield a desk, a process that is not started, and a form for each of many commitments, by its key."""
    with opened(database, folder) as desk:
        desk.now = utc_now()
        keys = [f"c{number:03}" for number in range(COMMITMENTS)]
        due = f"{desk.now.date().replace(year=desk.now.year + 1)}"
        stated = [entry(key, due, tags=("list",)) for key in keys]
        load(desk.store, *stated, entry("first", "2025-01-01", tags=("single",)), now=at("2024-11-01"))
        sent = desk.send(now=desk.now, also=tuple(keys))[0]
        found = {}
        for key in keys:
            token = desk.token(sent.delivery, key)
            found[key] = (token, desk.visit(token).hidden)
        port = free_port()
        text = configuration(folder).replace("http: {", f"http: {{port: {port}, ")
        (folder / "other").mkdir()
        (folder / "other/alerts.yaml").write_text(text)
        process = Process(folder / "other", database, port)
        try:
            yield desk, process, found
        finally:
            if process.child:
                process.kill()


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Mount a disk in memory that PostgreSQL may write to; where that is not permitted, the test is left out."""
    folder = Path(tempfile.mkdtemp(prefix="alerts-disk-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    try:
        if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("no disk can be mounted here: only the refusal of a full disk is tried")
        shutil.chown(folder, "nobody")
        yield folder
        subprocess.run(["umount", "-l", folder], check=True)
    finally:
        folder.rmdir()


def revisions(desk: Desk, key: str) -> int:
    return sum(one.what == "acknowledged" for one in desk.history(key))


def test_a_kill_leaves_nothing_half_done_and_no_lie(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    with forms(database_url, tmp_path) as (desk, process, found):
        shares = [list(found)[number::KILLS] for number in range(KILLS)]
        for share in shares:
            process.start()
            with ThreadPoolExecutor(len(share)) as pool:
                pressed = [pool.submit(process.press, *found[key]) for key in share]
                threading.Event().wait(chance.uniform(0, 0.3))
                process.kill()
            for key, answer in zip(share, pressed, strict=True):
                status, recorded = answer.result()
                assert (status == 200) == recorded
                assert revisions(desk, key) == 1 if recorded else revisions(desk, key) in (0, 1)
                whole = desk.tracked(key).acknowledged is not None
                assert whole == bool(revisions(desk, key))
        process.start()
        for key, form in found.items():  # pressed again: by the same form
            assert process.press(*form) == (200, True)
            assert revisions(desk, key) == 1


def fill_sqlite(desk: Desk, process: Process) -> None:
    """Let no file of the process grow, as on a full disk."""
    assert process.child is not None
    _, hard = resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (1024, hard))


def fill_postgresql(desk: Desk, process: Process) -> None:
    """Refuse new revisions as a server with a full disk does (SQLSTATE 53100)."""
    with desk.store.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE INSERT ON revisions FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )


def free(desk: Desk, process: Process) -> None:
    assert process.child is not None
    if desk.store.database.sqlite:
        _, hard = resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (hard, hard))
        return
    with desk.store.database.write() as connection:
        connection.exec_driver_sql("DROP FUNCTION full_disk() CASCADE")


def test_a_full_disk_is_not_recorded_and_the_next_try_is(database_url: str, tmp_path: Path) -> None:
    with forms(database_url, tmp_path) as (desk, process, found):
        process.start()
        some = list(found.items())[:10]
        (fill_sqlite if desk.store.database.sqlite else fill_postgresql)(desk, process)
        for key, form in some:
            assert process.press(*form) == (503, False)
            assert (revisions(desk, key), desk.tracked(key).acknowledged) == (0, None)
        free(desk, process)
        for key, form in some:
            assert process.press(*form) == (200, True)
            assert revisions(desk, key) == 1


def fill(disk: Path) -> Path:
    """Leave no room on a disk."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return path


def press_all(disk: Path, database: str, folder: Path) -> None:
    """Press every form while a disk is full, and again when it is not: each answer is whole, or is not there."""
    with forms(database, folder) as (desk, process, found):
        process.start()
        filler, refused = fill(disk), 0
        for key, form in found.items():
            answer = process.press(*form)
            assert answer in ((200, True), (503, False))
            assert revisions(desk, key) == answer[1]
            assert (desk.tracked(key).acknowledged is not None) == answer[1]
            refused += not answer[1]
        assert refused > 10  # what fits into the pages that are there is recorded
        filler.unlink()
        for key, form in found.items():
            assert process.press(*form) == (200, True)
            assert revisions(desk, key) == 1


def test_a_disk_of_sqlite_that_is_really_full_leaves_no_answer_half_done(sqlite_url: str, tmp_path: Path) -> None:
    with small_disk(16) as disk:
        path = shutil.copy(sqlite_url.removeprefix("sqlite:///"), disk / "alerts.db")
        press_all(disk, f"sqlite:///{path}", tmp_path)


def test_a_disk_of_postgresql_that_is_really_full_leaves_no_answer_half_done(
    postgresql: postgres.Server, tmp_path: Path
) -> None:
    with small_disk(64) as disk:
        (disk / "tables").mkdir()
        shutil.chown(disk / "tables", "nobody")
        postgresql.run(f"CREATE TABLESPACE small LOCATION '{disk}/tables'")
        postgresql.run(f"CREATE DATABASE full_disk TEMPLATE {postgres.TEMPLATE} TABLESPACE small")
        try:
            press_all(disk, postgresql.url("full_disk"), tmp_path)
        finally:
            postgresql.drop("full_disk")
            postgresql.run("DROP TABLESPACE small")
