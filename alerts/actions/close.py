"""Close commitments: they were fulfilled, breached or withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.actions.all_or_none import collect_errors, unique_keys
from alerts.actions.preconditions import find, require_occurrence, require_open
from alerts.core.changes import Change, revision_after
from alerts.core.commitments import Status
from alerts.store import Store


def close(
    store: Store,
    keys: str | Sequence[str],
    status: Status,
    change: Change,
    occurrence: str = "",
    *,
    all_occurrences: bool = False,
) -> None:
    """Close commitments, or one occurrence of each: all of them, or none.

    Raises InputError with a line for each that is missing or closed. A series needs an occurrence or `all_occurrences`.
    """
    with store.commitments.change() as changes, collect_errors() as attempt:
        for key in unique_keys(keys):
            with attempt():
                series = find(changes, key, change, "close")
                now = series.at(occurrence)
                require_open(now, "closed")
                require_occurrence(now, "closed", all_occurrences=all_occurrences)
                changes.end_snoozes(now, change.now)
                revision = revision_after(now, change, "closed", detail=status)
                if occurrence:
                    changes.close_occurrence(now, status)
                    changes.count_from_closing(series, change.now)
                    changes.append(now, revision)
                else:
                    changes.append(now, revision, status=status)
                    if now.recurs:
                        changes.follow_closed(now, change)
