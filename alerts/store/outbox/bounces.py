"""Mails that came back: the delivery is bounced and its failure reported; which addresses bounce for good."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, literal, select, update

from alerts.clock import utc_now
from alerts.core.bounce_tokens import SentMail
from alerts.core.deliveries import FailureLevel, State
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.outbox.due_deliveries import worse
from alerts.store.rows import insert_new

_D, _M = delivery_tables.deliveries.c, tables.meta.c
KEY = "bounce key"  # the fact that holds it
BOUNCES_FROM: tuple[State, ...] = ("pending", "leased", "retry", "sent")  # also where its outcome is not recorded yet
STAYED = timedelta(days=1)  # a mail that has not come back for so long has arrived
Effect = Literal["bounced", "repeated", "resent", "ended", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceRecord:
    """What a report changed. `resent`: a person has sent it again since. `ended`: it was not sent in the end.

    `channel`, `recipient` and `state` are of the delivery, where there is one.
    """

    effect: Effect
    channel: str = ""
    recipient: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncingAddress:
    """An address whose last mails came back: how many, when the last of them did, and why."""

    channel: str
    recipient: str
    count: int
    last_at: datetime
    reason: str


class Bounces:
    """The mails of a database that came back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    def key(self) -> bytes:
        """Return the key that signs envelope senders: random, made at its first use, and shared by all processes."""
        if self._key is None:
            self._key = self.known_key() or self._new_key()
        return self._key

    def known_key(self) -> bytes | None:
        """Return that key, or None where no mail has been signed yet."""
        with self._database.read() as connection:
            found = connection.scalar(select(_M.value).where(_M.name == KEY))
        return bytes.fromhex(found) if found else None

    def _new_key(self) -> bytes:
        with self._database.write() as connection:
            row = {"name": KEY, "value": secrets.token_hex(32), "at": utc_now()}
            connection.execute(insert_new(connection, tables.meta), row)
            stored = connection.execute(select(_M.value).where(_M.name == KEY)).scalar_one()
        return bytes.fromhex(stored)  # another process may have been first

    def recipient_of(self, mail: SentMail) -> str | None:
        """Return who a mail was for; None where there is no such delivery."""
        with self._database.read() as connection:
            found: str | None = connection.scalar(select(_D.recipient).where(_D.id == mail.delivery))
        return found

    def record(self, mail: SentMail, error: str, now: datetime) -> BounceRecord:
        """Record that a mail came back for good: its delivery is bounced, which is reported as a failure.

        A delivery that ended otherwise, or was sent again by a person after this mail, stays as it is.
        """
        values = {"state": "bounced", "last_error": error, "ended_at": now, "next_at": None, "lease_until": None}
        values |= {"unseen": True}  # a report that nobody answers counts from it, too
        fails = {"failure_level": worse(literal(int(FailureLevel.DEAD))), "fence": _D.fence + 1}
        mine = (_D.id == mail.delivery, _D.state.in_(BOUNCES_FROM), _D.tried_before < mail.attempt)
        with self._database.write() as connection:
            done = connection.execute(update(delivery_tables.deliveries).where(*mine).values(values | fails))
            query = select(_D.channel, _D.recipient, _D.state, _D.tried_before).where(_D.id == mail.delivery)
            row = connection.execute(query).first()
        if row is None:
            return BounceRecord(effect="unknown")
        effect: Effect = "ended"
        if done.rowcount:
            effect = "bounced"
        elif row.tried_before >= mail.attempt:
            effect = "resent"
        elif row.state == "bounced":
            effect = "repeated"
        return BounceRecord(effect=effect, channel=row.channel, recipient=row.recipient, state=row.state)

    def addresses(self, now: datetime) -> list[BouncingAddress]:
        """Return the addresses that bounce: since their last bounce no mail to them has stayed for a day."""
        destination = (_D.channel, _D.recipient)
        with self._database.read() as connection:
            query = select(*destination, _D.ended_at, _D.last_error).where(delivery_tables.BOUNCED)
            rows = connection.execute(query.order_by(_D.ended_at, _D.id)).all()
            recipients = {row.recipient for row in rows}
            last = func.max(_D.ended_at, type_=_D.ended_at.type)
            stayed = select(*destination, last).where(_D.state == "sent", _D.recipient.in_(recipients))
            stayed = stayed.where(_D.ended_at <= now - STAYED).group_by(*destination)
            arrived = {(one, to): at for one, to, at in connection.execute(stayed)} if recipients else {}
        found: dict[tuple[str, str], BouncingAddress] = {}
        for row in rows:
            one = (row.channel, row.recipient)
            before = found[one].count if one in found else 0
            found[one] = BouncingAddress(
                channel=row.channel, recipient=row.recipient, count=before + 1,
                last_at=row.ended_at, reason=row.last_error or "",
            )  # fmt: skip
        return [each for one, each in sorted(found.items()) if one not in arrived or arrived[one] < each.last_at]
