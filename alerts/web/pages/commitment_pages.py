"""The page of a commitment, and what its buttons do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from alerts.actions.preconditions import NotAsShownError
from alerts.core.permissions import NotAllowedError, RecordedBeforeError
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.log_output import fields
from alerts.rendering.template_filters import clean
from alerts.store.store_error import StoreError
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import choosable
from alerts.web.give_answer import DOES, Answer
from alerts.web.link_visits import EmptyFields
from alerts.web.moved_view import moved_windows
from alerts.web.pages.commitment_view import CommitmentView, commitment_view
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_answerer import PageAnswerer
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.past_view import past_view
from alerts.web.pages.shown_page import ShownPage
from alerts.web.pause_choices import REPEATING, pause_choices

log = logging.getLogger(__name__)


class CommitmentPages:
    """Shows commitments, and records what is pressed there. Threads may share it."""

    def __init__(self, tokens: FormTokens) -> None:
        self._tokens = tokens

    def show(self, reading: PageReading, key: str, on: str | None, *, tracked: bool = False) -> ShownPage:
        """Return the page. `on`: which date of a series; `tracked`: somebody comes from the form that recorded it.

        Raises InputError where there is none.
        """
        return self._page(reading, commitment_view(reading, key, on), recorded="add" if tracked else "")

    def show_past(self, reading: PageReading, key: str, on: str | None, day: str) -> ShownPage:
        """Return what was known at the end of a day. Raises InputError where there is no such commitment."""
        reading.store.commitments.find(key)
        values: dict[str, object] = {"key": key, "on": on or "", "past": None, "problem": ""}
        try:
            past = past_view(reading, key, on, day)
        except InputError as error:
            if isinstance(error, StoreError):
                raise
            return ShownPage(template="commitment_past", values=values | {"problem": clean(str(error))}, status=422)
        return ShownPage(template="commitment_past", values=values | {"past": past})

    def press(self, reading: PageReading, key: str, on: str | None, body: bytes) -> ShownPage:
        """Record what a form states, and return the page that says so. Raises InputError where there is none."""
        form = AnswerForm.read(body)
        series = reading.store.commitments.find(key)
        tracked = series.at(form.fields.get("occurrence", on or ""))
        on = tracked.occurrence if series.recurs else None
        if not self._tokens.is_ours(form, reading.visitor):
            return self._page(reading, commitment_view(reading, key, on), status=403, notice="stale")
        try:
            return self._record(reading, tracked, on, form)
        except StoreError as error:
            log.warning("an answer was not recorded: %s", error)
            return ShownPage(template="page_message", values={"message": "not_recorded"}, status=503)

    def _record(self, reading: PageReading, tracked: Tracked, on: str | None, form: AnswerForm) -> ShownPage:
        key, (what, _) = tracked.commitment.key, form.choice
        if reading.store.linked_deliveries.was_recorded(form.id, {tracked.id}):
            return self._recorded(reading, key, on, form)
        if what not in DOES and what != "preview":
            return self._page(reading, commitment_view(reading, key, on), form=form)
        answer = Answer(by=PageAnswerer.of(reading), tracked=tracked, form=form)
        try:
            if what == "preview":
                return self._preview(reading, answer, on)
            answer.give()
        except RecordedBeforeError:
            return self._recorded(reading, key, on, form)
        except NotAsShownError:
            return self._changed(reading, key, on, form)
        except NotAllowedError as error:
            return self._wrong(reading, key, on, form, FormError("", str(error)))
        except FormError as error:
            return self._wrong(reading, key, on, form, error)
        except InputError as error:
            if isinstance(error, StoreError):
                raise
            return self._wrong(reading, key, on, form, FormError("", str(error)))
        by = answer.change().by
        seen = fields(event="page", answer=what, commitments=key, by=by)
        log.info("recorded on a page: %s %s, by %s", what, key, by, extra=seen)
        return self._recorded(reading, key, on, form)

    def _wrong(self, reading: PageReading, key: str, on: str | None, form: AnswerForm, error: FormError) -> ShownPage:
        view = commitment_view(reading, key, on)
        return self._page(reading, view, status=422, errors={error.field: str(error)}, form=form)

    def _changed(self, reading: PageReading, key: str, on: str | None, form: AnswerForm) -> ShownPage:
        """Return the page as it is now, with what somebody else has changed and what was typed meanwhile."""
        view, before = commitment_view(reading, key, on), form.fields.get("revision", "")
        seen = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else view.revision
        changed = view.history[: max(len(view.history) - seen, 0)]
        return self._page(reading, view, status=409, notice="changed", form=form, changed=changed)

    def _preview(self, reading: PageReading, answer: Answer, on: str | None) -> ShownPage:
        report, key = answer.preview(), answer.key
        if not report.moved:
            return self._wrong(
                reading, key, on, answer.form, FormError("new_date", "This is the date that it has already.")
            )
        view = commitment_view(reading, key, on)
        moved = moved_windows(report, reading.now)
        shared = self._shared(reading, view, answer.form) | {"moved": moved}
        return ShownPage(template="commitment_move", values=shared)

    def _recorded(self, reading: PageReading, key: str, on: str | None, form: AnswerForm) -> ShownPage:
        """Return the page after a commit. It never says that nothing was recorded."""
        try:
            return self._page(reading, commitment_view(reading, key, on), recorded=form.choice[0])
        except Exception:  # it is stored, whatever cannot be shown
            log.exception("an answer was recorded, and its page cannot be shown")
            return ShownPage(template="page_message", values={"message": "recorded"})

    def _page(
        self,
        reading: PageReading,
        view: CommitmentView,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        form: AnswerForm | None = None,
        recorded: str = "",
        changed: Any = (),
    ) -> ShownPage:
        values = self._shared(reading, view, form) | {
            "errors": EmptyFields(errors or {}),
            "notice": notice,
            "recorded": recorded,
            "changed": changed,
            "pauses": pause_choices(reading.now, reading.zone) if view.stage in REPEATING else (),
            "choosable": choosable(reading.people, reading.now),
        }
        return ShownPage(template="commitment", values=values, status=status)

    def _shared(self, reading: PageReading, view: CommitmentView, form: AnswerForm | None) -> dict[str, object]:
        return {
            "view": view,
            "t": view.t,
            "typed": EmptyFields(form.fields if form else {}),
            **self._tokens.fields(reading.visitor),
        }
