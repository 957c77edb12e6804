"""The pages behind answer links: what a visit shows, and what pressing a button does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.actions.preconditions import NotAsShownError
from alerts.core.actors import NotAllowedError, RecordedBeforeError
from alerts.core.changes import Report
from alerts.deadlines.errors import InputError
from alerts.log_output import fields
from alerts.scheduled_rules import ScheduledRule
from alerts.store.store_error import StoreError
from alerts.web.answer_form import DECOY, AnswerForm, FormError
from alerts.web.answer_list import EntryList, answer_list, whole_list
from alerts.web.answer_view import Viewer, choosable, new_form
from alerts.web.channel_readers import channel_readers
from alerts.web.give_answer import DOES, Answer, acknowledge_all
from alerts.web.moved_view import moved_windows
from alerts.web.opened_link import DeadLinkError, DeadReason, OpenedLink, open_again, open_link
from alerts.web.program_visits import ProgramVisits
from alerts.web.rate_limit import RateLimit
from alerts.web.services import Services

log = logging.getLogger(__name__)
DEAD_STATUS: Mapping[DeadReason, int] = {"unknown": 404, "revoked": 410, "gone": 410, "expired": 410, "removed": 410}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, its status, and in how many seconds it may be worth another try."""

    html: str = field(repr=False)
    status: int = 200
    retry_after: int | None = None


class _Fields(dict[str, str]):
    """Texts by the names of fields; a field without one is empty."""

    def __missing__(self, _: str) -> str:
        return ""


class AnswerPages:
    """Answers visits of links, and presses of their buttons. Threads may share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        readers = channel_readers(services.settings)
        self._viewer = Viewer(services=services, readers=readers, rules=ScheduledRule.all(services.settings.rules))
        self._limit, self._programs = RateLimit(), ProgramVisits()

    def show(self, token: str, address: str) -> Page:
        """Return the page of a link. Nothing changes."""
        try:
            with self._services.store.database.snapshot():
                name, values = self._contents(self._open(token))
            return Page(html=self._services.pages.render(name, **values))
        except DeadLinkError as dead:
            return self._dead(dead, address)
        except StoreError as error:
            log.warning("an answer page cannot be shown: %s", error)
            return self._message("unavailable", 503, retry_after=5)

    def press(self, token: str, address: str, body: bytes) -> Page:
        """Record the answer of a form, and return the page that says so."""
        now, form = self._services.clock(), AnswerForm.read(body)
        if self._limit.is_exceeded(f"token {token}", now):
            return self._message("too_often", 429, retry_after=60)
        if form.is_pressed_by_program:
            self._programs.mark(token, address, now)
        if self._programs.includes(token, address, now):
            return self._message("program", 403)
        try:
            return self._answer(self._open(token), form)
        except DeadLinkError as dead:
            return self._pressed_dead(dead, form, address)
        except StoreError as error:
            log.warning("an answer was not recorded: %s", error)
            return self._message("not_recorded", 503, retry_after=5)

    def _open(self, token: str) -> OpenedLink:
        return open_link(self._services, self._viewer.readers, token, self._services.clock())

    def _answer(self, opened: OpenedLink, form: AnswerForm) -> Page:
        what, _ = form.choice
        commitments = {number for number, _ in opened.entries}
        if form.id and self._services.store.linked_deliveries.was_recorded(form.id, commitments):
            return self._recorded(opened, form, again=True)
        if what not in DOES and what != "preview":
            return self._page(opened)
        try:
            if what == "preview" and not opened.whole:
                return self._preview(opened, form, Answer(viewer=self._viewer, opened=opened, form=form).preview())
            self._give(opened, form)
        except RecordedBeforeError:
            return self._recorded(opened, form, again=True)
        except NotAsShownError:
            return self._page(self._fresh(opened), status=409, notice="changed")
        except NotAllowedError:
            return self._page(self._fresh(opened), status=403, notice="not_allowed")
        except FormError as error:
            return self._page(opened, status=422, errors={error.field: str(error)}, form=form)
        except InputError as error:
            if isinstance(error, StoreError):
                raise
            return self._page(self._fresh(opened), status=422, errors={"": str(error)}, form=form)
        return self._recorded(opened, form)

    def _give(self, opened: OpenedLink, form: AnswerForm) -> None:
        what, _ = form.choice
        if opened.whole:
            listed = answer_list(self._viewer, opened)
            if what != "acknowledge" or not form.id or form.fields.get("listed") != listed.fingerprint:
                raise NotAsShownError
            acknowledge_all(self._viewer, opened, form, listed.answerable.values())
        else:
            Answer(viewer=self._viewer, opened=opened, form=form).give()
        by = opened.reader.actor(frozenset(), form.name)
        keys = ", ".join(sorted({one.tracked.commitment.key for one in opened.entries.values()}))
        seen = fields(event="answer", answer=what, commitments=keys, by=by.name, delivery=str(opened.delivery.id))
        log.info("answered: %s %s, by %s (delivery %s)", what, keys, by.name, opened.delivery.id, extra=seen)

    def _fresh(self, opened: OpenedLink) -> OpenedLink:
        """Return what a link opens now."""
        return open_again(self._services, self._viewer.readers, opened.link, self._services.clock())

    def _page(
        self,
        opened: OpenedLink,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        form: AnswerForm | None = None,
    ) -> Page:
        name, values = self._contents(opened, form)
        given = values | {"notice": notice, "errors": _Fields(errors or {})}
        return Page(html=self._services.pages.render(name, **given), status=status)

    def _contents(self, opened: OpenedLink, form: AnswerForm | None = None) -> tuple[str, dict[str, object]]:
        """Return the name of the template of a link's page, and what it is given."""
        shared = self._shared(opened, form) | {"notice": "", "errors": _Fields()}
        if opened.whole:
            return "answer_list", shared | {"listed": answer_list(self._viewer, opened)}
        view = self._viewer.view(opened, opened.entry)
        people = choosable(opened.people, opened.now) if "assign" in view.may else []
        return "answer", shared | {"entry": view, "t": view.t, "people": people}

    def _shared(self, opened: OpenedLink, form: AnswerForm | None) -> dict[str, object]:
        """Return what all pages of a link are given."""
        typed = _Fields(form.fields if form else {})
        return {"form": new_form(), "decoy": DECOY, "reader": opened.reader, "typed": typed}

    def _preview(self, opened: OpenedLink, form: AnswerForm, report: Report) -> Page:
        if not report.moved:
            return self._page(
                opened, status=422, errors={"new_date": "This is the date that it has already."}, form=form
            )
        view = self._viewer.view(opened, opened.entry)
        shared = self._shared(opened, form)
        moved = moved_windows(report, opened)
        return Page(html=self._services.pages.render("answer_move", **shared, entry=view, t=view.t, moved=moved))

    def _recorded(self, before: OpenedLink, form: AnswerForm, *, again: bool = False) -> Page:
        """Return the page after a commit. It never says that nothing was recorded."""
        try:
            opened = self._fresh(before)
            shared = self._shared(opened, None) | {"what": form.choice[0], "again": again, "claimed": form.name}
            if opened.whole:
                listed: EntryList = whole_list(self._viewer, opened)
                return Page(html=self._services.pages.render("answer_list_recorded", **shared, listed=listed))
            view = self._viewer.view(opened, opened.entry)
            return Page(html=self._services.pages.render("answer_recorded", **shared, entry=view, t=view.t))
        except Exception:  # it is stored, whatever cannot be shown
            log.exception("an answer was recorded, and its page cannot be shown")
            return self._message("recorded", 200)

    def _pressed_dead(self, dead: DeadLinkError, form: AnswerForm, address: str) -> Page:
        """Return the page after a press of a link that is dead. One that has expired may be replaced."""
        if dead.delivery is None or dead.entry is None or not form.id or form.choice[0] != "renew":
            return self._dead(dead, address)
        try:
            links, tracked = self._services.store.linked_deliveries, dead.entry.tracked
            is_new = links.send_new_link(dead.delivery.id, tracked, self._services.clock())
        except StoreError as error:
            log.warning("a new link was not sent: %s", error)
            return self._message("not_recorded", 503, retry_after=5)
        if is_new:
            log.info("a new link for %s is sent (delivery %s)", tracked.commitment.key, dead.delivery.id)
        return self._message("renewed", 200)

    def _dead(self, dead: DeadLinkError, address: str) -> Page:
        wrong = dead.reason == "unknown"
        if wrong and self._limit.is_exceeded(f"address {address}", self._services.clock()):
            return self._message("too_often", 429, retry_after=60)
        return self._message(dead.reason, DEAD_STATUS[dead.reason])

    def _message(self, name: str, status: int, *, retry_after: int | None = None) -> Page:
        html = self._services.pages.render("answer_message", message=name, form=new_form(), decoy=DECOY)
        return Page(html=html, status=status, retry_after=retry_after)
