"""Conflicts: a file changed a field that somebody edited here since, so neither may overwrite the other."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from alerts.core.field_changes import format_value

OPTIONS = {
    "title": "--title", "kind": "--kind", "priority": "--priority", "owner": "--owner", "timezone": "--timezone",
    "review_every": "--review-every", "note": "--note", "roll": "--roll",
}  # fmt: skip


def loaded_before(row: RowMapping) -> dict[str, Any]:
    """Return what a file last stated of a commitment, with defaults for fields that are newer than that load."""
    return {"earlier_sources": [], **row["loaded"]} if row["loaded"] else {}


def conflicts(row: RowMapping, fresh: Mapping[str, Any]) -> list[str]:
    """Return a line for each field that the file changed and that was changed here to a third value."""
    last = loaded_before(row)
    if row["status"] != "open":
        return []
    return [
        _conflict_text(row["key"], name, last[name], row[name], value)
        for name, value in fresh.items()
        if name in last and row[name] not in (value, last[name])
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
