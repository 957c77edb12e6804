"""Channel kinds of other distributions. Their entry points are searched when such a kind is needed."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from alerts.channels.transport.time_budget import one_line
from alerts.deadlines.errors import InputError

GROUP = "alerts.channels"
_REQUIRED = (
    "kind", "options", "medium", "local", "connections", "one_at_a_time", "holds_open", "default", "body", "send",
    "close",
)  # fmt: skip
_RENAMED = {"form": "medium", "singly": "one_at_a_time"}  # the old names work for one release
_aliased: set[tuple[type, str]] = set()  # the new names that were set here, and on which class


def plugin_kinds() -> list[str]:
    """Return the names of all kinds of other distributions, usable or not."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def plugin(kind: str) -> Any | None:
    """Return the class of a kind of another distribution; None where there is none.

    Raises InputError if it cannot be used: it fails to import, is no channel, or two distributions have it.
    """
    points = list(entry_points(group=GROUP, name=kind))
    if not points:
        return None
    if len({point.value for point in points}) > 1:
        raise InputError(
            f"two distributions have this kind; uninstall one of them: {' and '.join(sorted(map(_origin, points)))}"
        )
    try:
        found = points[0].load()
    except Exception as error:  # noqa: BLE001 # code of others may fail in any way
        raise InputError(one_line(f"{_origin(points[0])} cannot be imported: {_describe_error(error)}", 300)) from None
    _alias_old_names(found)
    missing = [name for name in _REQUIRED if not hasattr(found, name)]
    if missing:
        raise InputError(f"{_origin(points[0])} is not a channel: it has no {', '.join(missing)}")
    if found.kind != kind:
        raise InputError(one_line(f"{_origin(points[0])} is registered as {kind}, but its kind is {found.kind!r}"))
    return found


def outdated_names(kind: str) -> list[str]:
    """Return a warning for each old name that the class of a kind still uses."""
    try:
        found = plugin(kind)
    except InputError:
        return []
    if found is None:
        return []
    [point, *_] = entry_points(group=GROUP, name=kind)
    return [
        f"{_origin(point)}: `{old}` is now `{new}`; the old name works until the next release"
        for old, new in _RENAMED.items()
        if any((part, new) in _aliased for part in found.__mro__)
    ]


def _alias_old_names(channel_class: Any) -> None:
    """Set each new name on the class that has only the old one."""
    for old, new in _RENAMED.items():
        owner = next(
            (part for part in getattr(channel_class, "__mro__", ()) if old in vars(part) or new in vars(part)), None
        )
        if owner is not None and new not in vars(owner):
            setattr(owner, new, vars(owner)[old])
            _aliased.add((owner, new))


def _origin(point: EntryPoint) -> str:
    return f"{point.value} of {point.dist.name}" if point.dist else point.value


def _describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
