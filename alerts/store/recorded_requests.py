"""Requests of forms and programs that are recorded once: the same again finds what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from alerts.core.permissions import RecordedBeforeError
from alerts.deadlines.errors import InputError
from alerts.store import tables
from alerts.store.database import Database

if TYPE_CHECKING:
    from alerts.core.actors import Request

_Q = tables.requests.c
KEPT_FOR = timedelta(days=90)  # a page that stays open longer, or a key that is used later, counts as a new request


class OtherRequestError(InputError):
    """A program uses the same id for a request that states something else."""


def was_recorded(database: Database, request: str) -> bool:
    """Return whether the request of an id was recorded."""
    with database.read() as connection:
        return connection.execute(select(_Q.id).where(_Q.id == request)).first() is not None


def require_first(connection: Connection, request: Request | None) -> None:
    """Raise RecordedBeforeError where a request was recorded before, OtherRequestError where another one has its id.

    The transaction must be one of those that go one at a time (`Database.change`).
    """
    if request is None:
        return
    found = connection.execute(select(_Q.content, _Q.result).where(_Q.id == request.id)).first()
    if found and found.content != request.content:
        raise OtherRequestError("this key was used for another request: choose a new key for each")
    if found:
        raise RecordedBeforeError(found.result)


def put_request(connection: Connection, request: Request | None, result: str) -> None:
    """Record a request with what came of it, in the transaction that does what it asks for."""
    if request is None:
        return
    row = {"id": request.id, "content": request.content, "result": result, "recorded_at": request.at}
    connection.execute(insert(tables.requests), [row])
    connection.execute(delete(tables.requests).where(_Q.recorded_at < request.at - KEPT_FOR))


def result_of(database: Database, request: str) -> str | None:
    """Return what came of the request of an id; None where it was not recorded."""
    with database.read() as connection:
        return connection.execute(select(_Q.result).where(_Q.id == request)).scalar()


def record(database: Database, request: Request, result: str) -> None:
    """Record a request that took several transactions. Raises what `require_first` does."""
    with database.change() as connection:
        require_first(connection, request)
        put_request(connection, request, result)
