"""A calendar component as an entry: its texts, and the properties that our export added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from icalendar.prop import vBroken, vUnknown

from alerts.core.icalendar import CRITICAL
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every
from alerts.deadlines.grammar import parse
from alerts.deadlines.recurrence import Recurrence
from alerts.interchange import cells
from alerts.interchange.ics.event_times import first
from alerts.strict_yaml.text_fields import LONGEST_LINE, LONGEST_TEXT

OWN = "X-ALERTS-"  # what iCalendar has no property for, by field: X-ALERTS-REVIEW-EVERY
TIMES = f"{OWN}TIMES"  # the times at export: a difference shows that another program changed them
RESOLVED = f"{OWN}RESOLVED"  # in a feed, the deadline without other commitments: there they have other keys
STANDARD = ("DTSTART", "DUE", "RRULE", "EXDATE", "DTEND")
PRIORITIES = {**dict.fromkeys((1, 2, 3, 4), "high"), **dict.fromkeys((6, 7, 8, 9), "low")}  # section 3.8.1.9

KINDS = {"VTODO": "obligation", "VEVENT": "event"}


def is_over(component: Any) -> bool:
    """Return whether a component is completed or cancelled."""
    over = str(component.get("STATUS", "")).upper() in ("COMPLETED", "CANCELLED")
    return over or (component.name == "VTODO" and component.get("COMPLETED") is not None)


def number_of(component: Any) -> int:
    """Return the SEQUENCE; 0 if there is none. Raises InputError."""
    value = first(component, "SEQUENCE")
    if value is None:
        return 0
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise InputError(f"SEQUENCE is not a number from 0 on: `{str(value)[:20]}`")
    return int(value)


def entry_of(
    component: Any, key: str, deadline: str, assumed: Sequence[str], *, own: bool, left_out: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the entry of a component. Its `own` deadline is the exported one, unless its times have changed.

    `left_out` are the occurrences that the file states by themselves, or as exceptions.
    """
    stated: dict[str, str | list[str]] = {}
    for name in cells.FIELDS:
        values = [_own_text(value) for value in _all(component.get(own_name(name)))]
        if values and name in cells.LISTS:
            stated[name] = values
        elif values:
            stated[name] = values[0]
    exported = stated.pop("deadline", None)
    exported = _own_text(component.get(RESOLVED)) if component.get(RESOLVED) else exported
    priority = _priority(component)
    if stated.pop("priority", None) == "critical" and priority == (CRITICAL, "high"):
        priority = (CRITICAL, "critical")
    if own and exported and _own_text(component.get(TIMES, "")) == times_as_written(component):
        deadline = _without(str(exported), left_out)
    title, note, shortened = _title_and_note(component)
    entry = {
        "kind": KINDS[component.name],
        **stated,
        "key": key,
        "title": title or "(no SUMMARY)",
        "deadline": deadline,
        "priority": priority[1],
        "tags": list(dict.fromkeys(filter(None, (re.sub(r"\s*\n\s*", " ", tag).strip() for tag in _tags(component))))),
        "note": note,
    }
    assumed = (*assumed, *shortened)
    if assumed:
        entry["assumptions"] = [*stated.get("assumptions", ()), *assumed]
    return cells.entry_of(entry)


def _title_and_note(component: Any) -> tuple[str, str, list[str]]:
    """Return SUMMARY and DESCRIPTION, as long as they may be, and a note about each that is shortened."""
    texts = {
        "title": (" ".join(_text(_first(component, "SUMMARY")).split("\n")).strip(), LONGEST_LINE),
        "note": (_text(_first(component, "DESCRIPTION")).strip(), LONGEST_TEXT),
    }
    shortened = [
        f"the {what} is shortened: in the calendar it has {len(text):,} characters"
        for what, (text, most) in texts.items()
        if len(text) > most
    ]
    title, note = (text if len(text) <= most else text[: most - 1] + "…" for text, most in texts.values())
    return title, note, shortened


def _without(deadline: str, left_out: Sequence[str]) -> str:
    """Return what recurs without more occurrences."""
    found = parse(deadline) if left_out else None
    if not isinstance(found, Every):
        return deadline
    return str(replace(found, without=tuple(sorted({*found.without, *left_out}, key=Recurrence.order))))


def own_name(name: str) -> str:
    """Return the property for a field."""
    return OWN + name.upper().replace("_", "-")


def times_as_written(component: Any) -> str:
    """Return the times of a component as one text."""
    return "/".join(
        ",".join(_raw(value) for value in _all(component.get(name))) for name in STANDARD if component.get(name)
    )


def _priority(component: Any) -> tuple[int, str]:
    try:
        number = int(_first(component, "PRIORITY") or 0)
    except ValueError:
        number = 0
    return number, PRIORITIES.get(number, "normal")


def _tags(component: Any) -> list[str]:
    found = []
    for value in _all(component.get("CATEGORIES")):
        found += [_text(one) for one in ([value] if isinstance(value, vBroken) else value.cats)]
    return found


def _first(component: Any, name: str) -> Any:
    return next(iter(_all(component.get(name))), "")


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _own_text(value: Any) -> str:
    """Return a TEXT value: the library does not unescape unknown properties (RFC 5545, section 3.3.11)."""
    if isinstance(value, vUnknown):
        value = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
    return _text(value)


def _text(value: Any) -> str:
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def _raw(value: Any) -> str:
    raw = value.to_ical()
    return raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
