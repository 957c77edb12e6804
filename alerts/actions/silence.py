"""Hold back alerts on purpose for a time, and end that."""

from __future__ import annotations

from alerts.core.changes import Change
from alerts.core.silences import Silence, check_silence
from alerts.store import Store


def add_silence(store: Store, silence: Silence, change: Change) -> None:
    """Record a silence. Raises InputError where it has no time to come, lasts too long, or is there already."""
    change.require_allowed("silence")
    store.silences.add(check_silence(silence, change.now), change.request)


def end_silence(store: Store, name: str, change: Change) -> Silence:
    """End a silence now, and return it as it was. Raises InputError where it does not last, or has ended."""
    change.require_allowed("silence")
    return store.silences.end(name, change.now, change.by, change.proof, change.request)
