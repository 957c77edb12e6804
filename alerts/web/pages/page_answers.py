"""What the buttons of a commitment's page record: through the same actions as the command line and the links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from alerts.actions.acknowledge import acknowledge
from alerts.actions.close import close
from alerts.actions.edit import assign, note
from alerts.actions.move import move, preview_move
from alerts.actions.preconditions import NotAsShownError
from alerts.actions.reopen import reopen
from alerts.actions.snooze import snooze
from alerts.actions.withdraw_answers import withdraw_answers
from alerts.core.changes import Change, Report
from alerts.core.commitments import ENDS, NOTICE_ANSWERS, End
from alerts.core.schedule.answers import check_snooze
from alerts.core.stages import stage_of
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day
from alerts.rendering.template_filters import flat
from alerts.store import Store
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import REPEATING
from alerts.web.pages.page_reading import PageReading

LONGEST = timedelta(days=3652)  # of an answer: what comes after it is worked out for each page
OUT_OF_REACH = "Choose a day from today on, within ten years."
TOO_LATE = "It is overdue by the end of that day. Choose an earlier day, or tick that alerts may wait past its date."
OVERDUE = "It is overdue. Tick that alerts may wait past its date, if they are to wait all the same."


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """A pressed form about a commitment, or about one date of a series."""

    reading: PageReading
    tracked: Tracked
    form: AnswerForm

    def give(self) -> None:
        """Record the answer. Raises FormError for what is missing, and what the actions raise."""
        what, stated = self.form.choice
        DOES[what](self, stated)

    def preview(self) -> Report:
        """Return what the new date would change. Nothing is written."""
        return preview_move(self.store, self.key, self.form.deadline(), self.change(), self.tracked.occurrence)

    @property
    def store(self) -> Store:
        return self.reading.store

    @property
    def key(self) -> str:
        return self.tracked.commitment.key

    def change(self, reason: str | None = None) -> Change:
        """Return who answers, when, and what they saw."""
        shown = self.form.shown(self.tracked.occurrence)
        if shown is None:
            raise NotAsShownError
        return Change.of(self.reading.visitor.actor(self.form.name), self.reading.now, reason, shown)

    def until(self, stated: str, field: str) -> datetime:
        """Return when an answer ends that holds until a day. Raises FormError for one that is past or too far ahead."""
        day, now = self.form.day(stated, field), self.reading.now
        if day <= (now + LONGEST).date():
            end = Day(day, self.tracked.bounds.zone or self.reading.zone).end
            if end > now:
                return end
        raise FormError(field, OUT_OF_REACH)

    def acknowledge(self, stated: str) -> None:
        pauses = stage_of(self.tracked.bounds, self.reading.now) in REPEATING
        until = self.until(stated, "pause_date") if stated and pauses else None
        acknowledge(self.store, self.key, until, self.change(), self.tracked.occurrence)

    def snooze(self, stated: str) -> None:
        until, change = self.until(stated, "snooze_date"), self.change()
        past_due = self.form.fields.get("past_due") == "yes"
        try:
            check_snooze(self.tracked, until, self.reading.now, past_due=past_due)
        except InputError:
            late = stage_of(self.tracked.bounds, self.reading.now) == "overdue"
            raise FormError("snooze_date", OVERDUE if late else TOO_LATE) from None
        snooze(self.store, self.key, until, change, self.tracked.occurrence, recipient=None, past_due=past_due)

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
        reason = flat(self.form.text("reopen_reason"))
        if not reason:
            raise FormError("reopen_reason", "Say why: the alert about it shows the reason.")
        reopen(self.store, self.key, self.change(reason), self.tracked.occurrence)

    def assign(self, _: str) -> None:
        key = self.form.fields.get("person", "")
        owner = self.reading.people.get(key)
        if owner is None:
            raise FormError("person", "Choose a person first.")
        if owner.has_left(self.reading.now):
            left_on = owner.left_on(self.reading.zone)
            raise FormError("person", f"{flat(owner.name)} left on {left_on}. Choose somebody else.")
        assign(self.store, self.key, key, self.change())

    def take_back(self, _: str) -> None:
        withdraw_answers(self.store, self.key, self.change(), self.tracked.occurrence)


DOES: Mapping[str, Callable[[PageAnswer, str], None]] = {
    "acknowledge": PageAnswer.acknowledge,
    "snooze": PageAnswer.snooze,
    "note": PageAnswer.note,
    "move": PageAnswer.move,
    "close": PageAnswer.close,
    "reopen": PageAnswer.reopen,
    "assign": PageAnswer.assign,
    "undo": PageAnswer.take_back,
}
