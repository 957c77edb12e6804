"""`/several`: one answer to the commitments that were picked on the due page, with a preview before it is recorded."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from starlette.datastructures import QueryParams

from alerts.log_output import fields
from alerts.rendering.template_filters import clean
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import choosable, new_form
from alerts.web.link_visits import form_values
from alerts.web.pages.due_index import IndexedCommitment
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.several_answers import ANSWERS, PickedRow, as_seen, meant, picked_row, record
from alerts.web.pages.shown_page import ShownPage

log = logging.getLogger(__name__)
MOST = 75  # as many as the due page lists
FIELDS = ("choice", "pause_date", "snooze_date", "past_due", "person", "days", "reason", "close_reason", "name")
LONGEST = 300  # characters of a field


class SeveralPages:
    """Shows what an answer means for several commitments, and records it. Threads may share it."""

    def __init__(self, tokens: FormTokens) -> None:
        self._tokens = tokens

    def show(self, reading: PageReading, everything: Sequence[IndexedCommitment], query: QueryParams) -> ShownPage:
        """Return the page: the choice of an answer, or what the chosen one means. Nothing changes."""
        form = AnswerForm({"form": new_form()} | {name: clean(query.get(name, ""))[:LONGEST] for name in FIELDS})
        rows = self._rows(reading, everything, list(dict.fromkeys(map(clean, query.getlist("pick"))))[:MOST])
        return self._page(reading, rows, form)

    def press(self, reading: PageReading, everything: Sequence[IndexedCommitment], body: bytes) -> ShownPage:
        """Record an answer for each that was shown, and return what became of each."""
        form = AnswerForm.read(body)
        seen = {line.partition(" ")[0]: line for line in form.fields.get("picked", "").split("\n")[:MOST] if line}
        rows = [as_seen(row, seen[row.key].strip()) for row in self._rows(reading, everything, list(seen))]
        gone = [key for key in seen if key not in {row.key for row in rows}]
        if not self._tokens.is_ours(form, reading.visitor):
            return self._page(reading, rows, form, status=403, notice="stale")
        if form.choice[0] not in ANSWERS:
            return self._page(reading, rows, form)
        try:
            planned = meant(rows, form, reading)
        except FormError as error:
            return self._page(reading, rows, form, status=422, errors={error.field: str(error)})
        found = record(planned, form, reading)
        keys = ", ".join(row.key for row in found if not row.problem)
        by = reading.visitor.actor(form.name).name
        log.info("recorded on a page: %s %s, by %s", form.choice[0], keys, by, extra=fields(event="page", by=by))
        return ShownPage(template="several_recorded", values={"rows": found, "gone": gone})

    def _rows(
        self, reading: PageReading, everything: Sequence[IndexedCommitment], keys: Sequence[str]
    ) -> list[PickedRow]:
        ids = {one.commitment.key: one.id for one in everything}
        found = reading.store.open_commitments.read([ids[key] for key in keys if key in ids])
        return [picked_row(found[ids[key]].current, reading) for key in keys if ids.get(key) in found]

    def _page(
        self,
        reading: PageReading,
        rows: Sequence[PickedRow],
        form: AnswerForm,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
    ) -> ShownPage:
        errors, is_preview = dict(errors or {}), form.choice[0] in ANSWERS and not errors
        try:
            rows = meant(rows, form, reading) if is_preview else rows
        except FormError as error:
            errors[error.field], is_preview, status = str(error), False, 422
        values: dict[str, object] = {
            "rows": rows,
            "ready": [row for row in rows if not row.problem],
            "preview": is_preview,
            **form_values(form, errors, notice),
            "choosable": choosable(reading.people, reading.now),
            **self._tokens.fields(reading.visitor),
        }
        return ShownPage(template="several", values=values, status=status)
