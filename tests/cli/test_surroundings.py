"""The real program where its surroundings are odd: one line says what is wrong, and nobody sees a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from alerts.store import Store
from tests.patience import cases

PROGRAM = [sys.executable, "-m", "alerts"]
SEED = "commitments:\n  - {key: lease, title: Büro – 東京, deadline: 2030-01-31, timezone: UTC}\n"
# Sends itself Ctrl-C at the n-th thing of note that it does: an import, a file that it opens, a connection.
INTERRUPTED = """
import os, signal, sys
from alerts.__main__ import start
left = int(sys.argv.pop(1))
def count(event, _):
    global left
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        return  # Python itself is not done yet
    left -= event in ("import", "open", "compile", "sqlite3.connect")
    if left == 0 and event != "os.kill":
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(count)
start()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "seed.yaml").write_text(SEED, encoding="utf-8")
    assert run(folder, "load seed.yaml").returncode == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "own")


def run(
    folder: Path,
    line: str,
    env: Mapping[str, str] = MappingProxyType({}),
    program: Sequence[str] = PROGRAM,
    **more: Any,
) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder with an environment of its own."""
    environment = {"PATH": os.environ["PATH"], "ALERTS_USER": "desk", **env}
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "errors": "replace"} | more
    return subprocess.run(
        [*program, *line.split()], cwd=folder, env=environment, text=True, timeout=120, check=False, **streams
    )


def shell(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell, in which `alerts` is the program."""
    program = " ".join(PROGRAM)
    command = ["bash", "-c", f'alerts() {{ {program} "$@"; }}\n{text}']
    environment = {"PATH": os.environ["PATH"], "ALERTS_USER": "desk"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
def test_a_terminal_without_the_characters_shows_question_marks(folder: Path, environment: dict[str, str]) -> None:
    said = run(folder, "list", env=environment)
    assert said.returncode == 0
    assert "Traceback" not in said.stderr
    assert "B?ro ? ??" in said.stdout


@pytest.mark.parametrize("line", cases(["note lease", "load"], "list --search", "ack"))
def test_an_argument_that_is_no_text_is_named(folder: Path, line: str) -> None:
    said = shell(folder, f"alerts {line} $'B\\xfcro'")
    assert said.returncode == 2
    assert said.stderr == "alerts: 'B\\udcfcro' is not text in the encoding of this terminal, utf-8\n"


@pytest.mark.parametrize("line", cases(["list", "--help"], "help list", "export"))
def test_a_full_disk_is_one_line(folder: Path, line: str) -> None:
    with Path("/dev/full").open("w", encoding="ascii") as full:
        said = run(folder, line, stdout=full)
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1] == "alerts: output: No space left on device"
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    "line",
    cases(
        ["alerts list | true", "alerts list >&- 2>&-", "alerts health --live 2>/dev/full"],
        "alerts export | true",
        "alerts list <&-",
        "alerts list >&-",
        "alerts --version <&- >&- 2>&-",
    ),
)
def test_a_closed_stream_is_no_error_of_the_program(folder: Path, line: str) -> None:
    before = (folder / "var/alerts.db").read_bytes()
    assert "Traceback" not in shell(folder, line).stderr
    assert (folder / "var/alerts.db").read_bytes() == before


@pytest.mark.parametrize(
    ("line", "moment"),
    cases(
        [("--help", 1), ("list", 420), ("tick", 2500), ("load seed.yaml", 420), ("run", 2500)],
        ("--help", 90),
        *((line, 1) for line in ("list", "tick", "load seed.yaml", "run")),
        *((line, 420) for line in ("tick", "run")),
        *((line, 2500) for line in ("list", "load seed.yaml")),
    ),
)
def test_ctrl_c_ends_it_silently_at_any_moment(folder: Path, line: str, moment: int) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(moment), *line.split()]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode in (-signal.SIGINT, 128 + signal.SIGINT) or moment > 1
    assert "Traceback" not in said.stderr
    assert "KeyboardInterrupt" not in said.stderr
    store = Store(f"sqlite:///{folder}/var/alerts.db", access="read")
    assert [one.commitment.key for one in store.ledger.tracked()] == ["lease"]
    store.close()


@pytest.mark.parametrize("home", cases(["/proc/none"], None, "/dev/null"))
def test_it_needs_no_home(folder: Path, home: str | None) -> None:
    said = run(folder, "list", env={} if home is None else {"HOME": home})
    assert said.returncode == 0
    assert "Traceback" not in said.stderr


@pytest.fixture
def shared(made: Path) -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        own = shutil.copytree(made, Path(name) / "own")
        own.chmod(0o755)
        yield own
        (own / "var").chmod(0o755)  # so that it can be removed


def as_nobody(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user to whom modes apply: root may do everything."""
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    said = run(folder, line, program=[*other, *PROGRAM])
    assert "Traceback" not in said.stderr
    return said


def test_a_read_only_folder_can_be_read(shared: Path) -> None:
    set_modes(shared, 0o444, 0o555)
    assert as_nobody(shared, "list").returncode == 0


@pytest.mark.parametrize("line", cases(["ack lease"], "tick", "load seed.yaml"))
def test_a_read_only_folder_is_named_by_what_writes(shared: Path, line: str) -> None:
    set_modes(shared, 0o444, 0o555)
    said = as_nobody(shared, line)
    assert said.returncode == 1
    assert f"{shared}/var/" in said.stderr.splitlines()[-1]


@pytest.mark.parametrize("line", cases(["list"], "ack lease", "health"))
def test_a_database_that_may_not_be_read_is_named(shared: Path, line: str) -> None:
    set_modes(shared, 0o000, 0o755)
    said = as_nobody(shared, line)
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].endswith("read the file?")


def test_a_folder_that_may_not_be_entered_is_named(shared: Path) -> None:
    set_modes(shared, 0o644, 0o000)
    said = as_nobody(shared, "list")
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1] == "alerts: var/alerts.db: Permission denied"


def set_modes(folder: Path, database: int, var: int) -> None:
    """Set what everybody may do with the database and its folder."""
    (folder / "var/alerts.db").chmod(database)
    (folder / "var").chmod(var)


@pytest.mark.parametrize(("words", "code"), [("--version", 0), ("no-such-command", 2)])
def test_the_end_runs_what_is_registered_for_it_and_gives_the_exit_code(words: str, code: int, tmp_path: Path) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(print, 'put away')\n"
        f"sys.argv = ['alerts', {words!r}]\n"
        "from alerts.__main__ import start\n"
        "start()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.stdout.splitlines()[-1], ran.returncode) == ("put away", code)


def test_the_end_waits_for_what_still_works(tmp_path: Path) -> None:
    program = (
        "import sys, threading\n"
        "begun = threading.Event()\n"
        "threading.Thread(target=lambda: (begun.wait(), print('worked'))).start()\n"
        "sys.argv = ['alerts', '--version']\n"
        "from alerts import __main__\n"
        "import atexit\n"
        "threading._register_atexit(begun.set)\n"
        "__main__.start()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.stdout.splitlines()[-1], ran.returncode) == ("worked", 0)
