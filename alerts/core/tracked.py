"""A commitment with what has happened to it: bounds, answers, occurrences, revisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Any, Literal

from alerts.core.commitments import Commitment, NoticeAnswer, Status
from alerts.core.stages import Stage, has_passed
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Point
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.values import frozen

# How it is known who answered: a session, possession of a link, a name that somebody typed, an API token, the shell, a
# page on the machine itself, where nobody signs in.
Proof = Literal["signed-in", "link", "claimed", "token", "shell", "local"]


@frozen(kw_only=True)
class Acknowledgement:
    """Somebody has seen it at a stage: the repeats of that stage pause (`core.schedule.answers` decides how long).

    `until`: when the pause ends, if that was stated. `ended`: when a move or a reopening ended it. `stage` is
    None where an older version recorded it.
    """

    by: str
    at: datetime
    until: datetime | None = None
    stage: Stage | None = None
    ended: datetime | None = None


@frozen(kw_only=True)
class Snooze:
    """Somebody has put off all alerts until an instant; moves and closings go out all the same."""

    by: str
    at: datetime
    until: datetime


@frozen(kw_only=True)
class OwnSnooze:
    """A snooze for one recipient. `name` is that of the person whose address it is, where people declare one.

    `occurrence` is empty for the whole: of what recurs it puts off all occurrences.
    """

    recipient: str
    occurrence: str
    by: str
    at: datetime
    until: datetime
    name: str | None = None


@frozen(kw_only=True)
class SentAlert:
    """When an alert was handed over to a recipient, since the last move or reopening."""

    occurrence: str
    at: datetime


@frozen(kw_only=True)
class Revision:
    """One version of a commitment. `before` and `after` are its bounds where they changed."""

    number: int
    what: Literal["recorded", "edited", "moved", "acknowledged", "closed", "reopened", "snoozed", "unacknowledged"]
    recorded_at: datetime
    recorded_by: str
    reason: str | None = None
    source: str | None = None
    cause: str | None = None  # for a derived move: the key of the commitment that moved
    before: Bounds | None = None
    after: Bounds | None = None
    bounds_version: int = 1
    detail: str | None = None
    occurrence: str = ""  # of a recurring commitment, the one that it is about; else the whole
    stated: Mapping[str, Any] | None = None  # all that is stated from here on, where that changed
    proof: Proof = "shell"
    form: str | None = None  # the form of an answer page that it was recorded from


@frozen(kw_only=True)
class Occurrence:
    """What has happened to one occurrence of a recurring commitment.

    `bounds`, their `version` and `stated_at` (when) exist if it was moved by itself. `reopened`: how often it was
    reopened by itself; its version is that much ahead of the series. `follows`: it was moved along with the one that it
    counts from, in another series; `history_since`: when it became history, if it did.
    """

    status: Status = "open"
    answer: NoticeAnswer | None = None
    reopened: int = 0
    bounds: Bounds | None = None
    version: int | None = None
    stated_at: datetime | None = None
    history_since: datetime | None = None
    acknowledged: Acknowledgement | None = None
    snoozed: Snooze | None = None  # for everybody
    follows: bool = False

    @property
    def is_history(self) -> bool:
        """Return whether it was moved along into a time that had passed when its series was stated."""
        return self.follows and self.stated_at is None


@frozen(kw_only=True)
class Tracked:
    """A commitment as it stands in the store: what it resolves to, and what has happened to it.

    Of a recurring one, `at` gives an occurrence as if it were a commitment by itself. `stated_at`: when the present
    bounds were recorded; what had passed by then is history. `acknowledged` outlasts a move as what silenced the
    repeats up to there; `current_acknowledgement` is one of the present bounds. `snoozed`
    also outlasts a move: see `snooze`. `sent_alerts` and `own_snoozes` are read where a rule awaits answers.
    """

    id: int
    commitment: Commitment
    bounds: Bounds
    bounds_version: int
    recorded_at: datetime
    revision: int = 1  # the number of the latest one
    acknowledged: Acknowledgement | None = None
    snoozed: Snooze | None = None
    changes: tuple[Revision, ...] = ()  # moves and ends that a watch may not have seen yet, oldest first
    occurrence: str = ""
    occurrences: Mapping[str, Occurrence] = field(default_factory=dict)  # those to which something has happened
    stated_at: datetime | None = None
    answer: NoticeAnswer | None = None  # of a notice that is closed
    following: Point | None = None  # of an occurrence that is closed: when the next one is due, which counts from that
    counted_from: datetime | None = None  # of an occurrence: the closing of another one, if it counts from that
    sent_alerts: tuple[SentAlert, ...] = ()
    own_snoozes: tuple[OwnSnooze, ...] = ()

    @property
    def open(self) -> bool:
        return self.commitment.status == "open"

    @property
    def ended_as(self) -> str:
        """Return how it ended: what was answered about a notice, and else its status."""
        return self.answer or self.commitment.status

    @property
    def current_acknowledgement(self) -> Acknowledgement | None:
        """Return the acknowledgement of the present bounds."""
        moved_at, acknowledgement = self.stated_at, self.acknowledged
        ends = (acknowledgement.until, acknowledgement.ended) if acknowledgement else ()
        return None if moved_at and any(end and end <= moved_at for end in ends) else acknowledgement

    @property
    def snooze(self) -> Snooze | None:
        """Return the snooze for everybody that a move has not ended; its time may be over."""
        moved_at, snoozed = self.stated_at, self.snoozed
        return None if snoozed and moved_at and snoozed.until <= moved_at else snoozed

    @property
    def recurs(self) -> bool:
        """Return whether it recurs: then alerts are about its occurrences only."""
        return self.bounds.recurrence is not None

    def relevant_occurrences(self, now: datetime) -> Iterator[str]:
        """Yield the names of the past and the changed occurrences, and of the next one."""
        recurs = self.bounds.recurrence
        if recurs is None:
            return
        since = self.stated_at or self.recorded_at
        history = {name for name, one in self.occurrences.items() if one.is_history}
        found = {name for name in self.occurrences if recurs.has(name)}
        if recurs.open_name is not None:
            yield from sorted({*found, recurs.open_name}, key=recurs.order)
            return
        for name in recurs.names_about(since):
            bounds = occurrence_bounds(self.bounds, name)  # one that was moved by itself hides none after it
            if not has_passed(bounds, since):
                found.add(name)
            if bounds.comes_at is None or bounds.comes_at > now:
                break
        yield from sorted(found - history, key=recurs.order)

    @property
    def current(self) -> Tracked:
        """Return the open occurrence that ends first, if it recurs and has one; else the commitment as it is.

        What had passed when it was recorded is not tracked, unless something has happened to it since.
        """
        recurs = self.bounds.recurrence
        if recurs is None or not self.open:
            return self
        if recurs.open_name is not None:
            return self.at(recurs.open_name)
        since = self.stated_at or self.recorded_at
        changed = [name for name, one in self.occurrences.items() if recurs.has(name) and not one.is_history]
        found = [one for one in map(self.at, changed) if one.open]
        for name in recurs.names_about(since):
            if name not in self.occurrences:
                one = self.at(name)
                if not has_passed(one.bounds, since):
                    found.append(one)
                    break
        return min(found, key=lambda one: (one.bounds.latest or since, one.occurrence), default=self)

    def at(self, occurrence: str) -> Tracked:
        """Return one occurrence, with its own bounds and state. Raises InputError where there is none of that name."""
        if not occurrence:
            return self
        recurs = self.bounds.recurrence
        if recurs is None:
            raise InputError(f"{self.commitment.key} does not recur: it has no occurrence {occurrence!r}")
        bounds = occurrence_bounds(self.bounds, occurrence)
        state = self.occurrences.get(occurrence, Occurrence())
        ends_with_whole = state.status == "open" and not self.open  # what ended by itself before stays as it ended
        counted_from = recurs.closing_before(occurrence) if isinstance(recurs, DoneSeries) else None
        sent_alerts = (one for one in self.sent_alerts if one.occurrence == occurrence)
        return replace(
            self,
            commitment=self.commitment if ends_with_whole else replace(self.commitment, status=state.status),
            bounds=state.bounds or bounds,
            bounds_version=(state.version if state.bounds else None) or self.bounds_version + state.reopened,
            answer=self.answer if ends_with_whole else state.answer,
            acknowledged=state.acknowledged,
            snoozed=max(filter(None, (state.snoozed, self.snoozed)), key=lambda one: one.until, default=None),
            changes=tuple(change for change in self.changes if change.occurrence in ("", occurrence)),
            occurrence=occurrence,
            occurrences={},
            following=self._due_after(occurrence),
            counted_from=counted_from,
            # What was sent before that closing was about one of the same name that was withdrawn.
            sent_alerts=tuple(one for one in sent_alerts if counted_from is None or one.at >= counted_from),
            stated_at=(state.stated_at if state.bounds else None) or self._known_since(occurrence, bounds),
        )

    def _due_after(self, occurrence: str) -> Point | None:
        """Return when the open occurrence is due, if it counts from the closing of another one."""
        recurs = self.bounds.recurrence
        if not isinstance(recurs, DoneSeries) or not self.open or recurs.last_closed != occurrence:
            return None
        moved = self.occurrences.get(recurs.open_name, Occurrence()).bounds
        return (moved or occurrence_bounds(self.bounds, recurs.open_name)).named

    def _known_since(self, occurrence: str, bounds: Bounds) -> datetime | None:
        """Return when an occurrence came to its bounds: moves of the whole that left it alone are passed over.

        One without a date can come to stand elsewhere, which its fingerprint does not tell.
        """
        since = self.stated_at
        moves = [change for change in self.changes if change.what == "moved" and not change.occurrence]
        for number, move in reversed(list(enumerate(moves))):
            recurs = move.before.recurrence if move.before else None
            if not (move.before and recurs and recurs.has(occurrence)):
                break
            before = occurrence_bounds(move.before, occurrence)
            if (before.fingerprint, before.stands_at) != (bounds.fingerprint, bounds.stands_at):
                break
            since = moves[number - 1].recorded_at if number else self.recorded_at
        return since
