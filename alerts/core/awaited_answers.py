"""Alerts that wait for an answer: who was sent them, and which nobody has answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from alerts.core.rules import Rule
from alerts.core.schedule.unanswered import answered_until
from alerts.core.tracked import SentAlert, Tracked


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTo:
    """Who was sent an alert, through which channel, and when. `name` is that of a person, if known.

    `bounced`: why a mail to them about this came back, if one did.
    """

    recipient: str
    channel: str
    alert: SentAlert
    name: str | None = None
    bounced: str | None = None


def waiting(rule: Rule | None, tracked: Tracked, sent: Iterable[SentTo]) -> tuple[SentTo, ...]:
    """Return the first alert that each recipient got through each channel and nobody has answered, oldest first.

    It has the reason why a later one came back, too.
    """
    answered = answered_until(rule, tracked)
    first: dict[tuple[str, str], SentTo] = {}
    for one in sorted(sent, key=lambda one: (one.alert.at, one.channel, one.recipient)):
        if one.alert.occurrence == tracked.occurrence and (answered is None or one.alert.at >= answered):
            before = first.setdefault((one.channel, one.recipient), one)
            if one.bounced:
                first[one.channel, one.recipient] = replace(before, bounced=one.bounced)
    return tuple(first.values())
