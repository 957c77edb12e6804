"""The built-in plain message: what goes out when a template fails. It needs little, so that little can fail."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.core.bounds import Bounds, say_bounds, say_day
from alerts.core.errors import InputError
from alerts.core.notifications import Message, Notification, Told, Trouble
from alerts.core.posts import Post, plain_sections
from alerts.core.reminders import Kind
from alerts.core.summaries import Summary
from alerts.rendering.commands import commands
from alerts.rendering.facts import LISTED
from alerts.rendering.fitting import LARGEST
from alerts.rendering.saying import clean, flat, moment, shorten, utc

SUBJECT = 120
_URGENCY: dict[Kind, str] = {
    "before": "soon", "on_the_day": "today", "opens": "open", "overdue": "late", "moved": "moved", "review": "open",
    "closed": "changed", "reopened": "soon",
}  # fmt: skip


def plain(notification: Notification, form: str) -> Message:
    """Say the date, the title and the commands. Never raises."""
    lines = [_lines(told) for told in notification.told]
    subject = shorten(_subject(notification, lines), SUBJECT)
    lines = _bounded(notification.told, lines)
    if notification.summary:
        lines = [*_summed_up(notification.summary), *lines]
    text = "\n\n".join("\n".join(said) for said in (*lines, *_instead(notification.instead_of))) + "\n"
    body: dict[str, object] | None = None
    if form == "json":
        reminders = [
            {
                "commitment": {
                    "key": clean(told.tracked.commitment.key),
                    "title": clean(told.tracked.commitment.title),
                },
                "kind": told.reminder.kind,
                "deadline": clean(told.tracked.commitment.deadline),
            }
            for told in notification.told
        ]
        kind = "deadline.digest" if len(notification.told) > 1 else "deadline.reminder"
        kind = "deadline.summary" if notification.summary else kind
        data = {"summary": subject, "text": text, "reminders": reminders}
        body = {"type": kind, "timestamp": utc(notification.now), "data": data}
    post = _post(() if notification.summary else notification.told, subject, text) if form == "post" else None
    thread = notification.thread
    return Message(subject=subject, text=text, body=body, rendered_at=notification.now, thread=thread, post=post)


def _bounded(told: Sequence[Told], lines: list[list[str]]) -> list[list[str]]:
    """As many as have room, of more the most urgent: what is critical, then what is late; the rest are counted."""
    urgent = sorted(
        range(len(told)),
        key=lambda place: (
            told[place].tracked.commitment.priority != "critical",
            told[place].reminder.kind != "overdue",
        ),
    )
    kept: list[list[str]] = []
    room = LARGEST
    for place in urgent[:LISTED] if len(told) > 1 else urgent:
        room -= sum(len(line.encode(errors="replace")) + 1 for line in lines[place]) + 1
        if kept and room < 0:
            break
        kept.append(lines[place])
    return kept if len(kept) == len(lines) else [*kept, [f"… and {len(lines) - len(kept)} more: alerts list"]]


def _subject(notification: Notification, lines: list[list[str]]) -> str:
    if notification.summary:
        return f"Summary to {say_day(notification.summary.scope.until)}"
    if len(lines) == 1:
        return f"{lines[0][0]} · {lines[0][1]}"
    return f"{len(lines)} deadlines · {lines[0][0] if lines else ''}"


def _summed_up(summary: Summary) -> list[list[str]]:
    counts = (
        (summary.due, "due"),
        (summary.overdue, "overdue"),
        (summary.passed, "past their date"),
        (summary.undated, "without a date to come"),
        (summary.quiet, "acknowledged or snoozed"),
        (summary.more, "not listed here: alerts list"),
    )
    nothing = [] if summary.due else [f"Nothing is due until {say_day(summary.scope.until)}."]
    return [[*nothing, *(f"{count} {what}" for count, what in counts if count)]]


def _post(told: tuple[Told, ...], subject: str, text: str) -> Post:
    """What chats make use of must be right here, too: an incident that is over is resolved by it."""
    about = {(one.reminder.commitment, one.reminder.occurrence) for one in told}
    one = told[0] if len(about) == 1 else None
    if one is None:
        return Post(title=subject, sections=plain_sections(text), kinds=tuple(each.reminder.kind for each in told))
    return Post(
        title=subject,
        sections=plain_sections(text),
        urgency=_URGENCY[one.reminder.kind],
        priority=one.tracked.commitment.priority,
        thread=one.reminder.commitment,
        occurrence=one.reminder.occurrence,
        kinds=tuple(each.reminder.kind for each in told),
        ended=one.reminder.kind == "closed" or one.tracked.commitment.status != "open",
        more=commands(one).show,
    )


def _lines(told: Told) -> list[str]:
    commitment, typed = told.tracked.commitment, commands(told)
    said = [
        when(told.tracked.bounds),
        flat(clean(commitment.title)),
        f"As stated: {flat(clean(commitment.deadline))}",
        f"Commands: {typed.show}; {typed.ack}",
    ]
    if told.speaks_next:
        said.append(f"Next word: {moment(told.speaks_next, 'UTC')}")
    return said


def _instead(trouble: Trouble | None) -> list[list[str]]:
    return [[flat(clean(f"Told here because {trouble.channel} does not take it: {trouble.error}"))]] if trouble else []


def when(bounds: Bounds) -> str:
    """Say a window in a line, whatever it is."""
    try:
        return flat(clean(say_bounds(bounds)))
    except (InputError, OverflowError, ValueError):
        return "see the deadline as stated"
