"""A database of every schema that there was is brought up to date: nothing is lost, and nothing is sent twice.

`tests/store/schemas` holds them, made by the versions of their time. `make test` takes some of them, `make faults` all.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, column, func, inspect, select, table

from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.alert_digests import alert_digest
from alerts.store.database import migrations
from tests import forked_alerts, postgres
from tests.faults.databases import opened
from tests.faults.sinks import Sinks, open_sinks
from tests.store.schemas import kept, life
from tests.store.schemas.compared import constraints, differences
from tests.stored_ids import stored_id

WHOLE = os.environ.get("FAULTS") == "all"
ALL = {kind: kept.schemas(kind) for kind in kept.KINDS}
FEW = {kind: [found[0], found[len(found) // 2], found[-1]] for kind, found in ALL.items()}
SOME = {"sqlite": ALL["sqlite"][::-3], "postgresql": FEW["postgresql"]}  # each costs a tenth of a second
ONE = {"sqlite": FEW["sqlite"], "postgresql": FEW["postgresql"][1:2]}
MIGRATED = [(kind, one) for kind in kept.KINDS for one in (ALL if WHOLE else SOME)[kind]]
SENT = [(kind, one) for kind in kept.KINDS for one in (ALL if WHOLE else ONE)[kind]]
MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE)
OPEN = ("pending", "retry", "leased")
# What no version may lose, by the names that these tables and columns have in each.
KEPT = {
    tables.commitments: ("key", "title", "status"),
    tables.revisions: ("commitment_id", "number", "what", "recorded_by", "reason"),
    planning_tables.reminders: ("id", "commitment_id", "kind", "moment", "rule"),
    delivery_tables.deliveries: ("id", "channel", "recipient", "state", "attempts", "payload_hash"),
    delivery_tables.attempts: ("delivery_id", "number", "outcome"),
    delivery_tables.delivery_reminders: ("delivery_id", "reminder_id"),
}


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database as the version of a schema has left it."""
    kind, schema = request.param
    if kind == "sqlite":
        address = f"sqlite:///{tmp_path}/alerts.db"
        kept.restore(schema, kind, address)
        yield address
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    name = server.create()
    kept.restore(schema, kind, server.url(name))
    yield server.url(name)
    server.drop(name)


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    names = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    return {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}


def contents(connection: Connection, *, typed: bool) -> dict[str, Counter[Any]]:
    """Return what may not be lost; `typed`: by the tables of this version, else as it is stored."""
    found = {}
    for one, names in KEPT.items():
        columns = [one.c[name] if typed else column(name) for name in names]
        rows = connection.execute(select(*columns).select_from(one if typed else table(one.name)))
        found[one.name] = Counter(
            tuple(_plain(name, value) for name, value in zip(names, row, strict=True)) for row in rows
        )
    return found


def _plain(name: str, value: Any) -> str:
    """Write ids and times alike: each kind of database stores them in its own way."""
    if name == "id" or name in ("delivery_id", "reminder_id"):
        return str(stored_id(value))
    return str(value)[:19]


def wrong_digests(connection: Connection) -> list[Any]:
    """Return the links whose key is not that of their alert: it would go out again."""
    links, reminders, deliveries = (
        delivery_tables.delivery_reminders, planning_tables.reminders, delivery_tables.deliveries
    )  # fmt: skip
    of = (reminders.c[name] for name in ("commitment_id", "occurrence", "bounds_version", "kind", "moment"))
    query = select(links.c.alert, deliveries.c.channel, deliveries.c.recipient, *of)
    query = query.join(reminders, reminders.c.id == links.c.reminder_id)
    rows = connection.execute(query.join(deliveries, deliveries.c.id == links.c.delivery_id)).all()
    return [row for row in rows if row.alert != alert_digest(row[3:], row.channel, row.recipient)]


@pytest.fixture(scope="module")
def expected(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The indexes and constraints of a new database of each kind."""
    server: postgres.Server = request.getfixturevalue("postgresql")
    urls = [f"sqlite:///{tmp_path_factory.mktemp('new')}/new.db", server.url(postgres.TEMPLATE)]
    found = {}
    for kind, address in zip(kept.KINDS, urls, strict=True):
        Store(address).close()
        with opened(address) as connection:
            found[kind] = constraints(connection)
    server.leave(postgres.TEMPLATE)
    return found


@pytest.mark.parametrize("url", MIGRATED, indirect=True, ids="-".join)
def test_a_database_of_any_schema_becomes_what_the_tables_say_and_loses_no_row(url, expected):
    with opened(url) as connection:
        before, rows = contents(connection, typed=False), counts(connection)
    del rows["meta"]  # facts, of which some were moved into a table of their own
    store = Store(url)
    store.close()
    with opened(url) as connection:
        assert differences(connection) == []
        assert constraints(connection) == expected[connection.dialect.name]
        assert contents(connection, typed=True) == before
        assert wrong_digests(connection) == []
        after = counts(connection)
    assert {name: after.get(name) for name in rows} == rows
    assert rows["deliveries"] > 5


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with open_sinks() as opened_sinks:
        yield opened_sinks


@pytest.mark.parametrize("url", SENT, indirect=True, ids="-".join)
def test_what_was_open_is_sent_once_and_what_was_sent_is_not_sent_again(url, tmp_path, sinks):
    life.write_files(tmp_path, int(migrations()[-1]), sinks.http)
    with opened(url) as connection:
        columns = (column("id"), column("state"))
        states = {
            str(stored_id(one)): state for one, state in connection.execute(select(*columns, table("deliveries")))
        }
        reminders = counts(connection)["reminders"]
    waiting = {one for one, state in states.items() if state in OPEN}
    assert len(waiting) > 3
    assert set(states.values()) > {"retry", "leased"}
    for now in (life.LATER, life.LATEST):
        ran = forked_alerts.run(
            "--config", "config", "--database", url, "tick", "--take-over", "--at", now, cwd=tmp_path
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    mails = (MESSAGE_ID.search(path.read_bytes()) for path in tmp_path.glob("mail/new/*"))
    received = Counter(sinks.ids()) + Counter(one[1].decode() for one in mails if one)
    assert received == Counter(waiting)
    with opened(url) as connection:
        assert counts(connection)["reminders"] == reminders
        ended = select(delivery_tables.deliveries.c.state, func.count()).group_by(delivery_tables.deliveries.c.state)
        assert dict(connection.execute(ended).tuples().all()) == {"sent": len(states)}


@pytest.mark.parametrize("kind", kept.KINDS)
def test_there_is_a_database_of_each_schema_that_a_later_one_has_followed(kind):
    """Where one is missing, `python -m tests.store.schemas.make` makes it."""
    assert [one for one in migrations()[:-1] if one not in ALL[kind]] == []
