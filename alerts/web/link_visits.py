"""Visits of the pages behind links: what each page does is its own; limits, programs and dead links are the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from alerts.scheduled_rules import ScheduledRule
from alerts.store.store_error import StoreError
from alerts.views.channel_readers import channel_readers
from alerts.web.answer_form import DECOY, AnswerForm
from alerts.web.answer_view import Viewer, new_form
from alerts.web.opened_link import DeadLinkError, DeadReason, OpenedLink, open_again, open_link
from alerts.web.program_visits import ProgramVisits
from alerts.web.rate_limit import RateLimit, network_of
from alerts.web.services import Services
from alerts.web.signed_in import SignedIn

log = logging.getLogger(__name__)
DEAD_STATUS: Mapping[DeadReason, int] = {"unknown": 404, "revoked": 410, "gone": 410, "expired": 410, "removed": 410}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, its status, and in how many seconds it may be worth another try."""

    html: str = field(repr=False)
    status: int = 200
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a page is rendered from. What a template is given may hold links."""

    template: str
    values: Mapping[str, object] = field(repr=False)
    status: int = 200


class EmptyFields(dict[str, str]):
    """Texts by the names of fields; a field without one is empty."""

    def __missing__(self, _: str) -> str:
        return ""


def form_values(form: AnswerForm | None, errors: Mapping[str, str] | None, notice: str) -> dict[str, object]:
    """Return what a template shows of a form that was sent: what was typed, what is wrong, and what is to be said."""
    typed = EmptyFields(form.fields if form else {})
    return {"typed": typed, "errors": EmptyFields(errors or {}), "notice": notice}


class LinkVisits:
    """The visits of all pages of links, so that the limits of a link hold for all its pages. Threads may share it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        readers = channel_readers(services.settings)
        self.viewer = Viewer(services=services, readers=readers, rules=ScheduledRule.all(services.settings.rules))
        self._limit, self._programs = RateLimit(), ProgramVisits()

    def show(
        self, token: str, address: str, contents: Callable[[OpenedLink], Contents], who: SignedIn | None = None
    ) -> Page:
        """Return a page of a link. Nothing changes. `who`: who has signed in, in the browser that asks."""
        try:
            with self.services.store.database.snapshot():  # short, as commits wait for it
                opened = _opened_by(self._open(token), who)
            return self.render(contents(opened))
        except DeadLinkError as dead:
            return self._dead(dead, address)
        except StoreError as error:
            log.warning("an answer page cannot be shown: %s", error)
            return self.message("unavailable", 503, retry_after=5)

    def press(
        self,
        token: str,
        address: str,
        body: bytes,
        answer: Callable[[OpenedLink, AnswerForm], Page],
        who: SignedIn | None = None,
    ) -> Page:
        """Let a page record what a form states, and return the page that says so."""
        now, form = self.services.clock(), AnswerForm.read(body)
        if self._limit.is_exceeded(f"token {token}", now):
            return self.message("too_often", 429, retry_after=60)
        if form.is_pressed_by_program:
            self._programs.mark(token, address, now)
        if self._programs.includes(token, address, now):
            return self.message("program", 403)
        try:
            return answer(_opened_by(self._open(token), who, form), form)
        except DeadLinkError as dead:
            return self._pressed_dead(dead, form, address)
        except StoreError as error:
            log.warning("an answer was not recorded: %s", error)
            return self.message("not_recorded", 503, retry_after=5)

    def fresh(self, opened: OpenedLink) -> OpenedLink:
        """Return what a link opens now."""
        found = open_again(self.services, self.viewer.readers, opened.link, self.services.clock())
        return _opened_by(found, opened.reader.signed_in)

    def render(self, contents: Contents) -> Page:
        """Return a page."""
        return Page(html=self.services.pages.render(contents.template, **contents.values), status=contents.status)

    def message(self, name: str, status: int, *, retry_after: int | None = None) -> Page:
        """Return a page without an alert."""
        return replace(self.render(message(name, status)), retry_after=retry_after)

    def _open(self, token: str) -> OpenedLink:
        return open_link(self.services, self.viewer.readers, token, self.services.clock())

    def _pressed_dead(self, dead: DeadLinkError, form: AnswerForm, address: str) -> Page:
        """Return the page after a press of a link that is dead. One that has expired may be replaced."""
        if dead.delivery is None or dead.entry is None or not form.id or form.choice[0] != "renew":
            return self._dead(dead, address)
        try:
            links, tracked = self.services.store.linked_deliveries, dead.entry.tracked
            is_new = links.send_new_link(dead.delivery.id, tracked, self.services.clock())
        except StoreError as error:
            log.warning("a new link was not sent: %s", error)
            return self.message("not_recorded", 503, retry_after=5)
        if is_new:
            log.info("a new link for %s is sent (delivery %s)", tracked.commitment.key, dead.delivery.id)
        return self.message("renewed", 200)

    def _dead(self, dead: DeadLinkError, address: str) -> Page:
        wrong = dead.reason == "unknown"
        if wrong and self._limit.is_exceeded(f"address {network_of(address)}", self.services.clock()):
            return self.message("too_often", 429, retry_after=60)
        return self.message(dead.reason, DEAD_STATUS[dead.reason])


def _opened_by(opened: OpenedLink, who: SignedIn | None, form: AnswerForm | None = None) -> OpenedLink:
    return replace(opened, reader=opened.reader.opened_by(who, form))


def message(name: str, status: int) -> Contents:
    """Return what a page without an alert is rendered from."""
    return Contents(
        template="answer_message", values={"message": name, "form": new_form(), "decoy": DECOY}, status=status
    )
