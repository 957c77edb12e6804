"""The process that has Apprise send, forked from one that has imported Apprise. `make faults` and `make web` start each
anew, as the program does, and so do tests of how it starts and ends.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import forked_alerts
from tests.patience import EXACT

STARTED_BY = "alerts.channels.transport.subprocesses.subprocess"


def fork(patch: pytest.MonkeyPatch) -> None:
    """Let the program fork that process."""
    if not EXACT:
        patch.setattr(STARTED_BY, SimpleNamespace(**{**vars(subprocess), "run": _run}))


def _run(
    command: Sequence[str], *, env: Mapping[str, str], timeout: float, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Take the place of `subprocess.run`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(more["input"].encode())
        given.seek(0)
        module = f"alerts.channels.transport.{Path(command[-1]).stem}"
        process = forked_alerts.start(module=module, given=given, output=output, errors=errors, env=env)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        return subprocess.CompletedProcess(command, code, output.read().decode(errors="replace"))
