"""Resolve deadlines anew after a change of the zone of the settings, of data, or of what deadlines mean."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from alerts.core.changes import Change, Move
from alerts.core.deadline_resolver import forget_resolved
from alerts.deadlines.errors import InputError
from alerts.deadlines.meaning import REASON, meaning_of_deadlines
from alerts.store import Store
from alerts.store.store_error import StoreError
from alerts.zone_data import holidays_data, is_newer, read_anew, zone_data

log = logging.getLogger(__name__)

DATA: tuple[tuple[str, str, Callable[[], str], str | None], ...] = (
    ("meaning", "meaning of deadlines", meaning_of_deadlines, REASON),  # first: what it moves has this reason
    ("zone data", "zone data", zone_data, None),
    ("holidays", "holidays release", holidays_data, None),
)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Why all deadlines were resolved anew, and which of them moved."""

    reason: str
    moves: tuple[Move, ...]


def take_data(store: Store, now: datetime) -> list[Recomputed]:
    """Resolve all deadlines anew where the data or the meaning of deadlines are newer, and return what moved.

    Older data change nothing, so that two replicas with different data do not move deadlines back and forth.
    """
    read_anew()
    forget_resolved()
    done = []
    for name, label, find, stated in DATA:
        value = find()
        explain = _data_reason(label, value) if stated is None else partial(_as_stated, stated)
        reason = store.resolved_with.take(name, value, now, reason=explain, may=partial(_is_forward, value))
        if store.resolved_with.values().get(name) != value:
            log.warning("%s %s here, deadlines rest on %s: update this installation", label, value,
                        store.resolved_with.values().get(name))  # fmt: skip
        done += _recompute(store, name, reason, now)
    return done


def take_zone(store: Store, zone: str | None, now: datetime) -> list[Recomputed]:
    """Use the zone of the settings for deadlines that state none, and resolve those anew."""
    reason = store.resolved_with.take(
        "timezone", zone or "", now, reason=lambda before: _zone_reason(before, zone), may=lambda _: True
    )
    return _recompute(store, "timezone", reason, now)


def _data_reason(label: str, value: str) -> Callable[[str | None], str]:
    def reason(before: str | None) -> str:
        return f"{label} {value}" + (f", before it was {before}" if before else "")

    return reason


def _as_stated(reason: str, _: str | None) -> str:
    return reason


def _zone_reason(before: str | None, zone: str | None) -> str:
    if before is None:
        return f"time zone of the settings is {zone or 'not set'}"
    return f"time zone of the settings changed from {before or 'none'} to {zone or 'none'}"


def _is_forward(value: str, past: list[str]) -> bool:
    newer = is_newer(value, past[-1])
    return value not in past if newer is None else newer


def _recompute(store: Store, name: str, reason: str | None, now: datetime) -> list[Recomputed]:
    if reason is None:
        return []
    log.info("%s: working out all deadlines anew", reason)
    try:
        report = store.commitments.recompute(Change(now=now, by="alerts", reason=reason))
    except StoreError:
        raise
    except InputError as error:  # the old bounds stand, alerts go on, and the next start tries again
        log.error("cannot work out all deadlines anew: %s", error)  # noqa: TRY400 # the line says it all
        return []
    store.resolved_with.finish(name)
    return [Recomputed(reason, (*report.moved, *report.moved_dependants))]
