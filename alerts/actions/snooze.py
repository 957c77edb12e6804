"""Snooze commitments: no alerts until a time, except about moves and closings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.actions.all_or_none import Until, collect_errors, unique_keys, until_of
from alerts.actions.preconditions import find_open, require_occurrence
from alerts.core.changes import Change, revision_after
from alerts.core.permissions import Action
from alerts.core.schedule.answers import check_snooze, check_snooze_by_link, format_snooze
from alerts.core.tracked import Snooze
from alerts.store import Store


def snooze(
    store: Store,
    keys: str | Sequence[str],
    until: Until,
    change: Change,
    occurrence: str = "",
    *,
    recipient: str | None,
    lead: datetime | None = None,
    past_due: bool = False,
    all_occurrences: bool = False,
) -> None:
    """Snooze all alerts except moves and closings, for one recipient, or for everybody if none is given.

    All of them, or none. By a link it ends before the last `lead`. Raises InputError where that would end too late
    (`core.schedule.answers.check_snooze`).
    """
    action: Action = "snooze" if recipient else "snooze for everybody"
    with store.commitments.change(change.request) as changes, collect_errors() as attempt:
        for key in unique_keys(keys):
            with attempt():
                now = find_open(changes, key, change, action, occurrence=occurrence, done="snoozed").at(occurrence)
                require_occurrence(now, "snoozed", all_occurrences=all_occurrences)
                end = until_of(until, key)
                if end is None:
                    continue
                check_snooze(now, end, change.now, past_due=past_due)
                if change.proof in ("link", "claimed"):
                    check_snooze_by_link(now, end, lead)
                changes.snooze(now, Snooze(by=change.by, at=change.now, until=end), recipient)
                changes.append(now, revision_after(now, change, "snoozed", detail=format_snooze(end, recipient)))
