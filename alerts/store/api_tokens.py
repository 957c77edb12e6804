"""Tokens of programs that use the API: what they may do, and until when. Only their hashes are stored."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, insert, or_, select, update

from alerts.core.permissions import Scope
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.feeds import TOKEN_BYTES, USE_NOTED, hash_token
from alerts.store.known_names import require_known

PREFIX = "dla_"  # so that scanners for secrets find it where it should not be
TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{{2 * TOKEN_BYTES}}}", re.ASCII)
LIVES = timedelta(days=365)
WARNED = timedelta(days=30)  # before it expires
TokenState = Literal["in use", "expired", "revoked"]
_T = tables.api_tokens.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token, without what it is made of. Its name is what changes are recorded under.

    `owner`: the key of the person whose commitments alone it is for; None where it is for all.
    """

    token_hash: str = field(repr=False)
    name: str
    scope: Scope
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    owner: str | None = None

    def state(self, now: datetime) -> TokenState:
        """Return whether it works now, and if not, why."""
        if self.revoked_at is not None:
            return "revoked"
        return "in use" if now < self.expires_at else "expired"


class ApiTokens:
    """The tokens of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, scope: Scope, *, by: str, now: datetime, owner: str | None = None) -> str:
        """Add a token and return it. It is not stored: nobody can show it again.

        Raises InputError where another token that works has the name, or where the owner is not known.
        """
        token = PREFIX + secrets.token_hex(TOKEN_BYTES)
        with self._database.change() as connection:
            taken = select(_T.name).where(_T.name == name, _T.revoked_at.is_(None), _T.expires_at > now)
            if connection.execute(taken).first():
                raise InputError(f"a token has the name {name!r}: choose another, or revoke it")
            if owner is not None:
                require_known(connection, tables.people, owner, "person")
            row = {"token_hash": hash_token(token), "name": name, "scope": scope, "created_at": now,
                   "created_by": by, "expires_at": now + LIVES, "owner": owner}  # fmt: skip
            connection.execute(insert(tables.api_tokens), [row])
        return token

    def all(self) -> list[ApiToken]:
        """Return all tokens, by name; those that work no more too."""
        query = select(tables.api_tokens).order_by(_T.name, _T.created_at)
        with self._database.read() as connection:
            return [ApiToken(**row) for row in connection.execute(query).mappings()]

    def find(self, token: str, now: datetime) -> ApiToken | None:
        """Return a token that works."""
        query = select(tables.api_tokens).where(_T.token_hash == hash_token(token))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        found = ApiToken(**row) if row else None
        return found if found and found.state(now) == "in use" else None

    def revoke(self, name: str, now: datetime) -> None:
        """End a token. Raises InputError where none of that name works."""
        working = {one.name: one for one in self.all() if one.state(now) == "in use"}
        if name not in working:
            raise InputError(f"no token in use has the name {name!r}{did_you_mean(name, working)}")
        self._set(working[name], _T.revoked_at.is_(None), revoked_at=now)

    def note_use(self, token: ApiToken, now: datetime) -> None:
        """Record that a token was used, at most once an hour."""
        if token.last_used_at is None or token.last_used_at <= now - USE_NOTED:
            self._set(token, or_(_T.last_used_at.is_(None), _T.last_used_at <= now - USE_NOTED), last_used_at=now)

    def _set(self, token: ApiToken, condition: ColumnElement[bool], **values: Any) -> None:
        with self._database.write() as connection:
            which = update(tables.api_tokens).where(_T.token_hash == token.token_hash, condition)
            connection.execute(which.values(**values))
