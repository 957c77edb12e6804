"""`/a/TOKEN/silence`: with permission, the reader of a message silences its commitment, a tag or an owner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alerts.actions.preconditions import NotAsShownError
from alerts.actions.silence import add_silence, end_silence
from alerts.core.commitments import Commitment
from alerts.core.rules import matches
from alerts.core.silences import LONGEST, Silence, check_silence
from alerts.core.stages import stage_of
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day
from alerts.rendering.template_filters import clean, flat, on_day
from alerts.store.store_error import OverError
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.form_page import FormPage
from alerts.web.opened_link import OpenedLink
from alerts.web.services import Services
from alerts.web.silence_view import SilenceView

OUT_OF_REACH = f"Choose a day from today on, within {LONGEST.days} days."


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceOption:
    """What a button silences: `code` is its value, `what` and `name` its text."""

    code: str
    what: str
    name: str
    match: Mapping[str, tuple[str, ...]]


def may_silence(services: Services, opened: OpenedLink) -> bool:
    """Whether the settings let links silence, and this one is about one commitment."""
    return "silence" in services.http.allowed_answers and not opened.whole


class SilencePage(FormPage):
    """Records silences that match the commitment of a link, and ends them."""

    template = "answer_silence"
    choices = frozenset({"silence", "end"})

    def contents(self, opened: OpenedLink) -> dict[str, object] | None:
        """Return what the template is given; None where a link may not silence."""
        if not may_silence(self._services, opened):
            return None
        tracked = opened.entry.tracked
        return {
            "title": flat(clean(tracked.commitment.title)),
            "revision": tracked.revision,
            "stage": stage_of(tracked.bounds, opened.now),
            "is_critical": tracked.commitment.priority == "critical",
            "options": _options(opened),
            "silences": [SilenceView.of(one) for one in opened.silences if matches(one.match, tracked.commitment)],
            "longest": LONGEST.days,
            "today": on_day(opened.now, opened.zone),
            "last_day": on_day(opened.now, opened.zone) + LONGEST - timedelta(days=1),
        }

    def give(self, opened: OpenedLink, form: AnswerForm) -> str:
        """Record a silence, or end one. Raises FormError, and what the actions raise."""
        what, stated = form.choice
        if what == "end":
            return self._end(stated, opened, form)
        option = {one.code: one for one in _options(opened)}.get(stated)
        if option is None or not _is_as_shown(opened, form):
            raise NotAsShownError
        until = Day(form.day("date", "silence_date"), opened.zone)
        reason = flat(form.text("reason"))
        if not reason:
            raise FormError("reason", "Say why: alerts and lists show it.")
        change = self.change(opened, form)
        try:
            asked = Silence(
                match=option.match, since=opened.now, until=until.end, reason=reason, by=change.by, proof=change.proof
            )
            check_silence(asked, opened.now)
        except (InputError, OverflowError):
            raise FormError("silence_date", OUT_OF_REACH) from None
        add_silence(self._services.store, asked, change)
        return f"silence {asked.id} of {asked.to_text}"

    def _end(self, name: str, opened: OpenedLink, form: AnswerForm) -> str:
        store = self._services.store
        one = store.silences.find(name) if re.fullmatch("[0-9a-f]{8}", name) else None
        if one is None or not matches(one.match, opened.entry.tracked.commitment):
            raise NotAsShownError
        try:
            end_silence(store, name, self.change(opened, form))
        except OverError:
            raise NotAsShownError from None
        return f"silence {name} ended"


def _is_as_shown(opened: OpenedLink, form: AnswerForm) -> bool:
    tracked = opened.entry.tracked
    shown = form.shown(tracked.occurrence)
    return shown is not None and (shown.revision, shown.stage) == (
        tracked.revision,
        stage_of(tracked.bounds, opened.now),
    )


def _options(opened: OpenedLink) -> list[SilenceOption]:
    """Return what may be silenced: the commitment, all with one of its tags, all of its owner; nothing once closed."""
    tracked = opened.entry.tracked
    if not tracked.open:
        return []
    commitment: Commitment = tracked.commitment
    found = [SilenceOption(code="key", what="only this", name=commitment.key, match={"key": (commitment.key,)})]
    for tag in commitment.tags:
        name = flat(clean(tag))
        found.append(SilenceOption(code=f"tag {name}", what="tag", name=name, match={"tags": (tag,)}))
    owner = opened.people.get(commitment.owner or "")
    if owner is not None and not opened.reader.shared:  # who reads a chat is named nobody
        name = flat(clean(owner.name))
        found.append(SilenceOption(code="owner", what="owner", name=name, match={"owner": (owner.key,)}))
    return found
