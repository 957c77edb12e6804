"""What a load does with each entry of a file: store it, pass over it, or report that it contradicts an edit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from alerts.core.change_set import Stamp
from alerts.core.changes import EntryProblem, RestatedEntry, StatedCommitment
from alerts.core.commitments import Status
from alerts.core.field_changes import format_value
from alerts.core.stated_values import STATED, commitment_of, stated

Closed = Literal["name", "keep", "reopen"]  # what to do with closed commitments that a file states anew
OPTIONS = {
    "title": "--title", "kind": "--kind", "priority": "--priority", "owner": "--owner", "timezone": "--timezone",
    "review_every": "--review-every", "note": "--note", "roll": "--roll",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStatement:
    """What is stored of an entry: as it stands, and as file `file` last stated it (`loaded`)."""

    key: str
    status: Status
    stated: Mapping[str, Any]
    loaded: Mapping[str, Any] | None
    file: str | None
    sequence: int | None
    stamp: Stamp

    @property
    def loaded_before(self) -> dict[str, Any]:
        """Return what a file last stated, with defaults for fields that are newer than that load."""
        return {"earlier_sources": [], **self.loaded} if self.loaded else {}

    def is_restated(self, entry: StatedCommitment) -> bool:
        """Return whether it is closed, and its file states it differently or another file states it."""
        if self.status == "open":
            return False
        last = None if self.loaded is None else self.loaded_before
        return last != entry.loaded or self.file != entry.file


class Renamed(Protocol):
    """Entries that are unchanged, but come from another file or have another position in it."""

    def add(self, entry: StatedCommitment) -> None: ...


@dataclass(slots=True, kw_only=True)
class LoadDecisions:
    """The stored entries of a load by what is done with them. `closed` decides about those that are closed.

    `wanted` are those that are new or changed, as they will be stored; `read` are the stamps of those that changed.
    """

    closed: Closed
    wanted: MutableMapping[str, StatedCommitment]
    renamed: Renamed
    unchanged: int = 0
    older: list[str] = field(default_factory=list)
    restated: list[RestatedEntry] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    conflicts: list[EntryProblem] = field(default_factory=list)
    read: dict[str, Stamp] = field(default_factory=dict)

    def decide(self, entry: StatedCommitment, stored: StoredStatement) -> None:
        """Decide what is done with an entry that is stored."""
        key = entry.commitment.key
        entry = replace(entry, loaded=stated(entry.commitment), is_of_file=True)
        sequence = stored.sequence if entry.sequence is None else entry.sequence
        if sequence is not None and sequence < (stored.sequence or 0):
            self.older.append(key)
            return
        entry = replace(entry, file=entry.file or stored.file, sequence=sequence)
        anew = stored.is_restated(entry)
        if anew and self.closed == "name":
            self.restated.append(_restated(entry, stored))
        elif anew and self.closed == "keep":
            self.kept.append(key)
        elif stored.loaded is not None and stored.loaded_before == entry.loaded and not anew:
            self._leave_unchanged(entry, stored)
        else:
            self._merge(entry, stored, reopens=anew)

    def _leave_unchanged(self, entry: StatedCommitment, stored: StoredStatement) -> None:
        self.unchanged += 1
        if (stored.file, stored.sequence) != (entry.file, entry.sequence):
            self.renamed.add(entry)

    def _merge(self, entry: StatedCommitment, stored: StoredStatement, *, reopens: bool) -> None:
        """Apply only the fields that the file changed since it was last loaded."""
        last, states = stored.loaded_before, entry.loaded or {}
        fresh = {name: value for name, value in states.items() if name not in last or last[name] != value}
        if problems := _conflicts(stored, fresh):
            self.conflicts += [EntryProblem(stored.key, f"{entry.place}: {one}") for one in problems]
            return
        if reopens:
            self.reopened.append(stored.key)
        self.read[stored.key] = stored.stamp
        status = "open" if reopens else stored.status
        self.wanted[stored.key] = replace(
            entry, commitment=commitment_of(stored.key, status, {**stored.stated, **fresh})
        )


def _restated(entry: StatedCommitment, stored: StoredStatement) -> RestatedEntry:
    """Return what differs between a closed commitment and what a file states of it."""
    states = entry.loaded or {}
    return RestatedEntry(
        key=stored.key,
        status=stored.status,
        place=entry.place,
        fields=tuple(sorted(name for name in STATED if stored.stated[name] != states[name])),
        deadline=stored.stated["deadline"],
        stated=states["deadline"],
    )


def _conflicts(stored: StoredStatement, fresh: Mapping[str, Any]) -> list[str]:
    """Return a line for each field that the file changed and that was changed here to a third value."""
    last = stored.loaded_before
    if stored.status != "open":
        return []
    return [
        _conflict_text(stored.key, name, last[name], stored.stated[name], value)
        for name, value in fresh.items()
        if name in last and stored.stated[name] not in (value, last[name])
    ]


def _conflict_text(key: str, name: str, before: Any, stands: Any, states: Any) -> str:
    if name == "deadline":
        return (
            f"deadline: the file says `{states}` now and `{before}` before, but it was moved to "
            f'`{stands}` meanwhile: write that, or `alerts move {key} "{states}"` first'
        )
    verb = OPTIONS.get(name)
    how = f"alerts edit {key} {verb} {shlex.quote(states or '')}" if verb else f"alerts edit {key}"
    if "\n" in how:
        how = f"alerts edit {key} {verb} …"
    return (
        f"{name.replace('earlier_sources', 'sources')}: the file says {format_value(states)} now and "
        f"{format_value(before)} before, but it was edited to {format_value(stands)} meanwhile: write that, or "
        f"`{how}` first"
    )
