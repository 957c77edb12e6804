"""What the entry in a calendar says of a deadline: a line, and a few more. Data come out inert."""

from __future__ import annotations

from alerts.core.notifications import Told
from alerts.rendering.plain import when
from alerts.rendering.saying import clean, flat, shorten

TITLE = 250  # characters
WORDS = 2000


def entry_of(told: Told) -> tuple[str, str]:
    """Return the line and the words: which deadline, how things stand, as stated, where, and what to do."""
    commitment, bounds = told.tracked.commitment, told.tracked.bounds
    said = [when(bounds) if told.tracked.open else f"closed: {commitment.status}"]
    said.append(f"As stated: {_line(commitment.deadline)}")
    if told.source:
        locator = commitment.source.locator if commitment.source else None
        said.append(f"Source: {', '.join(filter(None, map(_line, (told.source.title, locator or ''))))}")
    if commitment.note:
        said.append(clean(commitment.note[:WORDS]).strip())
    return shorten(_line(commitment.title), TITLE) or "(untitled)", shorten("\n".join(said), WORDS)


def _line(text: str) -> str:
    return flat(clean(text[:WORDS]))
