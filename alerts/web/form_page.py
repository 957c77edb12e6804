"""A page of a link next to its answers: one form, shown again with what was recorded, or with what is to be mended."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from alerts.actions.preconditions import NotAsShownError
from alerts.core.actors import Request
from alerts.core.changes import Change
from alerts.core.permissions import RecordedBeforeError
from alerts.log_output import fields
from alerts.store.recorded_requests import was_recorded
from alerts.web.answer_failures import NOT_RECORDED, failure_page
from alerts.web.answer_form import DECOY, AnswerForm
from alerts.web.answer_view import link_url, new_form
from alerts.web.link_visits import Contents, LinkVisits, Page, form_values, message
from alerts.web.opened_link import OpenedLink
from alerts.web.signed_in import SignedIn

log = logging.getLogger(__name__)


class FormPage(ABC):
    """A page with a form of its own. Threads may share it."""

    template: ClassVar[str]
    choices: ClassVar[frozenset[str]]  # what its buttons do

    def __init__(self, visits: LinkVisits) -> None:
        self._visits = visits
        self._services = visits.services

    @abstractmethod
    def contents(self, opened: OpenedLink) -> dict[str, object] | None:
        """Return what the template is given; None where a link has no such page."""

    @abstractmethod
    def give(self, opened: OpenedLink, form: AnswerForm) -> str:
        """Record what a form states, and return what it was about. Raises FormError, and what the actions raise."""

    def show(self, token: str, address: str, who: SignedIn | None = None) -> Page:
        """Return the page. Nothing changes."""
        return self._visits.show(token, address, self._contents, who)

    def press(self, token: str, address: str, body: bytes, who: SignedIn | None = None) -> Page:
        """Record what a form states, and return the page that says so."""
        return self._visits.press(token, address, body, self._press, who)

    def change(self, opened: OpenedLink, form: AnswerForm, reason: str | None = None) -> Change:
        """Return who presses the button, and when. Raises FormError where a shared link comes without a name."""
        actor = opened.reader.answering(self._services.http.allowed_answers, form)
        return Change.of(actor, opened.now, reason, request=Request(id=form.id, at=opened.now))

    def _press(self, opened: OpenedLink, form: AnswerForm) -> Page:
        what, _ = form.choice
        if what not in self.choices or self.contents(opened) is None:
            return self._page(opened)
        if form.id and was_recorded(self._services.store.database, form.id):
            return self._recorded(opened, form)
        try:
            if not form.id:
                raise NotAsShownError
            about = self.give(opened, form)
        except RecordedBeforeError:
            return self._recorded(opened, form)
        except NOT_RECORDED as error:
            return failure_page(error, opened, form, self._visits, self._page)
        self._log(opened, form, about)
        return self._recorded(opened, form)

    def _log(self, opened: OpenedLink, form: AnswerForm, about: str) -> None:
        by, delivery = opened.reader.actor(frozenset(), form.name).name, str(opened.delivery.id)
        seen = fields(event="answer", answer=self.template, about=about, by=by, delivery=delivery)
        log.info("answered: %s, by %s (delivery %s)", about, by, delivery, extra=seen)

    def _recorded(self, before: OpenedLink, form: AnswerForm) -> Page:
        """Return the page after a commit. It never says that nothing was recorded."""
        try:
            return self._page(self._visits.fresh(before), recorded=form.choice[0])
        except Exception:  # it is stored, whatever cannot be shown
            log.exception("an answer was recorded, and its page cannot be shown")
            return self._visits.message("recorded", 200)

    def _page(self, opened: OpenedLink, **shown: Any) -> Page:
        return self._visits.render(self._contents(opened, **shown))

    def _contents(
        self,
        opened: OpenedLink,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        form: AnswerForm | None = None,
        recorded: str = "",
    ) -> Contents:
        contents = self.contents(opened)
        if contents is None:
            return message("elsewhere", 404)
        shared = {
            "form": new_form(), "decoy": DECOY, "reader": opened.reader, "zone": opened.zone, "now": opened.now,
            "recorded": recorded, **form_values(form, errors, notice), "back": link_url(self._services, opened.link),
        }  # fmt: skip
        return Contents(template=self.template, values=shared | contents, status=status)
