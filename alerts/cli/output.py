"""Lines for people: notes, warnings and errors; and instants for machines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import typer

from alerts.cli.terminal import Style, Terminal

LONGEST_NAMED = 80  # characters of a text that an error names


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


def print_line(text: str, style: Style = "") -> None:
    """Print a result, in one line however narrow the terminal is."""
    Terminal().print(text, style=style)


def note(text: str) -> None:
    """Print a remark on stderr, in one line however narrow the terminal is."""
    Terminal(stderr=True).print(text, style="dim")


def warn(text: str) -> None:
    """Print a warning on stderr, in one line."""
    Terminal(stderr=True).print(f"warning: {text}", style="yellow")


def print_error(text: str) -> None:
    """Print an error on stderr, in one line."""
    Terminal(stderr=True).print(f"alerts: {text}")


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 rule`, `2,000 rules`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def print_array(items: Iterable[str]) -> None:
    """Print a JSON array as `json.dumps` writes it, item by item: they need not fit into memory."""
    print("[", end="")
    for number, item in enumerate(items):
        print(", " * bool(number) + item, end="")
    print("]")
