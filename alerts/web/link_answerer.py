"""Who answers by a link: its reader, with what the settings let a link do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from alerts.actions.acknowledge import ListedAnswer, acknowledge_listed
from alerts.actions.snooze import snooze
from alerts.core.actors import Actor, Shown
from alerts.core.changes import Change
from alerts.core.stages import stage_of
from alerts.core.tracked import Tracked
from alerts.store.linked_deliveries import LinkedEntry
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import Viewer
from alerts.web.give_answer import Answer, Answerer
from alerts.web.opened_link import OpenedLink
from alerts.web.pause_choices import REPEATING


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAnswerer(Answerer):
    """The reader of a message: one that is shared asks for a name, and nobody snoozes for others."""

    longest: ClassVar[timedelta] = timedelta(days=90)
    longest_text: ClassVar[str] = "90 days"

    viewer: Viewer
    opened: OpenedLink

    @classmethod
    def of(cls, viewer: Viewer, opened: OpenedLink) -> LinkAnswerer:
        return cls(
            viewer=viewer,
            opened=opened,
            store=viewer.services.store,
            people=opened.people,
            zone=opened.zone,
            now=opened.now,
        )

    def actor(self, form: AnswerForm) -> Actor:
        """Return who is recorded. Raises FormError where a shared link comes without a name."""
        return self.opened.reader.answering(self.viewer.services.http.allowed_answers, form)

    def snooze(self, answer: Answer, until: datetime, change: Change) -> None:
        """Snooze for the reader, until before the last lead. Raises FormError for what several people read."""
        tracked, reader = answer.tracked, self.opened.reader
        lead = self.viewer.lead(tracked, self.now)
        if reader.shared:
            raise FormError("snooze_date", "Several people read this message, so it cannot be snoozed for one.")
        if tracked.bounds.latest is not None and (lead is None or until >= lead):
            raise FormError(
                "snooze_date", "Choose an earlier day: the last reminder ahead of the date goes out by then."
            )
        recipient = reader.recipient
        snooze(self.store, answer.key, until, change, tracked.occurrence, recipient=recipient, lead=lead)


def acknowledge_all(by: LinkAnswerer, form: AnswerForm, entries: Iterable[LinkedEntry]) -> None:
    """Acknowledge entries of a message together: all or none. Raises what `Answer.give` raises."""
    acknowledge_listed(by.store, [_listed(by, form, one.tracked) for one in entries])


def _listed(by: LinkAnswerer, form: AnswerForm, tracked: Tracked) -> ListedAnswer:
    """Return the acknowledgement of an entry, which was shown as it is now: the form carries what the list showed."""
    (_, stated), stage = form.choice, stage_of(tracked.bounds, by.now)
    answer = Answer(by=by, tracked=tracked, form=form)
    until = answer.until(stated, "pause_date") if stated and stage in REPEATING else None
    shown = Shown(form=form.id, revision=tracked.revision, stage=stage, occurrence=tracked.occurrence)
    change = Change.of(by.actor(form), by.now, shown=shown)
    return ListedAnswer(key=answer.key, occurrence=tracked.occurrence, until=until, change=change)
