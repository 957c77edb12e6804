"""What was answered about a notice. It is stored as fulfilled, and its closing has the answer in its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from alerts.core.changes import Change
from alerts.core.commitments import NOTICE_ANSWERS, End, NoticeAnswer, Status
from alerts.core.tracked import Revision


def stored_end(end: End) -> tuple[Status, NoticeAnswer | None]:
    """Return the status that an end is stored as, and the answer: a notice that was answered is done."""
    for answer in get_args(NoticeAnswer):
        if answer == end:
            return "fulfilled", answer
    return end, None  # type: ignore[return-value]  # all others are


def with_answer(end: End, change: Change) -> Change:
    """Return a change whose reason names the answer of a notice."""
    if end not in NOTICE_ANSWERS:
        return change
    return replace(change, reason=f"{end}: {change.reason}" if change.reason else end)


def answer_in(kind: str, revision: Revision) -> tuple[NoticeAnswer | None, str | None]:
    """Return what the closing of a notice answered, and the reason that was given with it."""
    first, _, rest = (revision.reason or "").partition(": ")
    for answer in get_args(NoticeAnswer):
        if answer == first and kind == "notice" and revision.what == "closed" and revision.detail == "fulfilled":
            return answer, rest or None
    return None, revision.reason


def end_in(kind: str, revision: Revision) -> str | None:
    """Return how a closing ended it: `fulfilled`, `renewed`."""
    return answer_in(kind, revision)[0] or revision.detail
