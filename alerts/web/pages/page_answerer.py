"""Who answers on a page: for everybody, as a command does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from alerts.actions.snooze import snooze
from alerts.core.actors import Actor
from alerts.core.changes import Change
from alerts.core.schedule.answers import check_snooze
from alerts.core.stages import stage_of
from alerts.deadlines.errors import InputError
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.give_answer import Answer, Answerer
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.visitors import Visitor

TOO_LATE = "It is overdue by the end of that day. Choose an earlier day, or tick that alerts may wait past its date."
OVERDUE = "It is overdue. Tick that alerts may wait past its date, if they are to wait all the same."


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswerer(Answerer):
    """A visitor of the pages: they snooze for everybody."""

    longest: ClassVar[timedelta] = timedelta(days=3652)  # what comes after an answer is worked out for each page
    longest_text: ClassVar[str] = "ten years"

    visitor: Visitor

    @classmethod
    def of(cls, reading: PageReading) -> PageAnswerer:
        return cls(
            visitor=reading.visitor, store=reading.store, people=reading.people, zone=reading.zone, now=reading.now
        )

    def actor(self, form: AnswerForm) -> Actor:
        """Return who is recorded: the visitor, with the name that they typed where they have not signed in."""
        return self.visitor.actor(form.name)

    def snooze(self, answer: Answer, until: datetime, change: Change) -> None:
        """Snooze for everybody. Raises FormError for a day past the date, unless the form allows that."""
        tracked, past_due = answer.tracked, answer.form.fields.get("past_due") == "yes"
        try:
            check_snooze(tracked, until, self.now, past_due=past_due)
        except InputError:
            late = stage_of(tracked.bounds, self.now) == "overdue"
            raise FormError("snooze_date", OVERDUE if late else TOO_LATE) from None
        snooze(self.store, answer.key, until, change, tracked.occurrence, recipient=None, past_due=past_due)
