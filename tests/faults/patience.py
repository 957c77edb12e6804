"""Waiting for other processes, of which nobody tells when they are ready."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 60.0  # seconds that a busy machine may take for what takes one


def eventually(condition: Callable[[], Any], what: str, within: float = PATIENCE, every: float = 0.002) -> None:
    """Wait until the condition holds. Fails with `what` where it does not in time."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        pause.wait(every)
