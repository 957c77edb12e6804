"""Lines for people: instants, lists, notes, warnings and errors."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import typer
from rich.console import Console

from alerts.deadlines.zones import zone_info

INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\dZ")  # as stored texts state a time
LONGEST_NAMED = 80  # characters of a text that an error names
MAX_OCCURRENCES_SHOWN = 12  # the latest of a commitment


def checked_reason(text: str, option: str) -> str:
    """Return the stripped text. Raises where it is empty or has more than one line."""
    stripped = text.strip()
    if not stripped:
        raise typer.BadParameter("is empty: state some text", param_hint=option)
    if not stripped.isprintable():
        raise typer.BadParameter(
            f"{stripped[:LONGEST_NAMED]!r} holds a line break or a control character: state it on one line",
            param_hint=option,
        )
    return stripped


def as_rfc3339(at: datetime | None) -> str | None:
    """Return a time as JSON states it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def shown(at: datetime | None, zone: str) -> str:
    """Return a time as a terminal shows it: weekday first, in a zone (UTC at the ends of the calendar)."""
    if at is None:
        return "–"
    try:
        at = at.astimezone(zone_info(zone))
    except OverflowError:
        at = at.astimezone(UTC)
    return at.strftime("%a %-d %b %Y %H:%M")


def shown_with_zone(at: datetime | None, zone: str) -> str:
    """Return a time as `shown` does, with the zone after it."""
    return f"{shown(at, zone)} {zone}"


def soon(at: datetime, now: datetime, zone: str) -> str:
    """Return when an alert goes out. What is due already goes out at the next tick."""
    return "within a minute" if at <= now else shown_with_zone(at, zone)


def with_local_times(text: str, zone: str) -> str:
    """Return a stored text with its times as a terminal shows them."""
    return INSTANT.sub(lambda found: shown(datetime.fromisoformat(found[0]), zone), text)


def print_line(text: str, style: str = "") -> None:
    """Print a result, in one line however narrow the terminal is."""
    Console(highlight=False, emoji=False).print(text, style=style, markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Print a remark on stderr, in one line however narrow the terminal is."""
    Console(stderr=True, highlight=False, emoji=False).print(text, style="dim", markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Print a warning on stderr, in one line."""
    Console(stderr=True, highlight=False, emoji=False).print(
        f"warning: {text}", style="yellow", markup=False, soft_wrap=True
    )


def print_error(text: str) -> None:
    """Print an error on stderr, in one line."""
    Console(stderr=True, highlight=False, emoji=False).print(f"alerts: {text}", markup=False, soft_wrap=True)
