"""One state, one alert: of reminders of one occurrence that are due together, the latest goes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from alerts.core.reminders import MERGEABLE_KINDS, Reminder


def merge(reminders: Iterable[Reminder]) -> dict[UUID, Reminder]:
    """Return what does not go out to a recipient, by its id, each with the reminder that stands for it.

    A move, an end or a reopening always goes out, and replaces what is due with it. So does a report that nobody has
    answered, unless the same rule has a later one.
    """
    by_occurrence: dict[tuple[int, str], list[Reminder]] = defaultdict(list)
    for reminder in reminders:
        by_occurrence[reminder.commitment_id, reminder.occurrence].append(reminder)
    merged: dict[UUID, Reminder] = {}
    for together in by_occurrence.values():
        if len(together) > 1:
            changes = [one for one in together if one.kind not in MERGEABLE_KINDS]
            latest = max(changes or together, key=_place)
            merged |= {one.id: latest for one in together if one.kind in MERGEABLE_KINDS and one is not latest}
            merged |= _earlier_reports(together)
    return merged


def _earlier_reports(reminders: Iterable[Reminder]) -> dict[UUID, Reminder]:
    """Return the reports of each rule that its latest stands for: they may have waited together."""
    by_rule: dict[str, list[Reminder]] = defaultdict(list)
    for one in reminders:
        if one.kind == "unanswered":
            by_rule[one.rule].append(one)
    latest = {rule: max(some, key=_place) for rule, some in by_rule.items()}
    return {one.id: latest[rule] for rule, some in by_rule.items() for one in some if one is not latest[rule]}


def reason(latest: Reminder) -> str:
    """Return why a reminder is not sent when another replaces it."""
    if latest.kind in MERGEABLE_KINDS:
        return f"merged into the later one of {latest.moment:%Y-%m-%dT%H:%MZ}"
    return f"merged into the alert that it was {latest.kind} ({latest.moment:%Y-%m-%dT%H:%MZ})"


def _place(reminder: Reminder) -> tuple[object, ...]:
    order = MERGEABLE_KINDS
    rank = order.index(reminder.kind) if reminder.kind in order else len(order)
    return reminder.bounds_version, reminder.moment, -rank  # of older bounds, it would not hold at the claim
