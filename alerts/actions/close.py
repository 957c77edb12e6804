"""Close commitments: they were fulfilled, breached or withdrawn; notices are answered as cancelled or renewed."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.actions.all_or_none import collect_errors, unique_keys
from alerts.actions.preconditions import find, require_occurrence, require_open
from alerts.actions.renewals import end_renewal, require_end
from alerts.core.changes import Change, revision_after
from alerts.core.commitments import End
from alerts.core.notice_answers import stored_end, with_answer
from alerts.store import Store


def close(
    store: Store,
    keys: str | Sequence[str],
    end: End,
    change: Change,
    occurrence: str = "",
    *,
    all_occurrences: bool = False,
) -> None:
    """Close commitments, or one occurrence of each: all of them, or none.

    Raises InputError with a line for each that is missing or closed. A series needs an occurrence or `all_occurrences`.
    What is cancelled ends after the term.
    """
    with store.commitments.change(change.request) as changes, collect_errors() as attempt:
        for key in unique_keys(keys):
            with attempt():
                series = find(changes, key, change, "close")
                now = series.at(occurrence)
                require_open(now, "closed")
                require_occurrence(now, "closed", all_occurrences=all_occurrences)
                require_end(now, end)
                changes.end_snoozes(now, change.now)
                status, answer = stored_end(end)
                revision = revision_after(now, with_answer(end, change), "closed", detail=status)
                if occurrence:
                    changes.close_occurrence(now, status, answer)
                    changes.count_from_closing(series, change.now)
                    changes.append(now, revision)
                else:
                    changes.append(now, revision, status=status, answer=answer)
                    if now.recurs:
                        changes.follow_closed(now, change)
                if end == "cancelled":
                    end_renewal(changes, now, change)
