"""The pages behind answer links: what a visit shows, and what pressing a button does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from alerts.actions.preconditions import NotAsShownError
from alerts.core.changes import Report
from alerts.core.permissions import RecordedBeforeError
from alerts.log_output import fields
from alerts.web.absence_page import may_be_away
from alerts.web.answer_failures import NOT_RECORDED, failure_page
from alerts.web.answer_form import DECOY, AnswerForm
from alerts.web.answer_list import EntryList, answer_list, whole_list
from alerts.web.answer_view import choosable, link_url, new_form
from alerts.web.give_answer import DOES, Answer
from alerts.web.link_answerer import LinkAnswerer, acknowledge_all
from alerts.web.link_visits import Contents, EmptyFields, LinkVisits, Page
from alerts.web.moved_view import moved_windows
from alerts.web.opened_link import OpenedLink
from alerts.web.signed_in import SignedIn
from alerts.web.silence_page import may_silence

log = logging.getLogger(__name__)


class AnswerPages:
    """Answers visits of links, and presses of their buttons. Threads may share it."""

    def __init__(self, visits: LinkVisits) -> None:
        self._visits = visits
        self._services, self._viewer = visits.services, visits.viewer

    def show(self, token: str, address: str, who: SignedIn | None = None) -> Page:
        """Return the page of a link. Nothing changes."""
        return self._visits.show(token, address, self._contents, who)

    def press(self, token: str, address: str, body: bytes, who: SignedIn | None = None) -> Page:
        """Record the answer of a form, and return the page that says so."""
        return self._visits.press(token, address, body, self._answer, who)

    def _answer(self, opened: OpenedLink, form: AnswerForm) -> Page:
        what, _ = form.choice
        commitments = {number for number, _ in opened.entries}
        if form.id and self._services.store.linked_deliveries.was_recorded(form.id, commitments):
            return self._recorded(opened, form, again=True)
        if what not in DOES and what != "preview":
            return self._page(opened)
        try:
            if what == "preview" and not opened.whole:
                return self._preview(opened, form, self._answer_of(opened, form).preview())
            self._give(opened, form)
        except RecordedBeforeError:
            return self._recorded(opened, form, again=True)
        except NOT_RECORDED as error:
            return failure_page(error, opened, form, self._visits, self._page)
        return self._recorded(opened, form)

    def _give(self, opened: OpenedLink, form: AnswerForm) -> None:
        what, _ = form.choice
        if opened.whole:
            listed = answer_list(self._viewer, opened)
            if what != "acknowledge" or not form.id or form.fields.get("listed") != listed.fingerprint:
                raise NotAsShownError
            acknowledge_all(LinkAnswerer.of(self._viewer, opened), form, listed.answerable.values())
        else:
            self._answer_of(opened, form).give()
        by = opened.reader.actor(frozenset(), form.name)
        keys = ", ".join(sorted({one.tracked.commitment.key for one in opened.entries.values()}))
        seen = fields(event="answer", answer=what, commitments=keys, by=by.name, delivery=str(opened.delivery.id))
        log.info("answered: %s %s, by %s (delivery %s)", what, keys, by.name, opened.delivery.id, extra=seen)

    def _answer_of(self, opened: OpenedLink, form: AnswerForm) -> Answer:
        return Answer(by=LinkAnswerer.of(self._viewer, opened), tracked=opened.entry.tracked, form=form)

    def _page(
        self,
        opened: OpenedLink,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        form: AnswerForm | None = None,
    ) -> Page:
        contents = self._contents(opened, form)
        given = {**contents.values, "notice": notice, "errors": EmptyFields(errors or {})}
        return self._visits.render(replace(contents, values=given, status=status))

    def _contents(self, opened: OpenedLink, form: AnswerForm | None = None) -> Contents:
        """Return what a link's page is rendered from."""
        shared = self._shared(opened, form) | {"notice": "", "errors": EmptyFields()}
        if opened.whole:
            return Contents(template="answer_list", values=shared | {"listed": answer_list(self._viewer, opened)})
        view = self._viewer.view(opened, opened.entry)
        people = choosable(opened.people, opened.now) if "assign" in view.may else []
        return Contents(template="answer", values=shared | {"entry": view, "t": view.t, "people": people})

    def _shared(self, opened: OpenedLink, form: AnswerForm | None) -> dict[str, object]:
        """Return what all pages of a link are given."""
        typed = EmptyFields(form.fields if form else {})
        own = link_url(self._services, opened.link)
        away = f"{own}/away" if may_be_away(self._services, opened) else None
        silence = f"{own}/silence" if may_silence(self._services, opened) else None
        shared = {"form": new_form(), "decoy": DECOY, "reader": opened.reader, "typed": typed}
        return shared | {"away": away, "silence": silence, "full_page": self._full_page(opened)}

    def _full_page(self, opened: OpenedLink) -> str | None:
        """Return where people who sign in find why the alert came; None for a list, and where nobody can sign in."""
        if opened.whole or self._services.http.sign_in is None:
            return None
        tracked = opened.entry.tracked
        on = f"?on={quote(tracked.occurrence, safe='')}" if tracked.occurrence else ""
        return f"/c/{quote(tracked.commitment.key, safe='')}{on}"

    def _preview(self, opened: OpenedLink, form: AnswerForm, report: Report) -> Page:
        if not report.moved:
            return self._page(
                opened, status=422, errors={"new_date": "This is the date that it has already."}, form=form
            )
        view = self._viewer.view(opened, opened.entry)
        shared = self._shared(opened, form)
        moved = moved_windows(report, opened.now)
        return Page(html=self._services.pages.render("answer_move", **shared, entry=view, t=view.t, moved=moved))

    def _recorded(self, before: OpenedLink, form: AnswerForm, *, again: bool = False) -> Page:
        """Return the page after a commit. It never says that nothing was recorded."""
        try:
            opened = self._visits.fresh(before)
            shared = self._shared(opened, None) | {"what": form.choice[0], "again": again, "claimed": form.name}
            if opened.whole:
                listed: EntryList = whole_list(self._viewer, opened)
                return Page(html=self._services.pages.render("answer_list_recorded", **shared, listed=listed))
            view = self._viewer.view(opened, opened.entry)
            return Page(html=self._services.pages.render("answer_recorded", **shared, entry=view, t=view.t))
        except Exception:  # it is stored, whatever cannot be shown
            log.exception("an answer was recorded, and its page cannot be shown")
            return self._visits.message("recorded", 200)
