"""Gives an answer by a pressed form: through the same actions as the command line, with what its giver may do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, cast, get_args

from alerts.actions.acknowledge import acknowledge
from alerts.actions.close import close
from alerts.actions.edit import assign, note
from alerts.actions.move import move, preview_move
from alerts.actions.preconditions import NotAsShownError
from alerts.actions.reopen import reopen
from alerts.actions.withdraw_answers import withdraw_answers
from alerts.core.actors import Actor
from alerts.core.changes import Change, Report
from alerts.core.commitments import ENDS, NOTICE_ANSWERS, End, Person, Status
from alerts.core.replaced_values import latest_replaced
from alerts.core.stages import stage_of
from alerts.core.tracked import Tracked
from alerts.rendering.template_filters import flat
from alerts.store import Store
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.pause_choices import REPEATING, pause_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer(ABC):
    """Who answers, and within what limits. `zone`: the one in which they read days."""

    longest: ClassVar[timedelta]  # how far ahead an answer of theirs may hold
    longest_text: ClassVar[str]

    store: Store
    people: Mapping[str, Person]
    zone: str
    now: datetime

    @abstractmethod
    def actor(self, form: AnswerForm) -> Actor:
        """Return who is recorded, and what they may do. Raises FormError where a name has to be typed first."""

    @abstractmethod
    def snooze(self, answer: Answer, until: datetime, change: Change) -> None:
        """Snooze for those whom they may snooze for. Raises FormError for a day that they may not choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A pressed form about a commitment, or about one date of a series, and who pressed it."""

    by: Answerer
    tracked: Tracked
    form: AnswerForm

    def give(self) -> None:
        """Record the answer. Raises FormError for what is missing, and what the actions raise.

        NotAllowedError for what the giver may not do, NotAsShownError where something has changed meanwhile.
        """
        what, stated = self.form.choice
        DOES[what](self, stated)

    def preview(self) -> Report:
        """Return what the new date would change. Nothing is written."""
        return preview_move(self.store, self.key, self.form.deadline(), self.change(), self.tracked.occurrence)

    @property
    def store(self) -> Store:
        return self.by.store

    @property
    def key(self) -> str:
        return self.tracked.commitment.key

    def change(self, reason: str | None = None) -> Change:
        """Return who answers, when, and what they saw. Raises FormError where they have to state a name first."""
        shown = self.form.shown(self.tracked.occurrence)
        if shown is None:
            raise NotAsShownError
        return Change.of(self.by.actor(self.form), self.by.now, reason, shown)

    def until(self, stated: str, field: str) -> datetime:
        """Return when an answer ends that holds until a day. Raises FormError for one that is past or too far ahead."""
        day, by = self.form.day(stated, field), self.by
        end = pause_end(day, self.tracked, by.zone, by.now, by.longest)
        if end is None:
            raise FormError(field, f"Choose a day from today on, within {by.longest_text}.")
        return end

    def acknowledge(self, stated: str) -> None:
        pauses = stage_of(self.tracked.bounds, self.by.now) in REPEATING
        until = self.until(stated, "pause_date") if stated and pauses else None
        acknowledge(self.store, self.key, until, self.change(), self.tracked.occurrence)

    def snooze(self, stated: str) -> None:
        until, change = self.until(stated, "snooze_date"), self.change()
        self.by.snooze(self, until, change)

    def note(self, _: str) -> None:
        text = self.form.text("note")
        if not text:
            raise FormError("note", "Write the note first.")
        note(self.store, self.key, text, self.change())

    def move(self, _: str) -> None:
        deadline, reason = self.form.deadline(), flat(self.form.text("reason"))
        move(self.store, self.key, deadline, self.change(reason or None), self.tracked.occurrence)

    def close(self, stated: str) -> None:
        if stated not in (NOTICE_ANSWERS if self.tracked.commitment.kind == "notice" else ENDS):
            raise NotAsShownError
        if stated == "cancelled" and self.form.fields.get("confirm") != "yes":
            raise FormError("confirm", "Tick this first, if it is to end.")
        reason = flat(self.form.text("close_reason")) or None
        close(self.store, self.key, cast("End", stated), self.change(reason), self.tracked.occurrence)

    def reopen(self, _: str) -> None:
        reason = flat(self.form.text("reason"))
        if not reason:
            raise FormError("reason", "Say why: the alert about it shows the reason.")
        reopen(self.store, self.key, self.change(reason), self.tracked.occurrence)

    def assign(self, _: str) -> None:
        person = self.form.fields.get("person", "")
        owner = self.by.people.get(person)
        if owner is None:
            raise FormError("person", "Choose a person first.")
        if owner.has_left(self.by.now):
            left_on = owner.left_on(self.by.zone)
            raise FormError("person", f"{flat(owner.name)} left on {left_on}. Choose somebody else.")
        assign(self.store, self.key, person, self.change())

    def restore(self, _: str) -> None:
        """Take back the latest move or handover: what stood before holds again, as it was stated."""
        replaced = latest_replaced(self.store.ledger.history(self.tracked.id))
        if replaced is None:
            raise NotAsShownError
        change = self.change("taken back")
        if replaced.field == "owner":
            assign(self.store, self.key, replaced.before, change)
        else:
            move(self.store, self.key, replaced.before, change)

    def take_back(self, _: str) -> None:
        withdraw_answers(self.store, self.key, self.change(), self.tracked.occurrence)


DOES: Mapping[str, Callable[[Answer, str], None]] = {
    "acknowledge": Answer.acknowledge,
    "snooze": Answer.snooze,
    "note": Answer.note,
    "move": Answer.move,
    "close": Answer.close,
    "reopen": Answer.reopen,
    "assign": Answer.assign,
    "restore": Answer.restore,
    "undo": Answer.take_back,
}
assert set(ENDS) < set(get_args(Status))
