"""Kinds of channel that other distributions bring, found by their entry points once such a kind is asked for."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from alerts.channels.transport.time_budget import one_line
from alerts.deadlines.errors import InputError

GROUP = "alerts.channels"
_REQUIRED = (
    "kind",
    "options",
    "form",
    "local",
    "connections",
    "singly",
    "holds_open",
    "default",
    "body",
    "send",
    "close",
)


def plugin_kinds() -> list[str]:
    """The names of all kinds that are brought, whether or not they can be used."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def plugin(kind: str) -> Any | None:
    """The class of a kind that another distribution brings; None where none does.

    Raises InputError where it cannot be used: it fails to import, is no channel, or two distributions bring it.
    """
    points = list(entry_points(group=GROUP, name=kind))
    if not points:
        return None
    if len({point.value for point in points}) > 1:
        raise InputError(f"two distributions bring this kind: {' and '.join(sorted(map(_origin, points)))}")
    try:
        found = points[0].load()
    except Exception as error:  # noqa: BLE001 # it is not our code, and may fail in any way
        raise InputError(one_line(f"{_origin(points[0])} cannot be imported: {_describe_error(error)}", 300)) from None
    missing = [name for name in _REQUIRED if not hasattr(found, name)]
    if missing:
        raise InputError(f"{_origin(points[0])} is no channel: it has no {', '.join(missing)}")
    if found.kind != kind:
        raise InputError(one_line(f"{_origin(points[0])} is registered as {kind}, and says kind {found.kind!r}"))
    return found


def _origin(point: EntryPoint) -> str:
    return f"{point.value} of {point.dist.name}" if point.dist else point.value


def _describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
