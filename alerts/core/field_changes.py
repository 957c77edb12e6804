"""What each revision of a commitment changed of what is stated: the fields, with their values before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.core.tracked import Revision

SHOWN = 60  # characters of a value
CONTEXT = 15  # characters before a difference
SOURCES = ("source", "earlier_sources")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a commitment that a revision changed; the values are as JSON has them."""

    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        before, after = (_from_difference(*pair) for pair in ((self.before, self.after), (self.after, self.before)))
        return f"{self.name.replace('_', ' ')}: {format_value(before)} → {format_value(after)}"


def field_changes(history: Iterable[Revision]) -> dict[int, tuple[FieldChange, ...]]:
    """Return what each revision changed, by its number, from the history of a commitment, the oldest revision first.

    A revision without an entry changed nothing that is stated, or is older than the first that kept all of it.
    """
    found: dict[int, tuple[FieldChange, ...]] = {}
    last: Mapping[str, Any] | None = None
    for revision in history:
        if revision.stated is None:
            continue
        if last is not None and (changes := tuple(_between(last, revision.stated))):
            found[revision.number] = changes
        last = revision.stated
    return found


def _between(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[FieldChange]:
    for name in (name for name in new if name not in SOURCES):
        if name in old and old[name] != new[name]:
            yield FieldChange(name, old[name], new[name])
    before, after = _sources(old), _sources(new)
    if before == after:
        return
    if len(before) > 1 or len(after) > 1:
        yield FieldChange("sources", before, after)
    else:
        yield FieldChange("source", *(cited[0] if cited else None for cited in (before, after)))


def _sources(stated: Mapping[str, Any]) -> list[Any]:
    return [*filter(None, [stated.get("source")]), *stated.get("earlier_sources", ())]


def _from_difference(value: Any, other: Any) -> Any:
    """Return a text from shortly before where it differs, if the part that is shown would otherwise be the same."""
    if not isinstance(value, str) or not isinstance(other, str):
        return value
    value, other = (" ".join(text.split()) for text in (value, other))
    pairs = enumerate(zip(value, other, strict=False))
    shared = next((place for place, (one, two) in pairs if one != two), min(len(value), len(other)))
    if max(len(value), len(other)) <= SHOWN or shared < SHOWN // 2:
        return value
    start = value.rfind(" ", 0, shared - CONTEXT) + 1 or shared - CONTEXT
    return "…" + value[start:]


def format_value(value: Any) -> str:
    """Return a stated value on one line, as people read it."""
    match value:
        case None | "" | []:
            return "nothing"
        case {"key": key}:
            more = ", ".join(value[name] for name in ("locator", "quote") if value.get(name))
            return f"`{key}`" + (f" ({more})" if more else "")
        case list():
            return ", ".join(format_value(one) for one in value)
    text = " ".join(str(value).split())
    return f"`{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}`"
