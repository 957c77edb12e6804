"""Erasing a person: a pseudonym takes their place, in small steps that can be taken up again after a kill."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from alerts.core.pseudonyms import Pseudonym
from alerts.deadlines.errors import InputError
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.erased_rows import TABLES, UNDER_WAY, replace_in
from alerts.store.link_revocations import void_links
from alerts.store.rows import upsert
from alerts.store.store_error import StoreError

ERASED = "erased:"  # the fact that says when a person was erased and by whom, before the pseudonym
PASSES = 5  # what others wrote meanwhile is found by the next one
_A, _F, _L, _M, _P, _R, _S = (
    tables.api_tokens.c,
    tables.feeds.c,
    tables.sign_in_links.c,
    tables.meta.c,
    tables.people.c,
    planning_tables.rules.c,
    tables.sessions.c,
)


class Erasing:
    """The erasing of people from a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prepare(self, key: str, also: Iterable[str]) -> Pseudonym:
        """Return what would take the place of a person: the same again where erasing them was cut short.

        `also` are names and addresses that the database does not have with the person. Raises InputError where it has
        none, where somebody else has one of them, or where a rule names the person.
        """
        with self._database.read() as connection:
            begun = connection.scalar(select(_M.value).where(_M.name == UNDER_WAY + key))
            before = json.loads(begun) if begun else {}
            names = list(dict.fromkeys([*before.get("names", ()), *_names(connection, key), *also]))
            if not names:
                raise InputError(f"the database has no name and no address of {key!r}: state them with --also, each")
            _refuse_others(connection, key, names)
        text = before.get("text") or f"erased-{secrets.token_hex(4)}"
        return Pseudonym(text=text, key=key, names=tuple(name for name in names if name != key))

    def is_under_way(self, key: str) -> bool:
        """Return whether erasing a person was begun and did not come to its end."""
        with self._database.read() as connection:
            return connection.scalar(select(_M.value).where(_M.name == UNDER_WAY + key)) is not None

    def erase(self, pseudonym: Pseudonym, by: str, now: datetime) -> int:
        """Put a pseudonym in the place of a person, and end their access; returns how many rows changed.

        Raises StoreError where a message that names them is being sent: what is left is done when it is called again.
        """
        with self._database.change() as connection:
            _begin(connection, pseudonym, now)
        total = 0
        for _ in range(PASSES):
            changed = self._replace_all(pseudonym)
            total += changed
            if not changed:
                break
        with self._database.change() as connection:
            _finish(connection, pseudonym, by, now)
        return total

    def _replace_all(self, pseudonym: Pseudonym) -> int:
        total = 0
        for table in TABLES:
            done, left = replace_in(self._database, table, pseudonym)
            total += done
            if left:
                raise StoreError(
                    f"{left:,} messages that name {pseudonym.key} are being sent now: run the command again in a "
                    "minute, for the rest"
                )
        return total

    def open_owned(self, owner: str) -> list[str]:
        """Return the keys of the open commitments of an owner."""
        commitments = tables.commitments.c
        query = select(commitments.key).where(commitments.owner == owner, commitments.status == "open")
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(commitments.key)).scalars())


def _names(connection: Connection, key: str) -> list[str]:
    """Return the name and the addresses that the database has with a person."""
    person = connection.execute(select(_P.name, _P.email).where(_P.key == key)).first()
    found = list(person) if person else []
    for table in (tables.sessions, tables.sign_in_links):
        query = select(table.c.address).where(table.c.person == key).distinct().order_by(table.c.address)
        found += connection.execute(query).scalars()
    known = {one.lower() for one in found[:2]}
    return [*found[:2], *(one for one in found[2:] if one.lower() not in known)] if person else found


def _refuse_others(connection: Connection, key: str, names: Iterable[str]) -> None:
    stated = {name.lower() for name in names}
    others = connection.execute(select(_P.key, _P.name, _P.email).where(_P.key != key).order_by(_P.key)).all()
    for other, *theirs in others:
        if shared := sorted(stated & {one.lower() for one in theirs}):
            raise InputError(f"{shared[0]} is of {other} too, and would be gone there as well: change that entry first")
    rules = connection.execute(select(_R.name, _R.spec).where(_R.removed_at.is_(None)).order_by(_R.name)).all()
    for name, spec in rules:
        if key in ((spec.get("match") or {}).get("owner") or ()):
            raise InputError(
                f"the rule {name} matches the owner {key}: take that out of its entry, and run `alerts reload`, or "
                "`alerts tick` where no daemon runs"
            )


def _begin(connection: Connection, pseudonym: Pseudonym, now: datetime) -> None:
    """Write down what takes whose place, and end all by which the person has access."""
    value = json.dumps({"text": pseudonym.text, "names": pseudonym.names})
    upsert(connection, tables.meta, ["name"], [{"name": UNDER_WAY + pseudonym.key, "value": value, "at": now}])
    key = pseudonym.key
    for name in pseudonym.names:
        if "@" in name:
            void_links(connection, name, now)
    connection.execute(delete(tables.sign_in_links).where(_L.person == key))
    connection.execute(update(tables.sessions).where(_S.person == key).values(client=""))
    lasts = (_S.person == key, _S.ended_at.is_(None), _S.expires_at > now)
    connection.execute(update(tables.sessions).where(*lasts).values(ended_at=now, ended_by="erased"))
    connection.execute(update(tables.feeds).where(_F.person == key, _F.revoked_at.is_(None)).values(revoked_at=now))
    connection.execute(update(tables.api_tokens).where(_A.owner == key, _A.revoked_at.is_(None)).values(revoked_at=now))


def _finish(connection: Connection, pseudonym: Pseudonym, by: str, now: datetime) -> None:
    """Forget the person, and write down that they were erased."""
    connection.execute(update(tables.people).where(_P.deputy == pseudonym.key).values(deputy=None))
    connection.execute(delete(tables.people).where(_P.key == pseudonym.key))
    connection.execute(delete(tables.meta).where(_M.name == UNDER_WAY + pseudonym.key))
    value = json.dumps({"by": pseudonym.in_text(by)})
    upsert(connection, tables.meta, ["name"], [{"name": ERASED + pseudonym.text, "value": value, "at": now}])
