"""The title and the description of a deadline in a calendar. Control characters are removed."""

from __future__ import annotations

from alerts.core.commitments import Source
from alerts.core.tracked import Tracked
from alerts.deadlines.stated_text import deadline_in_words
from alerts.rendering.plain_message import when
from alerts.rendering.template_filters import clean, flat, shorten

TITLE = 250  # characters
LONGEST_DESCRIPTION = 2000


def entry_of(tracked: Tracked, source: Source | None) -> tuple[str, str]:
    """Return the title and the description: the dates, the deadline as stated, the source and the note."""
    commitment = tracked.commitment
    text = [when(tracked.bounds) if tracked.open else f"closed: {tracked.ended_as}"]
    text.append(f"As stated: {_line(deadline_in_words(commitment.deadline))}")
    if source:
        locator = commitment.source.locator if commitment.source else None
        text.append(f"Source: {', '.join(filter(None, map(_line, (source.title, locator or ''))))}")
    if commitment.note:
        text.append(clean(commitment.note[:LONGEST_DESCRIPTION]).strip())
    return shorten(_line(commitment.title), TITLE) or "(untitled)", shorten("\n".join(text), LONGEST_DESCRIPTION)


def _line(text: str) -> str:
    return flat(clean(text[:LONGEST_DESCRIPTION]))
