"""From a notification to the message that a channel sends: laid out for a chat, in a mail with a calendar entry.

An alert goes out even if a step fails.
"""

from __future__ import annotations

from dataclasses import replace

from alerts.core.messages import Layout, Message
from alerts.core.notifications import Notification
from alerts.rendering.calendar_file import publish
from alerts.rendering.calendar_text import entry_of
from alerts.rendering.plain_message import when
from alerts.rendering.renderer import Renderer

_PLAIN = "; the built-in plain message goes out instead"


def compose(renderer: Renderer, channel: Layout, notification: Notification) -> tuple[Message, str | None]:
    """Return the message and, in one line, what failed and what goes out instead."""
    message, error = renderer.render(notification, channel.medium)
    error = error and error + _PLAIN
    if channel.medium == "mail":
        message, failed = _with_calendar(message, notification)
        error = error or failed
    try:
        return _with_body(channel, message), error
    except Exception as failure:  # noqa: BLE001 - a channel may raise anything
        error = f"channel {channel.name}: cannot lay out the message: {type(failure).__name__}{_PLAIN}"
        return _with_body(channel, renderer.plain(notification, channel.medium)), error


def dates_told(notification: Notification) -> dict[str, str]:
    """Return the dates of what a message is about, by its key and, of what recurs, its occurrence."""
    found = (context.tracked for context in notification.contexts)
    return {" ".join(filter(None, (one.commitment.key, one.occurrence))): when(one.bounds) for one in found}


def _with_body(channel: Layout, message: Message) -> Message:
    return message if message.post is None else replace(message, body=channel.body(message.post), post=None)


def _with_calendar(message: Message, notification: Notification) -> tuple[Message, str | None]:
    """Add a calendar entry to a mail about a single deadline with a date; a list would fill calendars unasked."""
    if len(notification.contexts) != 1 or notification.summary:
        return message, None
    (context,) = notification.contexts
    try:
        return replace(
            message, calendar=publish(context, *entry_of(context.tracked, context.source), notification.now)
        ), None
    except Exception as failure:  # noqa: BLE001 - the data may cause any error
        return message, f"calendar: {type(failure).__name__}; the mail goes out without it"
