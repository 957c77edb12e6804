"""Databases that can be copied in an instant and looked into from outside, of either kind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, NullPool, Table, create_engine, insert, select, text

from alerts.store import delivery_tables, planning_tables, table_types, tables
from alerts.store.calendar_uids import INSTALLATION
from tests import postgres
from tests.patience import eventually

OTHERS = """select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
LAPSE = (
    "update deliveries set lease_until = clock_timestamp() - interval '1 second' where state = 'leased'",
    "update watches set claimed_until = clock_timestamp() - interval '1 second' where claimed_by is not null",
)
TABLES = (delivery_tables, planning_tables, tables)  # a table is in the metadata once its module is imported
# What may differ between a run that was never killed and one that was: numbers that a sequence gave, which process it
# was, how often and when it was tried, and whether planning has noticed that it was sent.
LOOSE = {
    "commitments": {"id"},
    "delivery_reminders": {"alert"},  # a digest, in which such a number is
    "absences": {"number"},  # as below
    "registrations": {"number", "registered_at", "registered_by"},  # a killed transaction uses a number up
    "deliveries": {
        "attempts",
        "fence",
        "remote",
        "ended_at",
        "lease_until",
        "last_error",
        "next_at",
        "fallback_for",
        "unseen",  # the next tick notices what was sent
    },
}
BY_COMMITMENT = ("commitment_id", "depends_on")
BY_THE_CLOCK = ("removed_at",)  # whatever moment a turn is for: only whether it is there is the same


class Databases(Protocol):
    """Where databases of one kind come from."""

    kind: str

    def empty(self) -> str:
        """Return the address of one that nobody has opened."""

    def copy(self, url: str) -> str:
        """Return the address of a copy of one that nobody has open."""

    def drop(self, url: str) -> None:
        """Let one go."""

    def settle(self, url: str) -> None:
        """Wait until the database has done with what was killed; let leases and claims lapse, as if time had passed."""


class Sqlite:
    """Files in a folder."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def empty(self) -> str:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return f"sqlite:///{folder / 'alerts.db'}"

    def copy(self, url: str) -> str:
        copy = self.empty()
        shutil.copy(_path(url), _path(copy))
        return copy

    def drop(self, url: str) -> None:
        shutil.rmtree(_path(url).parent)

    def settle(self, url: str) -> None:
        """A turn that has the lock frees leases and claims by itself."""


class Postgresql:
    """Databases of a server."""

    kind = "postgresql"

    def __init__(self, server: postgres.Server) -> None:
        self._server = server

    def empty(self) -> str:
        return self._server.url(self._server.create())

    def copy(self, url: str) -> str:
        return self._server.url(self._server.create(_name(url)))

    def drop(self, url: str) -> None:
        self._server.drop(_name(url))

    def settle(self, url: str) -> None:
        with opened(url) as connection:
            eventually(lambda: not connection.execute(text(OTHERS)).scalar_one(), "the dead one's sessions are over")
            if connection.execute(text("select to_regclass('deliveries')")).scalar_one():
                for statement in LAPSE:
                    connection.execute(text(statement))


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A connection that commits each statement, and leaves nothing open."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        engine.dispose()


def name_installation(url: str) -> None:
    """Give a database the id that its calendar entries name, so that its copies send the same bytes."""
    with opened(url) as connection:
        known = {"name": INSTALLATION, "value": "0" * 32, "at": datetime(2025, 11, 1, tzinfo=UTC)}
        connection.execute(insert(tables.meta), known)


def states(url: str, *, notices: bool = True) -> dict[str, str]:
    """The deliveries by id, and their states; none where there is no such table yet.

    How many failures share a notice to operators hangs on when it was killed, so those can be left out.
    """
    table = delivery_tables.deliveries
    with opened(url) as connection:
        if not connection.dialect.has_table(connection, table.name):
            return {}
        query = select(table.c.id, table.c.state)
        query = query if notices else query.where(table.c.notice.is_(None))
        return {str(row.id): row.state for row in connection.execute(query)}


def waiting(url: str) -> list[str]:
    """A line for each delivery that has not ended: its channel, its state, and what went wrong at its last try."""
    table = delivery_tables.deliveries
    with opened(url) as connection:
        if not connection.dialect.has_table(connection, table.name):
            return []
        query = select(table.c.id, table.c.channel, table.c.state, table.c.attempts, table.c.last_error)
        rows = connection.execute(query.where(table.c.state.not_in(("sent", "dead"))))
        return [f"{row.id} on {row.channel}: {row.state}, {row.attempts} tries, {row.last_error}" for row in rows]


def contents(url: str) -> dict[str, list[Any]]:
    """All that the database says, comparable with that of another database."""
    with opened(url) as connection:
        keys = dict(connection.execute(select(tables.commitments.c.id, tables.commitments.c.key)).tuples().all())
        return {table.name: _rows(connection, table, keys) for table in table_types.metadata.sorted_tables}


def _rows(connection: Connection, table: Table, keys: dict[int, str]) -> list[Any]:
    if table.name == "attempts":
        return []
    loose = LOOSE.get(table.name, set())
    found = []
    for row in connection.execute(select(table)).mappings():
        if row.get("notice"):
            continue
        seen = {name: keys[value] if name in BY_COMMITMENT else value for name, value in row.items()}
        seen |= {name: seen[name] is not None for name in BY_THE_CLOCK if name in seen}
        found.append(str({name: value for name, value in seen.items() if name not in loose}))
    return sorted(found)


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]
