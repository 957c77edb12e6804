"""The built-in plain message: what goes out when a template fails. It uses no template."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.core.delivery_failures import DeliveryFailure
from alerts.core.messages import Message
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.posts import Line, Post, Run, plain_sections
from alerts.core.reminders import Kind
from alerts.core.summaries import Summary
from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.errors import InputError
from alerts.deadlines.stated_text import deadline_in_words
from alerts.deadlines.wording import format_day
from alerts.rendering.fitting import LARGEST
from alerts.rendering.shell_commands import commands
from alerts.rendering.template_facts import LISTED
from alerts.rendering.template_filters import SEPARATOR, clean, flat, moment, shorten, utc

SUBJECT = 120
_URGENCY: dict[Kind, str] = {
    "before": "soon", "on_the_day": "today", "opens": "open", "overdue": "late", "moved": "moved", "review": "open",
    "closed": "changed", "reopened": "soon", "unanswered": "late",
}  # fmt: skip


def plain(notification: Notification, medium: str) -> Message:
    """Return a message with the date, the title, and the commands or the link to answer. Never raises."""
    lines = [_lines(context, _answering(notification, context, medium)) for context in notification.contexts]
    subject = shorten(_subject(notification, lines), SUBJECT)
    lines = _bounded(notification.contexts, lines)
    if notification.summary:
        lines = [*_summed_up(notification.summary), *lines]
    lines = [*_for_whom(notification), *lines, *_fallback_line(notification.fallback_for)]
    text = "\n\n".join("\n".join(lines_shown) for lines_shown in lines) + "\n"
    body: dict[str, object] | None = None
    if medium == "json":
        reminders: list[dict[str, object]] = [
            {
                "commitment": {
                    "key": clean(context.tracked.commitment.key),
                    "title": clean(context.tracked.commitment.title),
                },
                "kind": context.reminder.kind,
                "deadline": clean(context.tracked.commitment.deadline),
            }
            | ({"answer_url": notification.answer_url(context)} if notification.links else {})
            for context in notification.contexts
        ]
        kind = "deadline.digest" if len(notification.contexts) > 1 else "deadline.reminder"
        kind = "deadline.summary" if notification.summary else kind
        data = {"summary": subject, "text": text, "reminders": reminders}
        body = {"type": kind, "timestamp": utc(notification.now), "data": data}
    post = _post(notification, subject, text) if medium == "post" else None
    thread = notification.thread
    return Message(subject=subject, text=text, body=body, rendered_at=notification.now, thread=thread, post=post)


def _bounded(contexts: Sequence[ReminderContext], lines: list[list[str]]) -> list[list[str]]:
    """Return the lines that fit, the most urgent first (critical, then overdue), and a count of the rest."""
    urgent = sorted(
        range(len(contexts)),
        key=lambda place: (
            contexts[place].tracked.commitment.priority != "critical",
            contexts[place].reminder.kind != "overdue",
        ),
    )
    kept: list[list[str]] = []
    room = LARGEST
    for place in urgent[:LISTED] if len(contexts) > 1 else urgent:
        room -= sum(len(line.encode(errors="replace")) + 1 for line in lines[place]) + 1
        if kept and room < 0:
            break
        kept.append(lines[place])
    return kept if len(kept) == len(lines) else [*kept, [f"… and {len(lines) - len(kept)} more: alerts list"]]


def _subject(notification: Notification, lines: list[list[str]]) -> str:
    if notification.summary:
        return f"Summary to {format_day(notification.summary.scope.until)}"
    if len(lines) == 1:
        return f"{lines[0][0]}{SEPARATOR}{lines[0][1]}"
    return f"{len(lines)} deadlines{SEPARATOR}{lines[0][0] if lines else ''}"


def _summed_up(summary: Summary) -> list[list[str]]:
    counts = (
        (summary.due, "due"),
        (summary.overdue, "overdue"),
        (summary.passed, "past"),
        (summary.undated, "without a date"),
        (summary.quiet, "acknowledged or snoozed"),
        (summary.more, "not listed; see `alerts list`"),
    )
    nothing = [] if summary.due else [f"Nothing is due until {format_day(summary.scope.until)}."]
    return [[*nothing, *(f"{count} {what}" for count, what in counts if count)], *_audited(summary)]


def _audited(summary: Summary) -> list[list[str]]:
    audit = summary.scope.audit
    if audit is None:
        return []
    days = f"{audit.first} to {audit.last} ({audit.zone})"
    open_ones = [f"Messages of these days that may be tried again: {audit.unfinished}"] if audit.unfinished else []
    return [[f"SHA-256 of the audit export of {days}: {audit.sha256}", *open_ones]]


def _answering(notification: Notification, context: ReminderContext, medium: str) -> str | None:
    """Return the line that says how to answer; a post has one link for all instead."""
    if notification.links:
        return None if medium == "post" else f"Answer: {notification.answer_url(context)}"
    typed = commands(context)
    return None if context.is_test else f"Commands: {typed.show}; {typed.ack}"


def _post(notification: Notification, subject: str, text: str) -> Post:
    """Return the post for a chat. Its details count here, too: `ended` resolves an incident.

    A heading that has the date and the title whole is not repeated below it.
    """
    text = text.removeprefix(subject.replace(SEPARATOR, "\n", 1) + "\n")
    contexts = () if notification.summary else notification.contexts
    about = {(one.reminder.commitment, one.reminder.occurrence) for one in contexts}
    one = contexts[0] if len(about) == 1 else None
    links, sections = notification.links, plain_sections(text)
    url = links and (notification.answer_url(one) if one else links.url(notification.id))
    answer = Run("Answer", link=url) if url else None
    if answer:
        sections = (*sections, (Line((answer,)),))
    if one is None:
        kinds = tuple(each.reminder.kind for each in contexts)
        return Post(title=subject, sections=sections, kinds=kinds, answer=answer)
    return Post(
        title=subject,
        sections=sections,
        urgency=_URGENCY[one.reminder.kind],
        priority=one.tracked.commitment.priority,
        thread=one.reminder.commitment,
        occurrence=one.reminder.occurrence,
        kinds=tuple(each.reminder.kind for each in contexts),
        ended=one.reminder.kind == "closed" or one.tracked.commitment.status != "open",
        more=commands(one).show,
        answer=answer,
    )


def _lines(context: ReminderContext, answering: str | None) -> list[str]:
    commitment = context.tracked.commitment
    lines_shown = [
        when(context.tracked.bounds),
        flat(clean(commitment.title)),
        f"As stated: {flat(clean(deadline_in_words(commitment.deadline)))}",
        *([answering] if answering else []),
    ]
    if context.next_alert_at:
        lines_shown.append(f"Next reminder: {moment(context.next_alert_at, 'UTC')}")
    return lines_shown


def _for_whom(notification: Notification) -> list[list[str]]:
    """Return the names of those for whom a deputy gets it."""
    names = ", ".join(flat(clean(one.name)) for one in notification.on_behalf_of)
    return [[f"For {names} (absent)"]] if names else []


def _fallback_line(failure: DeliveryFailure | None) -> list[list[str]]:
    return (
        [[flat(clean(f"You got this because delivery via {failure.channel} failed: {failure.error}"))]]
        if failure
        else []
    )


def when(bounds: Bounds) -> str:
    """Return the dates of a deadline on one line. Never raises."""
    try:
        return flat(clean(describe_bounds(bounds)))
    except (InputError, OverflowError, ValueError):
        return "see the deadline as stated"
