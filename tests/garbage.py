"""When the processes of the tests look for garbage: seldom, and not among what lives to the end."""

from __future__ import annotations

import gc


def collect_no_garbage_yet() -> None:
    """Look for no garbage while the tests' modules are imported: what they hold lives to the end."""
    gc.disable()


def collect_garbage_less_often() -> None:
    """Look for garbage from now on, less often, and not among what the tests' modules hold."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
