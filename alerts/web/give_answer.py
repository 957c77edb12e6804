"""Gives an answer by a link: through the same actions as the command line, with what a link may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast, get_args

from alerts.actions.acknowledge import ListedAnswer, acknowledge, acknowledge_listed
from alerts.actions.close import close
from alerts.actions.edit import assign, note
from alerts.actions.move import move, preview_move
from alerts.actions.preconditions import NotAsShownError
from alerts.actions.reopen import reopen
from alerts.actions.snooze import snooze
from alerts.actions.withdraw_answers import withdraw_answers
from alerts.core.actors import Shown
from alerts.core.changes import Change, Report
from alerts.core.commitments import ENDS, NOTICE_ANSWERS, End, Status
from alerts.core.stages import stage_of
from alerts.core.tracked import Tracked
from alerts.rendering.template_filters import flat
from alerts.store import Store
from alerts.store.linked_deliveries import LinkedEntry
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import LONGEST_PAUSE, REPEATING, Viewer, pause_end
from alerts.web.opened_link import OpenedLink

OUT_OF_REACH = f"Choose a day from today on, within {LONGEST_PAUSE.days} days."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A pressed form about one entry, and who pressed it."""

    viewer: Viewer
    opened: OpenedLink
    form: AnswerForm

    def give(self) -> None:
        """Record the answer. Raises FormError for what is missing, and what the actions raise.

        NotAllowedError for what the settings do not allow, NotAsShownError where something has changed meanwhile.
        """
        what, stated = self.form.choice
        DOES[what](self, stated)

    def preview(self) -> Report:
        """Return what the new date would change. Nothing is written."""
        return preview_move(self.store, self.key, self.form.deadline(), self.change(), self.tracked.occurrence)

    @property
    def store(self) -> Store:
        return self.viewer.services.store

    @property
    def tracked(self) -> Tracked:
        return self.opened.entry.tracked

    @property
    def key(self) -> str:
        return self.tracked.commitment.key

    def change(self, reason: str | None = None) -> Change:
        """Return who answers, when, and what they saw. Raises FormError where a shared link comes without a name."""
        shown = self.form.shown(self.tracked.occurrence)
        if shown is None:
            raise NotAsShownError
        return change_of(self.viewer, self.opened, self.form, shown, reason)

    def until(self, stated: str, field: str) -> datetime:
        """Return until when an answer holds. Raises FormError for a day that has passed, or lies too far ahead."""
        end = pause_end(self.form.day(stated, field), self.tracked, self.opened)
        if end is None:
            raise FormError(field, OUT_OF_REACH)
        return end

    def acknowledge(self, stated: str) -> None:
        pauses = stage_of(self.tracked.bounds, self.opened.now) in REPEATING
        until = self.until(stated, "pause_date") if stated and pauses else None
        acknowledge(self.store, self.key, until, self.change(), self.tracked.occurrence)

    def snooze(self, stated: str) -> None:
        until, change = self.until(stated, "snooze_date"), self.change()
        lead = self.viewer.lead(self.tracked, self.opened.now)
        if self.opened.reader.shared:
            raise FormError("snooze_date", "Several people read this message, so it cannot be snoozed for one.")
        if self.tracked.bounds.latest is not None and (lead is None or until >= lead):
            raise FormError(
                "snooze_date", "Choose an earlier day: the last reminder ahead of the date goes out by then."
            )
        recipient = self.opened.reader.recipient
        snooze(self.store, self.key, until, change, self.tracked.occurrence, recipient=recipient, lead=lead)

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
        close(self.store, self.key, cast("End", stated), self.change(), self.tracked.occurrence)

    def reopen(self, _: str) -> None:
        reason = flat(self.form.text("reason"))
        if not reason:
            raise FormError("reason", "Say why: the alert about it shows the reason.")
        reopen(self.store, self.key, self.change(reason), self.tracked.occurrence)

    def assign(self, _: str) -> None:
        person = self.form.fields.get("person", "")
        owner = self.opened.people.get(person)
        if owner is None:
            raise FormError("person", "Choose a person first.")
        if owner.has_left(self.opened.now):
            left_on = owner.left_on(self.viewer.services.settings.timezone or "UTC")
            raise FormError("person", f"{flat(owner.name)} left on {left_on}. Choose somebody else.")
        assign(self.store, self.key, person, self.change())

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
    "undo": Answer.take_back,
}
assert set(ENDS) < set(get_args(Status))


def change_of(viewer: Viewer, opened: OpenedLink, form: AnswerForm, shown: Shown, reason: str | None) -> Change:
    """Return who answers, when, and what they saw. Raises FormError where a shared link comes without a name."""
    if opened.reader.shared and not form.name:
        raise FormError("name", "Enter your name first: several people read this message.")
    actor = opened.reader.actor(viewer.services.http.allowed_answers, form.name)
    return Change.of(actor, opened.now, reason, shown)


def acknowledge_all(viewer: Viewer, opened: OpenedLink, form: AnswerForm, entries: Iterable[LinkedEntry]) -> None:
    """Acknowledge entries of a message together: all or none. Raises what `Answer.give` raises."""
    _, stated = form.choice
    day: date | None = form.day(stated, "pause_date") if stated else None
    answers = []
    for entry in entries:
        tracked, stage = entry.tracked, stage_of(entry.tracked.bounds, opened.now)
        pauses = day is not None and stage in REPEATING
        until = pause_end(day, tracked, opened) if day and pauses else None
        if pauses and until is None:
            raise FormError("pause_date", OUT_OF_REACH)
        shown = Shown(form=form.id, revision=tracked.revision, stage=stage, occurrence=tracked.occurrence)
        change = change_of(viewer, opened, form, shown, None)
        answers.append(
            ListedAnswer(key=tracked.commitment.key, occurrence=tracked.occurrence, until=until, change=change)
        )
    acknowledge_listed(viewer.services.store, answers)
