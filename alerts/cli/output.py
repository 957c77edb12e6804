"""Lines for people: instants, lists, notes, warnings and errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import typer
from rich.console import Console

from alerts.deadlines.zones import zone_info

MAX_OCCURRENCES_SHOWN = 12  # occurrences


MAX_KEYS_NAMED = 10  # names of commitments without a rule that a warning lists


def few(keys: Sequence[str]) -> str:
    """The first so many keys, and how many more there are."""
    more = len(keys) - MAX_KEYS_NAMED
    return ", ".join(keys[:MAX_KEYS_NAMED]) + (f" and {more} more" if more > 0 else "")


def checked_reason(text: str, option: str) -> str:
    """What somebody says of a change, fit to be stored and told: not empty, and one line."""
    stripped = text.strip()
    if not stripped:
        raise typer.BadParameter("is empty, expected a few words", param_hint=option)
    if not stripped.isprintable():
        raise typer.BadParameter("holds a line break or a control character", param_hint=option)
    return stripped


def as_rfc3339(at: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def shown(at: datetime | None, zone: str) -> str:
    """An instant as a terminal shows it: weekday first, in a zone (in UTC, at the ends of the calendar)."""
    if at is None:
        return "–"
    try:
        at = at.astimezone(zone_info(zone))
    except OverflowError:
        at = at.astimezone(UTC)
    return at.strftime("%a %-d %b %Y %H:%M")


def note(text: str) -> None:
    """Say something beside the result, on stderr: one line, however narrow the terminal."""
    Console(stderr=True, highlight=False).print(text, style="dim", markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Say something that deserves a look, on stderr: one line."""
    Console(stderr=True, highlight=False).print(f"warning: {text}", style="yellow", markup=False, soft_wrap=True)


def print_error(text: str) -> None:
    """Say what is wrong, on stderr: one line."""
    Console(stderr=True, highlight=False).print(f"alerts: {text}", markup=False, soft_wrap=True)
