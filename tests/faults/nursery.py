"""Runs the command line many times over without the cost of starting Python: a warm process forks one child a run.

As a program (`python -m tests.faults.nursery`) it is that warm process: it has imported the product and holds no
thread, no socket and no database. `Nursery` is what tests talk to it by.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests import forked_alerts
from tests.forked_alerts import ROOT
from tests.warm_process import import_everything

ENDS_WITHIN = 60.0  # seconds for a run that takes a fraction of one
WARM = ("alerts.store.migrations.versions.0001_first_tables", "tests.faults.boundaries")


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
        reads, ours = os.pipe()
        answers, writes = os.pipe()
        environment = os.environ | {"PYTHONPATH": str(ROOT), "ALERTS_USER": "tester"}
        with os.fdopen(reads) as given, os.fdopen(writes, "w") as output, (self._folder / "errors").open("w") as errors:
            self._process = forked_alerts.start(
                module="tests.faults.nursery", given=given, output=output, errors=errors, env=environment
            )
        self._orders, self._answers = os.fdopen(ours, "w"), os.fdopen(answers)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._orders.close()
        self._process.wait(ENDS_WITHIN + 10)
        self._answers.close()

    def run(self, arguments: Sequence[str], die_at: int | str | None = None) -> Ran:
        """Run `alerts` with these arguments in a process of its own, which dies at that boundary."""
        trace, log = self._folder / "trace", self._folder / "log"
        order = {"arguments": list(arguments), "die_at": die_at, "trace": str(trace), "log": str(log)}
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        answer = json.loads(self._answers.readline())
        said = log.read_text(encoding="utf-8", errors="replace")
        assert not answer["hung"], f"alerts {' '.join(arguments)} hung:\n{said}"
        return Ran(answer["code"], said, tuple(trace.read_text(encoding="utf-8").splitlines()))


def serve() -> None:
    """Fork a child for each order on stdin, and answer how it ended."""
    for name in WARM:
        importlib.import_module(name)
    import_everything()
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
