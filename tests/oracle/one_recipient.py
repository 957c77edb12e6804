"""What one recipient gets where all rules use one channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.oracle.data import AddressedReminder
from tests.oracle.turn_evaluation import ORDER


def to_one_recipient(planned: Iterable[AddressedReminder]) -> list[AddressedReminder]:
    """Return what one recipient gets where all rules use one channel: of one state the latest, and each thing once."""
    at_once: dict[tuple[object, ...], list[AddressedReminder]] = {}
    for one in sorted(planned):
        if one.sent:
            at_once.setdefault((one.tick, one.commitment, one.occurrence), []).append(one)
    found: dict[tuple[object, ...], AddressedReminder] = {}
    for some in at_once.values():
        changes = [one for one in some if one.kind not in ORDER]
        for one in changes or [max(some, key=lambda one: (one.moment, -ORDER.index(one.kind)))]:
            what = (one.commitment, one.occurrence, one.since, one.kind, one.moment)
            found.setdefault(what, replace(one, rule=""))
    return list(found.values())
