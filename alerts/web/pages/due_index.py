"""All open commitments in memory, with what decides where a page lists them: only what has changed is read again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from alerts.core.commitments import Commitment, Person
from alerts.core.due_groups import Calendar, DueGroup, day_of
from alerts.core.owners import Owners
from alerts.core.rules import Rule, matching
from alerts.core.stages import Stage, begins_at, stage_between
from alerts.core.tracked import Tracked
from alerts.store import Store
from alerts.store.open_commitments import Version
from alerts.store.rows import chunks
from alerts.store.store_error import StoreError
from alerts.views.list_filters import Wanted
from alerts.views.unreached import WhyUnreached, why_unreached
from alerts.web.services import Services

log = logging.getLogger(__name__)

AT_ONCE = 1000  # commitments that one turn reads: a commit waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedCommitment:
    """An open commitment: of what recurs, the dates are those of the occurrence that is open and ends first.

    `day`: the one under which it is listed; `spans`: it is due from an earlier day on. `place`: that in the order.
    `answered`: itself, where somebody has acknowledged or snoozed it. `unreached`: why its alerts reach nobody, where
    its owner is known, and where not.
    """

    id: int
    version: Version
    commitment: Commitment
    occurrence: str
    has_stage: bool
    begins: datetime | None
    latest: datetime | None
    day: date | None
    spans: bool
    place: tuple[datetime, str]
    answered: Tracked | None
    unreached: tuple[WhyUnreached | None, WhyUnreached | None]

    def stage(self, now: datetime) -> Stage:
        """Return how it stands. What recurs and has no open occurrence stands as what has no date."""
        return stage_between(self.begins, self.latest, now) if self.has_stage else "under_review"

    def group(self, calendar: Calendar, now: datetime) -> DueGroup:
        """Return the group in which it is listed: a day that has begun where it counts is today's."""
        stage = self.stage(now)
        return calendar.group(stage, calendar.today if stage == "due" and not self.spans else self.day)

    def why_unreached(self, people: Collection[str]) -> WhyUnreached | None:
        """Return why its alerts reach nobody; None where they reach somebody."""
        return self.unreached[self.commitment.owner not in people]


@dataclass(frozen=True, slots=True)
class FilterValues:
    """What commitments can be filtered by: the values that any of them has, in order."""

    owners: tuple[str, ...]
    tags: tuple[str, ...]
    parties: tuple[str, ...]


class Seen(NamedTuple):
    """The state of the database, and the versions of all commitments where it is not the one of the index."""

    state: tuple[int, ...]
    versions: Mapping[int, Version] | None


class Indexed(NamedTuple):
    """All open commitments in the order of their dates, and what they can be filtered by."""

    commitments: tuple[IndexedCommitment, ...]
    values: FilterValues


class DueIndex:
    """The open commitments of a database, in the order of their dates. Threads may share it."""

    def __init__(self, store: Store, rules: Sequence[Rule], owners_channel: str | None, zone: str) -> None:
        self._store, self._rules, self._channel, self._zone = store, rules, owners_channel, zone
        self._lock = threading.Lock()
        self._state: tuple[int, ...] = ()
        self._by_id: dict[int, IndexedCommitment] = {}
        self._in_order: tuple[IndexedCommitment, ...] = ()
        self._values = FilterValues((), (), ())

    def look(self) -> Seen:
        """Return what has changed. It reads, so it is called in a snapshot."""
        state = self._store.open_commitments.state()
        return Seen(state, None if state == self._state else self._store.open_commitments.versions())

    def read_ahead(self) -> None:
        """Read all of them before anybody asks. Where the database fails, whoever asks first is told."""
        try:
            with self._store.database.snapshot():
                seen = self.look()
            found = self.catch_up(seen)
            log.debug("%d open commitments are read ahead", len(found.commitments))
        except StoreError as error:
            log.debug("commitments are not read ahead: %s", error)

    def catch_up(self, seen: Seen) -> Indexed:
        """Return all of them as they are now. It reads what has changed, in turns of its own."""
        with self._lock:
            if seen.versions is not None and seen.state != self._state:
                self._renew(seen.versions)
                self._state = seen.state
            return Indexed(self._in_order, self._values)

    def _renew(self, versions: Mapping[int, Version]) -> None:
        kept = {number: one for number, one in self._by_id.items() if versions.get(number) == one.version}
        for some in chunks((number for number in versions if number not in kept), AT_ONCE):
            with self._store.database.snapshot():
                found = self._store.open_commitments.read(some)
            kept |= {one.id: self.place(one, versions[one.id]) for one in found.values() if one.open}
        self._by_id = kept
        self._in_order = tuple(sorted(kept.values(), key=lambda one: one.place))
        self._values = _values_of(one.commitment for one in kept.values())

    def place(self, tracked: Tracked, version: Version = (0, 0)) -> IndexedCommitment:
        """Return an open commitment with what decides where it is listed."""
        current = tracked.current
        bounds, commitment = current.bounds, tracked.commitment
        at = bounds.latest or bounds.comes_at or tracked.recorded_at
        return IndexedCommitment(
            id=tracked.id,
            version=version,
            commitment=replace(commitment, source=None, earlier_sources=(), assumptions=()),
            occurrence=current.occurrence,
            has_stage=not current.recurs,
            begins=begins_at(bounds),
            latest=bounds.latest,
            day=day_of(bounds, self._zone),
            spans=bounds.opens,
            place=(at, commitment.key),
            answered=current if current.acknowledged or current.snoozed else None,
            unreached=self._unreached(commitment),
        )

    def _unreached(self, commitment: Commitment) -> tuple[WhyUnreached | None, WhyUnreached | None]:
        rules, owner = matching(self._rules, commitment), commitment.owner
        somebody = {owner: Person(key=owner, name="", email="")} if owner else {}
        without = why_unreached(rules, Owners(channel=self._channel), commitment)
        return why_unreached(rules, Owners(channel=self._channel, people=somebody), commitment), without


def due_index(services: Services) -> DueIndex:
    """Return the index of the open commitments, which pages and programs share."""
    settings = services.settings
    return DueIndex(services.store, settings.rules, settings.owners_channel, settings.timezone or "UTC")


def is_wanted(one: IndexedCommitment, wanted: Wanted, rules: Sequence[Rule], now: datetime) -> bool:
    """Return whether a commitment is asked for, as `alerts list` decides it."""
    if not wanted.takes_facts(one.commitment):
        return False
    ends_by = wanted.ends_by(now)
    if ends_by is not None and (one.latest is None or one.latest > ends_by):
        return False
    if wanted.status in ("acknowledged", "snoozed"):
        return one.answered is not None and wanted.takes_state(one.answered, rules, now)
    return wanted.status is None or (one.has_stage and one.stage(now) == wanted.stage)


def _values_of(commitments: Iterable[Commitment]) -> FilterValues:
    owners: set[str] = set()
    tags: set[str] = set()
    parties: set[str] = set()
    for one in commitments:
        owners.update([one.owner] if one.owner else ())
        tags.update(one.tags)
        parties.update(one.by, one.to)
    return FilterValues(tuple(sorted(owners)), tuple(sorted(tags)), tuple(sorted(parties)))
