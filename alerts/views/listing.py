"""Commitments as listings show them: when, how each stands, who has it, and its next alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import merge
from typing import NamedTuple

from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.rules import matching
from alerts.core.stage_wording import describe_standing, order_of, stage_now
from alerts.core.stages import Stage
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.values import frozen
from alerts.store.commitments_in_order import ListedCommitments
from alerts.views.answers_shown import answered
from alerts.views.list_filters import Wanted
from alerts.views.next_alerts import NextAlerts
from alerts.views.recipients import everybody, owner_cell
from alerts.views.surroundings import Reading
from alerts.views.unreached import without_recipient

MAX_ASIDE = 5_000  # changed commitments that a listing puts in between


class ListedCommitment(NamedTuple):
    """A commitment as it is shown. `stage`: that of what counts now; None where it is closed."""

    key: str
    title: str
    when: str
    status: str
    owner: str
    next_alert: str
    stage: Stage | None = None
    is_open: bool = True


class Entry(NamedTuple):
    """A commitment, and what counts of it now: of what recurs, the occurrence that is open and ends first."""

    tracked: Tracked
    current: Tracked


def wanted_entries(reading: Reading, everything: Iterable[Tracked], wanted: Wanted, now: datetime) -> list[Entry]:
    """Return those that are asked for, in the order in which they are listed."""
    entries = [Entry(one, one.current) for one in everything if wanted.takes_facts(one.commitment)]
    entries = [one for one in entries if wanted.takes_state(one.current, reading.settings.rules, now)]
    return sorted(entries, key=lambda one: order_of(one.current, now))


def entries_in_order(reading: Reading, wanted: Wanted, now: datetime, *, closed: bool = False) -> Iterator[Entry]:
    """Yield the open (and closed) ones that are asked for, in the same order; each is read when it is asked for.

    What has changed since the last tick has no place yet, and is put in between; where that is much, all are read.
    """
    store = reading.store
    listed = ListedCommitments(store.database)
    aside = listed.without_place(MAX_ASIDE + 1)
    if len(aside) > MAX_ASIDE:
        yield from wanted_entries(reading, store.ledger.tracked(closed=closed), wanted, now)
        return
    changed, set_aside = store.ledger.some(aside, closed=closed), frozenset(aside)
    placed = listed.in_order(now, stage=wanted.stage, ends_by=wanted.ends_by(now), owners=wanted.owners, closed=closed)
    others = (
        Entry(one, one.current) for one in placed if one.id not in set_aside and wanted.takes_facts(one.commitment)
    )
    fitting = (one for one in others if wanted.takes_state(one.current, reading.settings.rules, now))
    yield from merge(wanted_entries(reading, changed, wanted, now), fitting, key=lambda one: order_of(one.current, now))


@frozen
class Listing:
    """Entries, with what is shown of each. `unowned`: the keys of those whose rules notify only an owner."""

    reading: Reading
    entries: Sequence[Entry]
    now: datetime
    own: Mapping[int, Sequence[OwnSnooze]]
    next_alerts: NextAlerts
    unowned: frozenset[str]
    known: RecipientsOfAlerts

    @classmethod
    def of(cls, reading: Reading, entries: Sequence[Entry], now: datetime) -> Listing:
        """Read what is shown of entries."""
        tracked = [one.tracked for one in entries]
        unowned = without_recipient(reading, tracked, reading.owners).unowned.values()
        return cls(
            reading=reading,
            entries=entries,
            now=now,
            own=reading.store.ledger.own_snoozes(one.id for one in tracked),
            next_alerts=NextAlerts.of(reading, tracked, now),
            unowned=frozenset(key for keys in unowned for key in keys),
            known=everybody(reading, now),
        )

    def next_alert_at(self, item: Tracked) -> datetime | None:
        """Return when the next alert about a commitment goes out; None where none will, or that is not known yet."""
        return None if item.commitment.key in self.unowned else self.next_alerts.at.get(item.id)

    def shown(self, entry: Entry) -> ListedCommitment:
        """Return a commitment as it is shown."""
        item, current = entry
        standing = describe_standing(current, self.now, self.reading.zone)
        answers = answered(self.reading, current, self.own.get(item.id, ()), self.now)
        return ListedCommitment(
            key=item.commitment.key,
            title=item.commitment.title,
            when=when_text(item, current),
            status=", ".join([standing, *answers]),
            owner=owner_cell(self.known, item.commitment, self.next_alerts.at.get(item.id) or self.now),
            next_alert=self._next_alert(item),
            stage=stage_now(current, self.now),
            is_open=item.open,
        )

    def _next_alert(self, item: Tracked) -> str:
        if not item.open:
            return "–"
        if not matching(self.reading.settings.rules, item.commitment):
            return "no rule"
        if item.commitment.key in self.unowned:
            return "no recipient"
        return self.next_alerts.text(item.id)


def when_text(item: Tracked, current: Tracked) -> str:
    """Return the date of what counts now; without one, why there is none."""
    dates = describe_bounds(current.bounds)
    if item.bounds.recurrence and current.occurrence:
        return f"{dates} ({item.bounds.recurrence.to_text})"
    return dates if item.bounds.named or item.recurs else next(iter(item.bounds.explanation), dates)
