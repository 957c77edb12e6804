"""`GET /deliveries`: what was handed over, what waits and what failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from alerts.core.deliveries import State
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.validation import Section
from alerts.views.delivery_texts import carried_text
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Cursor, Number, Utc

CURSOR = re.compile(r"([0-9T:.Z+-]{10,40})~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)


class DeliveriesQuery(Section):
    """Which deliveries."""

    state: State | None = None
    limit: Annotated[Number, Field(ge=1, le=100)] = Field(default=50, description="How many a page has at most.")
    cursor: Cursor | None = Field(default=None, description="`next` of the page before.")


class SentDelivery(BaseModel):
    """A message to one recipient. `carries`: what it says, as people read it; `commitments`: what it is about."""

    id: str
    created_at: Utc
    channel: str
    recipient: str
    state: State
    attempts: int
    next_at: Utc | None = Field(description="When it is tried next.")
    ended_at: Utc | None
    last_error: str | None
    carries: str
    commitments: list[str]


class DeliveryList(BaseModel):
    """A page, the latest first. `next`: the cursor of the page after it; null on the last one."""

    items: list[SentDelivery]
    next: str | None


def list_deliveries(call: ApiCall) -> DeliveryList:
    """List deliveries, and what became of them."""
    stated = call.read_query(DeliveriesQuery)
    before = _read_cursor(stated.cursor) if stated.cursor else None
    rows = call.store.ledger.deliveries_before(stated.state, stated.limit + 1, before)
    here = rows[: stated.limit]
    last = here[-1] if len(rows) > stated.limit else None
    cursor = f"{last['created_at'].isoformat().replace('+00:00', 'Z')}~{last['id']}" if last else None
    return DeliveryList(items=[_row(call, row) for row in here], next=cursor)


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    found = CURSOR.fullmatch(text)
    try:
        at = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        at = None
    if found is None or at is None or at.tzinfo is None:
        raise InputError("cursor: take it from `next` of the page before, with the same filters")
    return at, UUID(found[2])


def _row(call: ApiCall, row: Mapping[str, Any]) -> SentDelivery:
    names = ("created_at", "channel", "recipient", "state", "attempts", "next_at", "ended_at", "last_error")
    about = dict.fromkeys(one.rpartition(" ")[0] for one in row["carries"])
    text = carried_text({**row, "last_error": None}, call.zone, call.change.now)
    return SentDelivery(id=str(row["id"]), carries=text, commitments=[*about], **{name: row[name] for name in names})


ROUTES = (
    ApiRoute(
        method="GET", path="/deliveries", scope="read", summary="List deliveries", call=list_deliveries,
        answer=DeliveryList, query=DeliveriesQuery,
    ),
)  # fmt: skip
