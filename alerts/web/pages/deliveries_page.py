"""`/deliveries`: what was handed over, what waits and what failed, with retry and dismiss."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from alerts.core.deliveries import State
from alerts.deadlines.errors import InputError
from alerts.log_output import fields
from alerts.rendering.template_filters import clean, flat
from alerts.store.outbox.retry import DISMISSABLE, RETRYABLE
from alerts.store.queries import Ledger
from alerts.store.store_error import StoreError
from alerts.views.delivery_texts import carried_text
from alerts.views.shown_times import shown
from alerts.web.answer_form import AnswerForm
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.shown_page import ShownPage

log = logging.getLogger(__name__)
STATES: tuple[State, ...] = get_args(State)
MOST = 100  # the latest
UUID_TEXT = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOES: Mapping[str, Callable[[Ledger, str, datetime], UUID]] = {"retry": Ledger.retry, "dismiss": Ledger.dismiss}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A delivery of the page."""

    id: str
    planned: str
    ended: str
    channel: str
    recipient: str
    state: State
    tries: int
    carries: str
    may_retry: bool
    may_dismiss: bool


class DeliveriesPages:
    """Shows deliveries, and retries and dismisses them. Threads may share it."""

    def __init__(self, tokens: FormTokens) -> None:
        self._tokens = tokens

    def show(self, reading: PageReading, state: str) -> ShownPage:
        """Return the page. `state`: only deliveries in this one, if there is such a state."""
        return self._page(reading, state)

    def press(self, reading: PageReading, state: str, body: bytes) -> ShownPage:
        """Retry or dismiss a delivery, and return the page that says so."""
        form = AnswerForm.read(body)
        if not self._tokens.is_ours(form, reading.visitor):
            return self._page(reading, state, status=403, notice="stale")
        what, name = form.choice
        if what not in DOES or not UUID_TEXT.fullmatch(name):
            return self._page(reading, state)
        try:
            DOES[what](reading.store.ledger, name, reading.now)
        except StoreError as error:
            log.warning("a delivery was not changed: %s", error)
            return ShownPage(template="page_message", values={"message": "not_recorded"}, status=503)
        except InputError as error:
            return self._page(reading, state, status=422, error=str(error))
        seen = fields(event="page", answer=what, delivery=name)
        log.info("recorded on a page: %s delivery %s", what, name, extra=seen)
        return self._page(reading, state, recorded=what)

    def _page(
        self,
        reading: PageReading,
        state: str,
        *,
        status: int = 200,
        notice: str = "",
        error: str = "",
        recorded: str = "",
    ) -> ShownPage:
        chosen = next((one for one in STATES if one == state), None)
        with reading.store.database.snapshot():
            rows = reading.store.ledger.deliveries(chosen, MOST)
            counts = reading.store.ledger.counts()
        values: dict[str, object] = {
            "rows": [_row(row, reading) for row in reversed(rows)],
            "states": [(one, counts.get(one, 0)) for one in STATES],
            "state": chosen or "",
            "most": MOST,
            **self._tokens.fields(reading.visitor),
            "notice": notice,
            "error": error,
            "recorded": recorded,
        }
        return ShownPage(template="deliveries", values=values, status=status)


def _row(row: Mapping[str, Any], reading: PageReading) -> DeliveryRow:
    state, zone = row["state"], reading.zone
    return DeliveryRow(
        id=str(row["id"]),
        planned=shown(row["created_at"], zone),
        ended=_time(row["ended_at"], zone),
        channel=row["channel"],
        recipient=flat(clean(row["recipient"] or "")),
        state=state,
        tries=row["attempts"],
        carries=flat(clean(carried_text(row, zone, reading.now))),
        may_retry=state in RETRYABLE,
        may_dismiss=state in DISMISSABLE,
    )


def _time(at: datetime | None, zone: str) -> str:
    return shown(at, zone) if at else ""
