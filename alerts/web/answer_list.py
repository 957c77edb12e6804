"""All entries of a digest or a summary: which of them can be acknowledged together, and why others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from alerts.core.stages import stage_of
from alerts.rendering.template_facts import Facts
from alerts.store.linked_deliveries import EntryName, LinkedEntry
from alerts.web.answer_view import Viewer, entry_facts, url_of
from alerts.web.opened_link import OpenedLink
from alerts.web.pause_choices import REPEATING, PauseChoice, pause_choices

LeftOut = Literal["closed", "critical", "overdue", "changed", "recurs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """One entry of a list; `left_out`: why it is not acknowledged with the others. `url`: its own page."""

    t: Facts
    url: str
    left_out: LeftOut | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryList:
    """The entries of a message. `gone`: how many there are no more.

    `fingerprint`: of what can be acknowledged together, as it is now.
    """

    entries: tuple[ListedEntry, ...]
    answerable: Mapping[EntryName, LinkedEntry] = field(default_factory=dict)
    gone: int = 0
    pauses: tuple[PauseChoice, ...] = ()
    fingerprint: str = ""
    may_acknowledge: bool = False

    @property
    def together(self) -> list[ListedEntry]:
        """Return those that are acknowledged together."""
        return [one for one in self.entries if one.left_out is None]

    @property
    def alone(self) -> list[ListedEntry]:
        """Return those that are left out."""
        return [one for one in self.entries if one.left_out is not None]


def answer_list(viewer: Viewer, opened: OpenedLink) -> EntryList:
    """Return the entries that the message prints, as they are now."""
    reasons = {name: _left_out(opened, entry) for name, entry in opened.entries.items()}
    answerable = {name: entry for name, entry in opened.entries.items() if reasons[name] is None}
    stages = {name: stage_of(entry.tracked.bounds, opened.now) for name, entry in answerable.items()}
    seen = sorted((name, entry.tracked.revision, stages[name]) for name, entry in answerable.items())
    return replace(
        whole_list(viewer, opened),
        entries=tuple(_listed(viewer, opened, entry, reasons[name]) for name, entry in _in_order(opened)),
        answerable=answerable,
        pauses=pause_choices(opened.now, opened.zone) if REPEATING & set(stages.values()) else (),
        fingerprint=hashlib.sha256(repr(seen).encode()).hexdigest(),
    )


def whole_list(viewer: Viewer, opened: OpenedLink) -> EntryList:
    """Return the entries as they are now, whether they can be answered or not."""
    return EntryList(
        entries=tuple(_listed(viewer, opened, entry, None) for _, entry in _in_order(opened)),
        gone=len(set(opened.delivery.printed) - set(opened.entries)),
        may_acknowledge="acknowledge" in viewer.services.http.allowed_answers,
    )


def _in_order(opened: OpenedLink) -> list[tuple[EntryName, LinkedEntry]]:
    """Return the entries: what is open first, then what is critical, then by date; without a date last."""

    def urgency(named: tuple[EntryName, LinkedEntry]) -> tuple[bool, bool, bool, datetime, str]:
        tracked = named[1].tracked
        point = tracked.bounds.named or tracked.bounds.last or tracked.bounds.first
        at, commitment = point.counted_start if point else opened.now, tracked.commitment
        return not tracked.open, commitment.priority != "critical", point is None, at, commitment.key

    return sorted(opened.entries.items(), key=urgency)


def _listed(viewer: Viewer, opened: OpenedLink, entry: LinkedEntry, left_out: LeftOut | None) -> ListedEntry:
    return ListedEntry(t=entry_facts(opened, entry), url=url_of(viewer.services, opened, entry), left_out=left_out)


def _left_out(opened: OpenedLink, entry: LinkedEntry) -> LeftOut | None:
    """Return why an entry needs an answer of its own: nobody should wave through what is urgent, or was not read."""
    tracked = entry.tracked
    if not tracked.open:
        return "closed"
    if tracked.recurs:
        return "recurs"
    if tracked.commitment.priority == "critical":
        return "critical"
    if stage_of(tracked.bounds, opened.now) == "overdue":
        return "overdue"
    return "changed" if entry.changed_at > opened.delivery.rendered_at else None
