"""`GET /commitments`: what is tracked, filtered as `alerts list` filters, a page at a time."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from alerts.core.commitments import Priority
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.validation import Section
from alerts.views.list_filters import Wanted
from alerts.views.listing import Entry, Listing
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Cursor, Number, Word, YesNo
from alerts.web.api.commitment_values import CommitmentRow, commitment_rows
from alerts.web.pages.due_index import IndexedCommitment, is_wanted

AT_ONCE = 500  # closed commitments that are read for a page, and that are asked for or not
MOST_VALUES = 20  # of a filter
Texts = tuple[Word, ...]


class ListQuery(Section):
    """Filters. Of several values of one, one is enough."""

    owner: Texts = Field(default=(), max_length=MOST_VALUES, description="The keys of people.")
    tag: Texts = Field(default=(), max_length=MOST_VALUES)
    party: Texts = Field(default=(), max_length=MOST_VALUES, description="The keys of parties that owe it or are owed.")
    priority: tuple[Priority, ...] = Field(default=(), max_length=4)
    status: Literal["overdue", "due", "ahead", "review", "acknowledged", "snoozed"] | None = None
    overdue: YesNo = Field(default=False, description="Short for `status=overdue`.")
    due_within: Annotated[Number, Field(ge=0, le=36500)] | None = Field(
        default=None, description="Overdue, or due in so many days."
    )
    search: Word | None = Field(default=None, description="A text in key, title or note.")
    closed: YesNo = Field(
        default=False, description="What is closed, in the order of the keys, instead of what is open."
    )
    limit: Number = Field(default=50, ge=1, le=100, description="How many a page has at most.")
    cursor: Cursor | None = Field(default=None, description="`next` of the page before.")


class CommitmentList(BaseModel):
    """A page, in the order of the dates; what has none is where it was recorded.

    `next`: the cursor of the page after it; null on the last one. A page of what is closed may have fewer than `limit`,
    and yet a next one.
    """

    items: list[CommitmentRow]
    next: str | None


def list_commitments(call: ApiCall) -> CommitmentList:
    """List commitments. A page begins after the last one of the page before, also where others were added meanwhile."""
    stated = call.read_query(ListQuery)
    if call.token.owner and stated.owner and call.token.owner not in stated.owner:
        return CommitmentList(items=[], next=None)
    return _closed(call, stated) if stated.closed else _open(call, stated)


def _wanted(call: ApiCall, stated: ListQuery) -> Wanted:
    owners = (call.token.owner,) if call.token.owner else stated.owner
    return Wanted(
        owners=frozenset(owners),
        tags=frozenset(stated.tag),
        parties=frozenset(stated.party),
        priorities=frozenset(stated.priority),
        status="overdue" if stated.overdue else stated.status,
        within=stated.due_within,
        text=stated.search or "",
    )


def _open(call: ApiCall, stated: ListQuery) -> CommitmentList:
    after = _read_place(stated.cursor)
    with call.store.database.snapshot():  # short, as commits wait for it
        reading, seen = call.reading(), call.context.index.look()
    found = call.context.index.catch_up(seen).commitments
    begin = bisect_right(found, after, key=_place) if after else 0
    wanted, rules = _wanted(call, stated), call.services.settings.rules
    asked = (one for one in islice(found, begin, None) if is_wanted(one, wanted, rules, reading.now))
    here = list(islice(asked, stated.limit + 1))
    with call.store.database.snapshot():
        whole = call.store.open_commitments.read([one.id for one in here[: stated.limit]])
        entries = [Entry(one, one.current) for one in (whole.get(each.id) for each in here) if one and one.open]
        rows = commitment_rows(Listing.of(reading, _owned(call, entries), reading.now))
    more = len(here) > stated.limit
    return CommitmentList(items=rows, next=_cursor(*_text_of(here[stated.limit - 1])) if more else None)


def _owned(call: ApiCall, entries: list[Entry]) -> list[Entry]:
    """Return what the token may see: an owner may have changed since the index was made."""
    return [one for one in entries if call.token.owner in (None, one.tracked.commitment.owner)]


def _place(one: IndexedCommitment) -> tuple[datetime, str]:
    return one.place


def _text_of(one: IndexedCommitment) -> tuple[str, str]:
    at, key = one.place
    return at.isoformat(), key


def _closed(call: ApiCall, stated: ListQuery) -> CommitmentList:
    if stated.status or stated.overdue or stated.due_within is not None:
        raise InputError("what is closed is neither overdue nor due: leave out `closed`, or the status and the days")
    wanted = _wanted(call, stated)
    with call.store.database.snapshot():
        after = _read_key(stated.cursor)
        read, more = call.store.open_commitments.closed_after(after, AT_ONCE, sorted(wanted.owners))
        here = list(islice(_asked(read, wanted), stated.limit))
        rows = commitment_rows(Listing.of(call.reading(), [Entry(one, one) for one in here], call.change.now))
    last = here[-1].commitment.key if len(here) == stated.limit else more
    return CommitmentList(items=rows, next=_cursor("", last) if last else None)


def _asked(read: list[Tracked], wanted: Wanted) -> Iterator[Tracked]:
    return (one for one in read if wanted.takes_facts(one.commitment))


def _cursor(at: str, key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([at, key]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[str, str]:
    try:
        at, key = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        raise _no_cursor() from None
    if not isinstance(at, str) or not isinstance(key, str) or not key.isprintable():
        raise _no_cursor()
    return at, key


def _read_place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, key = _read_cursor(cursor)
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        raise _no_cursor() from None
    if found.tzinfo is None:
        raise _no_cursor()
    return found, key


def _read_key(cursor: str | None) -> str:
    if cursor is None:
        return ""
    at, key = _read_cursor(cursor)
    if at:
        raise _no_cursor()
    return key


def _no_cursor() -> InputError:
    return InputError("cursor: take it from `next` of the page before, with the same filters")


ROUTES = (
    ApiRoute(
        method="GET", path="/commitments", scope="read", summary="List commitments", call=list_commitments,
        answer=CommitmentList, query=ListQuery, for_owner=True,
    ),
)  # fmt: skip
