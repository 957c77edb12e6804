"""`/import`: upload a register, see what that would change, and load it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace

from alerts.log_output import fields
from alerts.rendering.template_filters import clean, flat
from alerts.store.uploads import is_register
from alerts.web.answer_form import FormError
from alerts.web.intake.import_runner import BeyondLimitsError, ImportRunner, NotStoredError
from alerts.web.intake.import_values import ImportRequest, ImportResult
from alerts.web.intake.upload_form import UploadForm, columns_of
from alerts.web.intake.uploaded_columns import CHOOSABLE, COLUMN
from alerts.web.link_visits import form_values
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.shown_page import ShownPage

log = logging.getLogger(__name__)
HASH = re.compile("[0-9a-f]{64}")
LONGEST_REGISTER = 80  # characters
NO_NAME = "Choose a register, or name a new one. Then choose the file again."
BAD_NAME = "Choose a name that begins with a letter or a digit."
NO_FILE = "Choose a file first."
BEYOND = "It takes more memory or time than an upload may: split it into several files, or load it with `alerts load`."
BUSY = "Another upload is being read. Try again in a moment."
STATUS = {"unreadable": 422, "wrong": 422, "changed": 409, "gone": 410}


class ImportPages:
    """Shows what uploads would change, and loads them."""

    def __init__(self, tokens: FormTokens) -> None:
        self._tokens, self._runner = tokens, ImportRunner()

    @property
    def is_busy(self) -> bool:
        """Return whether another upload is under way."""
        return self._runner.is_busy

    def show(self, reading: PageReading) -> ShownPage:
        """Return the empty form."""
        return self.page(reading)

    def stated(self, reading: PageReading, form: UploadForm) -> ImportRequest | ShownPage:
        """Return what a form asks for, or the page that says what is wrong with it."""
        if not self._tokens.is_ours(form, reading.visitor):
            return self.page(reading, form, status=403, notice="stale")
        try:
            return _request(reading, form)
        except FormError as error:
            return self.page(reading, form, status=422, errors={error.field: str(error)})

    async def run(self, request: ImportRequest) -> ImportResult | str:
        """Return what came of a request, or the name of a notice where nothing came of it."""
        try:
            found = await self._runner.run(request)
        except BeyondLimitsError:
            return "beyond"
        except NotStoredError:
            return "not_recorded"
        if found.outcome == "loaded":
            seen = fields(event="page", answer="load", about=request.register, by=request.actor.name)
            log.info("loaded on a page: %s, by %s", request.register, request.actor.name, extra=seen)
        return found

    def answer(self, reading: PageReading, form: UploadForm, found: ImportResult | str) -> ShownPage:
        """Return the page of what came of a request."""
        if found == "not_recorded":
            return ShownPage(template="page_message", values={"message": "not_recorded"}, status=503)
        if isinstance(found, str):
            interrupted = form.choice[0] == "load"
            notice, errors = ("interrupted", {}) if interrupted else ("", {"file": BEYOND})
            return self.page(reading, form, status=422, notice=notice, errors=errors)
        return self.page(reading, form, status=STATUS.get(found.outcome, 200), result=_clean(found))

    def page(
        self,
        reading: PageReading,
        form: UploadForm | None = None,
        *,
        status: int = 200,
        notice: str = "",
        errors: Mapping[str, str] | None = None,
        result: ImportResult | None = None,
    ) -> ShownPage:
        """Return the page."""
        values: dict[str, object] = {
            **self._tokens.fields(reading.visitor),
            **form_values(form, errors, notice),
            "result": result,
            "registers": reading.store.uploads.registers(),
            "choosable": CHOOSABLE,
        }
        return ShownPage(template="import", values=values, status=status)


def _request(reading: PageReading, form: UploadForm) -> ImportRequest:
    """Return what a form asks for. Raises FormError."""
    stated, (what, _) = form.fields, form.choice
    kept = stated.get("hash", "")
    if not form.content and not HASH.fullmatch(kept):
        raise FormError("file", NO_FILE)
    return ImportRequest(
        settings=reading.settings,
        actor=reading.visitor.actor(form.name),
        now=reading.now,
        register=_register(stated),
        content=form.content,
        hash="" if form.content else kept,
        columns=columns_of(stated, COLUMN) if stated.get("columns") == "chosen" else None,
        is_load=what == "load" and not form.content,
        shown=stated.get("digest", ""),
        close_missing=stated.get("close_missing") == "yes",
        reopen=stated.get("reopen") == "yes",
        form=form.id,
    )


def _register(stated: Mapping[str, str]) -> str:
    name = flat(stated.get("new_register", "")) or flat(stated.get("register", ""))
    if not name:
        raise FormError("new_register", NO_NAME)
    if len(name) > LONGEST_REGISTER:
        raise FormError("new_register", f"Choose a name of {LONGEST_REGISTER} characters at most.")
    if not is_register(name) or not name[0].isalnum():
        raise FormError("new_register", BAD_NAME)
    return name


def _clean(result: ImportResult) -> ImportResult:
    """Return a result without control characters in what it quotes of the file."""
    problems = tuple(
        replace(
            one,
            text=clean(one.text),
            rows=tuple(
                replace(row, cells=tuple((flat(clean(head)), clean(text), wrong) for head, text, wrong in row.cells))
                for row in one.rows
            ),
        )
        for one in result.problems
    )
    columns = result.columns and replace(
        result.columns,
        columns=tuple(replace(one, example=flat(clean(one.example))) for one in result.columns.columns),
    )
    return replace(
        result,
        problems=problems,
        columns=columns,
        rows=tuple((key, flat(clean(title)), what, flat(clean(how))) for key, title, what, how in result.rows),
        notes=tuple(map(clean, result.notes)),
        warnings=tuple(map(clean, result.warnings)),
    )
