"""A disk that is full, read-only, locked or gone while the daemon delivers: it stays up, says so, and loses nothing."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.embedded import WHOLE, WITHOUT_PRIVILEGES, Midwife, Site, site, survive
from tests.patience import eventually, pause

LONG = timedelta(minutes=6)  # after which a process that has not passed is not well
HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=20)
database.execute("begin exclusive")
print(1, flush=True)
sys.stdin.read()
"""
BUSY = 30.0  # seconds that the product waits for another's lock
READ_ONLY = "attempt to write a readonly database|unable to open database file"
AT_ONCE = 4


def can_mount() -> bool:
    """Whether this machine lets us have a file system of our own."""
    mount = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /tmp"]
    try:
        return subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def locked(here: Site) -> Iterator[None]:
    """Another process has the database to itself, and is told when to let go."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(here.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.read(1) == b"1"
        yield
        other.communicate()


def no_file_may_grow(here: Site) -> None:
    """Not even a journal can be begun."""
    here.start()
    survive(here, lambda: here.limit_files(0), lambda: here.limit_files(None), "disk I/O error")


def the_database_may_not_grow(here: Site) -> None:
    """The journal can be written, and then not all of what it is for: signs of life are, marks are not."""
    here.clock.write_text("0")
    here.start(TURNED=str(here.clock))
    here.is_at_work()
    here.limit_files(here.path.stat().st_size // 2)
    eventually(lambda: here.says("WARNING cannot write down .*: disk I/O error; again"), "it says so")
    here.clock.write_text(str(LONG.total_seconds()))
    began = datetime.now(UTC) + LONG
    eventually(lambda: (here.last_pass() or began) > began, "it plans on", within=90, every=0.1)
    assert not here.is_live(began), "it could not mark what it sent for five minutes, and yet is called well"
    here.limit_files(None)
    eventually(here.is_done, "all is told", every=0.1)
    done = datetime.now(UTC) + LONG
    eventually(lambda: (here.last_pass() or began) > done, "it passes again", within=90, every=0.1)
    assert here.is_live(done), "it is well again"
    here.check_the_end()


def full_disk(here: Site) -> None:
    here.start_on_tmpfs()
    survive(here, here.fill_disk, here.free_disk, "database or disk is full")


def read_only_folder(here: Site) -> None:
    """No file need be made any more: the journal is kept and truncated."""
    here.start()
    here.is_at_work()
    here.folder.chmod(0o555)
    here.check_the_end()


def read_only_file_and_folder(here: Site) -> None:
    def chmod(folder: int, file: int) -> None:
        here.path.chmod(file)
        here.folder.chmod(folder)

    here.start()
    survive(here, lambda: chmod(0o555, 0o444), lambda: chmod(0o755, 0o644), READ_ONLY)


def file_gone_for_a_while(here: Site) -> None:
    away = here.folder.parent / "away.db"

    here.start()
    here.is_at_work()
    here.path.rename(away)
    eventually(lambda: here.says("ERROR .*: database .*; again in a moment"), "it says so", within=90)
    assert not here.path.exists(), "it made an empty one in its place"
    away.rename(here.path)
    here.check_the_end()


def file_replaced_by_a_copy(here: Site) -> None:
    """Restored from a copy, as the word on a damaged file asks for: what was told since may be told again."""
    copy = here.folder.parent / "copy.db"
    here.start()
    here.is_at_work()
    with closing(sqlite3.connect(here.path)) as database, closing(sqlite3.connect(copy)) as other:
        database.backup(other)
    here.path.unlink()
    eventually(lambda: here.says("ERROR .*: database .*; again in a moment"), "it says so", within=90)
    copy.rename(here.path)
    eventually(here.is_done, "it goes on with the copy", within=20, every=0.1)
    assert set(here.sinks.ids()) == set(here.states()), "nothing is lost"
    assert "Traceback" not in here.said, here.said


def locked_for_a_moment(here: Site) -> None:
    """A backup, say: it waits, and there is nothing to say of it."""
    here.start()
    here.is_at_work()
    with locked(here):
        pause(3)
        assert len(here.sinks.accepted) < here.count, "it cannot have marked what it sent: it waits"
    here.check_the_end()
    assert "locked" not in here.said


def commands_beside_it(here: Site) -> None:
    here.start()
    here.is_at_work()
    more = here.folder / "more.yaml"
    more.write_text("commitments:\n  - {key: more, title: One more, deadline: 2030-11-10}\n")
    ran = [here.run("load", str(more)), here.run("list"), here.run("deliveries"), here.run("health", "--live")]
    assert [one.code for one in ran] == [0] * len(ran), [one.said for one in ran]
    assert "more" in ran[1].said
    here.check_the_end()


def locked_for_longer_than_it_waits(here: Site) -> None:
    here.start()
    here.is_at_work()
    with locked(here):
        eventually(lambda: here.says("WARNING cannot write down .* is locked; again"), "it says so", BUSY + 30)
        eventually(lambda: here.says("ERROR .*is locked; again in a moment"), "planning does, too", 2 * BUSY + 70)
        ran = here.run("list", prefix=("env",))
        assert (ran.code, ran.said) == (1, f"alerts: database {here.path}: database is locked\n")
    here.check_the_end()


# Those that leave something else to be proven: `make faults` plays all.
SCENES: list[Callable[[Site], None]] = [
    file_replaced_by_a_copy, no_file_may_grow, the_database_may_not_grow, commands_beside_it
]  # fmt: skip
if WHOLE:
    SCENES += [read_only_folder, read_only_file_and_folder, file_gone_for_a_while, locked_for_a_moment]
    SCENES += [*([full_disk] if can_mount() else []), locked_for_longer_than_it_waits]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Midwife]:
    with Midwife(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, nursery: Midwife) -> Iterator[dict[str, Future[None]]]:
    """All scenes, some at once: each mostly waits."""

    def play(scene: Callable[[Site], None]) -> None:
        with site(tmp_path_factory.mktemp("site", numbered=True), nursery) as here:
            scene(here)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {scene.__name__: pool.submit(play, scene) for scene in SCENES}


@pytest.mark.parametrize("scene", [one.__name__ for one in SCENES])
def test_it_stays_up_says_so_recovers_by_itself_and_tells_each_once(
    scene: str, played: dict[str, Future[None]]
) -> None:
    played[scene].result()


def test_whether_a_disk_was_really_filled_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    if WHOLE and full_disk not in SCENES:
        with capsys.disabled():
            sys.stderr.write("\nno file system can be mounted here: ENOSPC was not tried, only a limit (EFBIG)\n")
    assert no_file_may_grow in SCENES


@pytest.mark.parametrize("damage", [b"no database at all" * 500, None])
def test_a_damaged_file_is_refused_at_start_in_one_line(damage: bytes | None, tmp_path: Path, nursery: Midwife) -> None:
    with site(tmp_path, nursery) as here:
        whole = here.path.read_bytes()
        pages = len(whole) // 4096
        middle = 4096 * (pages // 2)
        here.path.write_bytes(damage or whole[:middle] + bytes(4096 * 4) + whole[middle + 4096 * 4 :])
        ran = here.run("run")
    assert ran.code == 1
    assert re.fullmatch(rf"alerts: database {here.path}.*(damaged|not a database|malformed).*\n", ran.said), ran.said


@pytest.mark.parametrize(("path", "mode"), [("data/alerts.db", 0o444), ("data", 0o555), ("data/alerts.db", 0o000)])
def test_a_database_that_it_may_not_write_to_is_refused_at_start_in_one_line(
    path: str, mode: int, tmp_path: Path, nursery: Midwife
) -> None:
    with site(tmp_path, nursery) as here:
        (tmp_path / path).chmod(mode)
        ran = here.run("run", prefix=WITHOUT_PRIVILEGES or ("env",))
        (tmp_path / path).chmod(0o755)
    assert ran.code == 1
    assert re.fullmatch(rf"alerts: .*{tmp_path}/data.*\n", ran.said), ran.said
