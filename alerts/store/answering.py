"""Answers given: to one commitment or occurrence, or to the whole of what recurs, each as a revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.core import answers as core
from alerts.core.commitments import Acknowledgement, Occurrence, Revision, Snooze, Tracked
from alerts.core.errors import InputError
from alerts.core.stages import stage_of
from alerts.store import answers, occurrences
from alerts.store.book import revision_after
from alerts.store.changes import Change

Until = datetime | None | Mapping[str, datetime | None]  # the same for all, or by key
Given = tuple[Tracked, Revision]


def until_of(until: Until, key: str) -> datetime | None:
    """Return until when an answer holds for one of several commitments."""
    return until.get(key) if isinstance(until, Mapping) else until


def acknowledge(
    connection: Connection, whole: Tracked, until: datetime | None, change: Change, occurrence: str, *, every: bool
) -> list[Given]:
    """Acknowledge one; of what recurs with `every`, each occurrence that has come and is open."""
    occurrences.must_name_one(whole.at(occurrence), "acknowledged", whole=every)
    found = _come(whole, change.now) if every and whole.recurs else [whole.at(occurrence)]
    given = []
    for number, one in enumerate(found):
        stage = stage_of(one.bounds, change.now)
        seen = Acknowledgement(by=change.by, at=change.now, until=until, stage=stage)
        occurrences.note(connection, one, one.occurrence, **answers.acknowledged(seen))
        now = replace(one, revision=whole.revision + number)
        given.append((now, revision_after(now, change, "acknowledged", detail=core.detail_of(stage, until))))
    return given


def _come(whole: Tracked, now: datetime) -> list[Tracked]:
    """The occurrences that have come and are open. Raises InputError where there are none."""
    names = list(whole.come(now))
    found = [one for name in names if (one := whole.at(name)).open and stage_of(one.bounds, now) != "ahead"]
    if not found:
        ahead = next((name for name in names if whole.at(name).open), "NAME")
        key = whole.commitment.key
        raise InputError(f"{key}: no open occurrence has come yet; name one that is ahead: --occurrence {ahead}")
    return found


def snooze(
    connection: Connection, now: Tracked, until: datetime, change: Change, recipient: str | None, *, past_due: bool
) -> Given:
    """Put off the alerts of one; of the whole of what recurs, those of all its occurrences."""
    core.check_snooze(now, until, change.now, past_due=past_due)
    given = Snooze(by=change.by, at=change.now, until=until)
    if recipient is None:
        occurrences.note(connection, now, now.occurrence, **answers.snoozed(given))
    else:
        answers.snooze_own(connection, now, given, recipient)
    answers.release(connection, [now.id], change.now)
    return now, revision_after(now, change, "snoozed", detail=core.snooze_detail(until, recipient))


def take_back(
    connection: Connection, whole: Tracked, change: Change, occurrence: str, *, every: bool
) -> list[tuple[Given, list[str]]]:
    """End what was acknowledged and snoozed, and return what that was; with `every`, of all occurrences too.

    Raises InputError where there is nothing.
    """
    occurrences.must_name_one(whole.at(occurrence), "taken back", whole=every)
    own = answers.own_snoozes(connection, [whole.id]).get(whole.id, [])
    held = [snoozed for snoozed in own if snoozed.until > change.now]
    names = ["", *whole.occurrences] if every else [occurrence]
    given: list[tuple[Given, list[str]]] = []
    for name in names:
        try:
            one = whole.at(name)
        except InputError:  # what a move has left out
            continue
        here = whole.occurrences.get(name, Occurrence()).snoozed if name else one.snoozed  # not that of the whole
        ended = core.standing(replace(one, snoozed=here), change.now)
        ended += [f"the snooze for {snoozed.recipient}" for snoozed in held if snoozed.occurrence == name]
        if not ended:
            continue
        answers.take_back(connection, one, change.now)
        now = replace(one, revision=whole.revision + len(given))
        given.append(((now, revision_after(now, change, "unacknowledged", detail=", ".join(ended))), ended))
    if not given:
        name = f"{whole.commitment.key} {occurrence}".rstrip()
        all_of_it = core.snoozed_now(whole, change.now)
        more = (
            f"; the whole of it is snoozed by {all_of_it.by}: --all takes that back" if occurrence and all_of_it else ""
        )
        raise InputError(f"{name} is neither acknowledged nor snoozed: there is nothing to take back{more}")
    return given
