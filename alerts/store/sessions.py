"""Signing in: links that work once, and the sessions that they open. Of both only hashes are stored."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, select, update

from alerts.store import tables
from alerts.store.database import Database
from alerts.store.feeds import TOKEN_BYTES, hash_token

TOKEN = re.compile(rf"[0-9a-f]{{{2 * TOKEN_BYTES}}}", re.ASCII)
LINK_LIVES = timedelta(minutes=10)
SESSION_LIVES = timedelta(hours=12)
FIRST_ADMIN = "the first admin"  # in place of the key of a person, which has no spaces
FIRST_LINK_LIVES = timedelta(hours=1)
KEPT_FOR = timedelta(days=90)  # what the list of the last sign-ins reaches back
_L, _S = tables.sign_in_links.c, tables.sessions.c


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A link that has not been used: whose it is, the address that it was sent to, and the page that it leads to."""

    person: str
    address: str
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who has signed in: who, with which address of theirs, from where, and until when.

    `ended_by`: who ended it before its time.
    """

    id: int
    person: str
    address: str
    client: str
    began_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None

    def lasts(self, now: datetime) -> bool:
        """Return whether it has not ended."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who signs in: who, with which address, from where, and the token of the session before, if any."""

    person: str
    address: str
    client: str
    before: str | None = None


class Sessions:
    """The sign-in links and the sessions of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_link(self, link: SignInLink, now: datetime) -> str:
        """Add a link and return its token, which is not stored."""
        with self._database.write() as connection:
            return _add_link(connection, link, now, now + LINK_LIVES)

    def add_first_link(self, now: datetime) -> str | None:
        """Add a link for the first admin and return its token, which is not stored; None once anybody has signed in."""
        link = SignInLink(person=FIRST_ADMIN, address="", leads_to="/")
        with self._database.change() as connection:
            return None if _has_anybody(connection) else _add_link(connection, link, now, now + FIRST_LINK_LIVES)

    def redeem_first(self, token: str, client: str, now: datetime) -> str | None:
        """Begin the session of the first admin and return its token; None once anybody has signed in.

        One at a time, since each start of a daemon has added a link.
        """
        arrival = Arrival(person=FIRST_ADMIN, address="", client=client)
        with self._database.change() as connection:
            if _has_anybody(connection):
                return None
            mine = (_works(token, now), _L.person == FIRST_ADMIN)
            if connection.execute(delete(tables.sign_in_links).where(*mine)).rowcount != 1:
                return None
            connection.execute(delete(tables.sign_in_links).where(_L.person == FIRST_ADMIN))
            return _begin(connection, arrival, now)

    def find_link(self, token: str, now: datetime) -> SignInLink | None:
        """Return a link that works. Nothing changes."""
        query = select(_L.person, _L.address, _L.leads_to).where(_works(token, now))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return SignInLink(**row) if row else None

    def redeem(self, token: str, arrival: Arrival, now: datetime) -> str | None:
        """Use up a link, and return the token of the new session; None where somebody has used it meanwhile."""
        with self._database.write() as connection:
            if connection.execute(delete(tables.sign_in_links).where(_works(token, now))).rowcount != 1:
                return None
            return _begin(connection, arrival, now)

    def begin(self, arrival: Arrival, now: datetime) -> str:
        """Begin a session and return its token, which is not stored. The one before in the same browser ends."""
        with self._database.write() as connection:
            return _begin(connection, arrival, now)

    def find(self, token: str, now: datetime) -> Session | None:
        """Return the session of a token, if it lasts."""
        query = select(tables.sessions).where(_S.token_hash == hash_token(token))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        found = _session(row) if row else None
        return found if found and found.lasts(now) else None

    def end(self, number: int, by: str, now: datetime) -> bool:
        """End a session. Return whether it lasted until now."""
        lasting = (_S.id == number, _S.ended_at.is_(None), _S.expires_at > now)
        with self._database.write() as connection:
            ended = connection.execute(update(tables.sessions).where(*lasting).values(ended_at=now, ended_by=by))
        return ended.rowcount == 1

    def lasting(self, now: datetime) -> list[Session]:
        """Return the sessions that last, the latest first."""
        query = select(tables.sessions).where(_S.ended_at.is_(None), _S.expires_at > now).order_by(_S.id.desc())
        with self._database.read() as connection:
            return [_session(row) for row in connection.execute(query).mappings()]

    def latest(self, count: int) -> list[Session]:
        """Return the sessions that began last, the latest first."""
        query = select(tables.sessions).order_by(_S.id.desc()).limit(count)
        with self._database.read() as connection:
            return [_session(row) for row in connection.execute(query).mappings()]

    def last_sign_ins(self) -> dict[str, datetime]:
        """Return when people have signed in last, by their keys."""
        last = func.max(_S.began_at, type_=_S.began_at.type)
        with self._database.read() as connection:
            rows = connection.execute(select(_S.person, last).group_by(_S.person)).tuples()
            return {person: at for person, at in rows}  # noqa: C416  # a Result is no mapping


def _has_anybody(connection: Connection) -> bool:
    """Return whether anybody has signed in before. Old sessions are forgotten, and never the latest."""
    return connection.execute(select(_S.id).limit(1)).first() is not None


def _add_link(connection: Connection, link: SignInLink, now: datetime, until: datetime) -> str:
    token = secrets.token_hex(TOKEN_BYTES)
    row = {"token_hash": hash_token(token), "person": link.person, "address": link.address.lower(),
           "leads_to": link.leads_to, "expires_at": until}  # fmt: skip
    connection.execute(delete(tables.sign_in_links).where(_L.expires_at <= now))
    connection.execute(insert(tables.sign_in_links), [row])
    return token


def _works(token: str, now: datetime) -> ColumnElement[bool]:
    return and_(_L.token_hash == hash_token(token), _L.expires_at > now)


def _begin(connection: Connection, arrival: Arrival, now: datetime) -> str:
    """Begin a session, and forget those of long ago. No session takes over the id of another."""
    token = secrets.token_hex(TOKEN_BYTES)
    if arrival.before is not None:
        before = (_S.token_hash == hash_token(arrival.before), _S.ended_at.is_(None), _S.expires_at > now)
        connection.execute(update(tables.sessions).where(*before).values(ended_at=now, ended_by="a new sign-in"))
    connection.execute(delete(tables.sessions).where(_S.began_at <= now - KEPT_FOR))
    row = {"token_hash": hash_token(token), "person": arrival.person, "address": arrival.address.lower(),
           "client": arrival.client, "began_at": now, "expires_at": now + SESSION_LIVES}  # fmt: skip
    connection.execute(insert(tables.sessions), [row])
    return token


def _session(row: RowMapping) -> Session:
    return Session(**{name: value for name, value in row.items() if name != "token_hash"})
