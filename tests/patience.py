"""Waiting for others, where nobody tells when they are ready; and how long they may take.

On a machine that is busy with something else, a test must not fail for that. `make faults` and `make web` measure
exactly.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

Case = TypeVar("Case")
PATIENCE = 60.0  # seconds that a busy machine may take for what takes one
EXACT = "all" in (os.environ.get("FAULTS"), os.environ.get("WEB"))  # nothing else runs on the machine


def eventually(condition: Callable[[], Any], what: str, within: float = PATIENCE, every: float = 0.01) -> None:
    """Wait until the condition holds. Fails with `what` where it does not in time."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        pause(every)


def pause(seconds: float) -> None:
    """Stand still: for the peers on loopback that answer slowly, and between two looks at another process."""
    threading.Event().wait(seconds)


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Fail where something takes longer; where others use the machine, a minute longer, so only what never ends."""
    began = time.monotonic()
    yield
    took, allowed = time.monotonic() - began, seconds if EXACT else seconds + PATIENCE
    assert took < allowed, f"took {took:.1f} s, not {allowed:g} s at most"


def cases(few: Sequence[Case], *more: Case) -> list[Case]:
    """Return the cases of a test: a few in the suite, all in `make faults` and `make web`."""
    return [*few, *(more if EXACT else ())]
