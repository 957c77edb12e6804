"""Calendar feeds: who may read what under which address. An address holds a token; only its hash is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, insert, or_, select, update

from alerts.core.registration import GRACE
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.known_names import require_known

TOKEN_BYTES = 32
USE_NOTED = timedelta(hours=1)  # a calendar program may ask every minute
_F, _P = tables.feeds.c, tables.people.c


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFilter:
    """What a feed shows. Of several owners or tags one is enough; what is empty asks for nothing."""

    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed and whose it is. It ends with its person (`is_orphaned`: they have left, or nobody declares them)."""

    token_hash: str = field(repr=False)
    person: str
    name: str
    filter: FeedFilter
    alarms: bool
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    is_orphaned: bool = False


class Feeds:
    """The calendar feeds of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, person: str, name: str, shown: FeedFilter, *, alarms: bool, by: str, now: datetime) -> str:
        """Add a feed and return its token, which is not stored: nobody can show it again.

        Raises InputError where nobody declares the person, or where another feed has the name.
        """
        token = secrets.token_hex(TOKEN_BYTES)
        with self._database.change() as connection:
            require_known(connection, tables.people, person, "person")
            taken = select(_F.person).where(_F.name == name, _F.revoked_at.is_(None))
            if (other := connection.scalar(taken)) is not None:
                raise InputError(f"{other} has a feed of the name {name!r}: choose another with --name, or revoke it")
            row = {"token_hash": hash_token(token), "person": person, "name": name, "filters": asdict(shown),
                   "alarms": alarms, "created_at": now, "created_by": by}  # fmt: skip
            connection.execute(insert(tables.feeds), [row])
        return token

    def all(self, now: datetime) -> list[Feed]:
        """Return all feeds, by name; those that were revoked too."""
        with self._database.read() as connection:
            return [_feed(row) for row in connection.execute(_query(now).order_by(_F.name, _F.created_at)).mappings()]

    def find(self, token: str, now: datetime) -> Feed | None:
        """Return the feed of a token."""
        with self._database.read() as connection:
            row = connection.execute(_query(now).where(_F.token_hash == hash_token(token))).mappings().first()
        return _feed(row) if row else None

    def revoke(self, name: str, now: datetime) -> Feed:
        """End a feed. Raises InputError where none of that name is in use."""
        feeds = {feed.name: feed for feed in self.all(now) if feed.revoked_at is None}
        if name not in feeds:
            raise InputError(f"no feed has the name {name!r}{did_you_mean(name, feeds)}")
        self.end(feeds[name], now)
        return feeds[name]

    def end(self, feed: Feed, now: datetime) -> None:
        """End a feed now, if it has not ended before."""
        self._set(feed, _F.revoked_at.is_(None), revoked_at=now)

    def note_use(self, feed: Feed, now: datetime) -> None:
        """Record that a feed was read, at most once an hour."""
        if feed.last_used_at is None or feed.last_used_at <= now - USE_NOTED:
            due = or_(_F.last_used_at.is_(None), _F.last_used_at <= now - USE_NOTED)
            self._set(feed, due, last_used_at=now)

    def _set(self, feed: Feed, condition: ColumnElement[bool], **values: Any) -> None:
        with self._database.write() as connection:
            which = update(tables.feeds).where(_F.token_hash == feed.token_hash, condition)
            connection.execute(which.values(**values))


def hash_token(token: str) -> str:
    """Return what is stored of a token. It is random enough that nobody can try all: no salt, no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _query(now: datetime) -> Any:
    """Select feeds with their person, if they are there, or were an hour ago when the settings left them out."""
    is_known = or_(_P.removed_at.is_(None), _P.removed_at > now - GRACE)
    is_there = or_(_P.left_at.is_(None), _P.left_at > now)
    known = and_(_P.key == _F.person, is_known, is_there)
    return select(tables.feeds, _P.key.label("known")).outerjoin(tables.people, known)


def _feed(row: RowMapping) -> Feed:
    names = ("token_hash", "person", "name", "alarms", "created_at", "created_by", "last_used_at", "revoked_at")
    shown = {name: tuple(values) for name, values in row["filters"].items()}
    values: dict[str, Any] = {name: row[name] for name in names}
    return Feed(**values, filter=FeedFilter(**shown), is_orphaned=row["known"] is None)
