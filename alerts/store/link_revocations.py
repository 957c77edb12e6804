"""Revoked answer links: those in messages to a recipient that were rendered before are void."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, update

from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.rows import upsert

_D, _V = delivery_tables.deliveries.c, tables.link_revocations.c
_REVOKED_AT = select(_V.revoked_at).where(_V.recipient == bindparam("recipient"))


@dataclass(frozen=True, slots=True)
class LinkRevocation:
    """Links of messages to a recipient that were rendered until then are void."""

    recipient: str
    revoked_at: datetime


class LinkRevocations:
    """The revocations of a database. A recipient is an address; for a chat, the name of its channel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def revoke(self, recipient: str, now: datetime) -> None:
        """Make all links void that a recipient has got. What is not sent yet is rendered anew, with new links."""
        with self._database.change() as connection:
            void_links(connection, recipient, now)

    def voided(self, recipient: str, rendered_at: datetime) -> bool:
        """Whether the links of a message are void that was rendered at that time for a recipient."""
        with self._database.read() as connection:
            revoked_at = connection.execute(_REVOKED_AT, {"recipient": recipient.lower()}).scalar_one_or_none()
        return revoked_at is not None and rendered_at <= revoked_at

    def all(self) -> list[LinkRevocation]:
        """Return all revocations, the latest first."""
        query = select(_V.recipient, _V.revoked_at).order_by(_V.revoked_at.desc(), _V.recipient)
        with self._database.read() as connection:
            return [LinkRevocation(*row) for row in connection.execute(query).tuples()]

    def recipients(self) -> list[str]:
        """Return all who have got messages: addresses, and channels that are themselves the recipient."""
        query = select(_D.recipient, _D.channel).distinct()
        with self._database.read() as connection:
            return sorted({recipient or channel for recipient, channel in connection.execute(query).tuples()})


def void_links(connection: Connection, recipient: str, now: datetime) -> None:
    """Make the links of a recipient void in the caller's transaction, as `LinkRevocations.revoke` does."""
    unsent = (_D.state.in_(("pending", "retry")), _D.payload.is_not(None), _is_to(recipient))
    bare = {"payload": None, "payload_hash": None, "entries": None}
    row = {"recipient": recipient.lower(), "revoked_at": now}
    upsert(connection, tables.link_revocations, ["recipient"], [row])
    connection.execute(update(delivery_tables.deliveries).where(*unsent).values(bare))


def _is_to(recipient: str) -> ColumnElement[bool]:
    """Return the condition for deliveries to a recipient."""
    named = or_(
        func.lower(_D.recipient) == recipient.lower(), _D.recipient == recipient
    )  # SQLite's lower() knows ASCII
    return or_(named, (_D.recipient == "") & (func.lower(_D.channel) == recipient.lower()))
