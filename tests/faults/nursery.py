"""Runs the command line many times over without the cost of starting Python: a warm process forks one child a run.

As a program (`python -m tests.faults.nursery`) it is that warm process: it has imported the product and holds no
thread, no socket and no database. `Nursery` is what tests talk to it by.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

import alerts
from tests import compiled_once

ROOT = Path(__file__).parents[2]
ENDS_WITHIN = 60.0  # seconds for a run that takes a fraction of one
WARM = ("alerts.cli", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite",
        "alerts.store.migrations.versions.0001_first_tables", "tests.faults.boundaries")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: its exit code (negative: the signal), what it said, and the boundaries that it passed."""

    code: int
    said: str
    passed: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether it died at its boundary."""
        return self.code == -signal.SIGKILL


class Nursery:
    """A warm process, for as long as the context lasts. One run at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Nursery:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "ALERTS_USER": "tester"},
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(ENDS_WITHIN + 10)
        self._process.stdout.close()

    def run(self, arguments: Sequence[str], die_at: int | str | None = None) -> Ran:
        """Run `alerts` with these arguments in a process of its own, which dies at that boundary."""
        assert self._process.stdin
        assert self._process.stdout
        trace, log = self._folder / "trace", self._folder / "log"
        order = {"arguments": list(arguments), "die_at": die_at, "trace": str(trace), "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        said = log.read_text(encoding="utf-8", errors="replace")
        assert not answer["hung"], f"alerts {' '.join(arguments)} hung:\n{said}"
        return Ran(answer["code"], said, tuple(trace.read_text(encoding="utf-8").splitlines()))


def serve() -> None:
    """Fork a child for each order on stdin, and answer how it ended."""
    for name in WARM:
        importlib.import_module(name)
    _warm_up()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _live(order)
        watched = os.pidfd_open(child)
        hung = not select.select([watched], [], [], ENDS_WITHIN)[0]
        os.close(watched)
        if hung:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"code": os.waitstatus_to_exitcode(status), "hung": hung}) + "\n")
        sys.stdout.flush()


def _warm_up() -> None:
    """Have what a process works out once worked out once for all of them: statements, templates, commands, zones."""
    patch = pytest.MonkeyPatch()  # for as long as this process lives
    compiled_once.share_statements(patch)
    compiled_once.share_templates(patch)
    compiled_once.share_commands(patch)
    for module in pkgutil.walk_packages(alerts.__path__, "alerts."):
        if not module.name.endswith(("__main__", "_process")) and ".migrations" not in module.name:
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        database = f"sqlite:///{folder}/warm.db"
        for command in (["load", "/dev/null"], ["tick"], ["check"]):
            sys.argv = ["alerts", "--database", database, *command]
            with redirect_stdout(nowhere), redirect_stderr(nowhere), suppress(SystemExit):
                importlib.import_module("alerts.cli").main()
    gc.collect()


def _live(order: dict[str, Any]) -> None:
    """Be one run of the command line."""
    code = 70
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, log, log)):
            os.dup2(file, number)
        _small_batches()
        boundaries = importlib.import_module("tests.faults.boundaries")
        trace = os.open(order["trace"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        boundaries.Boundaries(order["die_at"], trace).install()
        sys.argv = ["alerts", *order["arguments"]]
        importlib.import_module("alerts.cli").main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _small_batches() -> None:
    """Let few commitments fill several batches, and few deliveries several claims: boundaries lie between them."""
    for name, module in list(sys.modules.items()):
        if name.startswith("alerts.store.") and hasattr(module, "CHUNK"):
            module.CHUNK = 4  # type: ignore[attr-defined]
    delivery = sys.modules["alerts.delivery"]
    if hasattr(delivery, "CLAIMS_PER_CONNECTION"):
        delivery.CLAIMS_PER_CONNECTION = 2


if __name__ == "__main__":
    serve()
