"""Times and JSON: written and read as SQLAlchemy would."""

from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import DateTime, NullPool, create_engine, literal, select
from sqlalchemy.dialects import sqlite

from alerts.store import Store
from alerts.store.stored_message import JsonText, read_json
from alerts.store.table_types import JSON, Utc
from tests.factories import NOW

SQLITE = sqlite.dialect()
WRITE, READ = Utc().bind_processor(SQLITE), Utc().result_processor(SQLITE, None)
PLAIN = DateTime().dialect_impl(SQLITE).bind_processor(SQLITE)
TIMES = (NOW, NOW + timedelta(microseconds=1), datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_a_time_is_written_as_the_library_writes_it_and_read_back(at):
    assert WRITE(at) == PLAIN(at.replace(tzinfo=None))
    assert READ(WRITE(at)) == at
    assert READ(WRITE(at)).tzinfo is UTC


def test_a_time_of_another_zone_is_written_in_utc_and_one_of_none_is_refused():
    assert WRITE(NOW.astimezone(timezone(timedelta(hours=14)))) == WRITE(NOW)
    assert WRITE(None) is READ(None) is None
    with pytest.raises(ValueError, match="has no zone"):
        WRITE(NOW.replace(tzinfo=None))


def test_empty_lists_of_two_columns_are_two_lists():
    first, second = read_json("[]"), read_json("[]")
    first.append("x")
    assert (second, read_json('["x"]')) == ([], first)


def test_a_store_writes_json_in_its_own_way_after_another_program_had_its_session(postgresql_url):
    """Stores of the tests use sessions one after another, and a session knows how its program writes JSON."""
    other = create_engine(postgresql_url, poolclass=NullPool)
    with other.connect() as connection:
        assert connection.scalar(select(literal({"a": 1}, JSON))) == {"a": 1}
    other.dispose()
    with closing(Store(postgresql_url)) as store, store.database.read() as connection:
        assert connection.scalar(select(literal(JsonText('{"a": 1}'), JSON))) == {"a": 1}
