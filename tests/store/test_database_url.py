"""Addresses of databases: what a user can write there works or is refused in one line, with no traceback."""

import pytest
from sqlalchemy import text

from alerts.deadlines.errors import InputError
from alerts.store import Store, tables
from alerts.store.database_url import driver_options, parse_address
from alerts.store.store_error import StoreError

OPTIONS = ["autocommit", "prepare_threshold", "row_factory", "cursor_factory", "context", "plugin", "client_encoding",
           "conninfo", "port", "connect_timeout", "sslmode", "nope", "é", "hostaddr", "options"]  # fmt: skip
VALUES = ["x", "%FF", "0x10", "-1", "True", "²", "9" * 30]
SQLITE = [
    "sqlite://host/x.db",
    "sqlite://user@/x.db",
    "sqlite+pysqlcipher://:pass@/x.db",
    "sqlite:///x.db?a=1",
    "sqlite://",
]
POSTGRESQL = ["postgresql://u@127.0.0.1:9/\udcff", "postgresql://u@\udcff/x", "postgresql://u@" + "a" * 300 + "/x",
              "postgresql://u:SECRET%00@h/x", "postgresql://u@127.0.0.1:99999/x", "postgresql://u@127.0.0.1:9/x?port=a",
              "postgresql://u@[::1/x", "postgresql+nope://u@127.0.0.1:9/x", "postgresql://u@/x?host=/nope"]  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "options"),
    [
        ("?prepare_threshold=0", {"prepare_threshold": None}),
        ("?prepare_threshold=None", {"prepare_threshold": None}),
        ("?prepare_threshold=7", {"prepare_threshold": 7}),
        ("?application_name=x", {}),
        ("", {}),
    ],
)
def test_what_the_driver_takes_as_a_number_is_one(stated, options):
    assert driver_options(parse_address(f"postgresql://u@h/x{stated}"))[1] == options


def test_prepared_statements_can_be_turned_off(postgresql_url):
    """A pooler such as pgbouncer hands each transaction to another connection, which has not prepared them."""
    for stated, count in (("0", 0), ("1", 1)):
        store = Store(f"{postgresql_url}&prepare_threshold={stated}")
        with store.database.read() as connection:
            for _ in range(4):
                connection.execute(tables.meta.select())
            prepared = connection.scalar(
                text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%meta%'")
            )
        store.close()
        assert prepared == count


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_of_any_kind_works_or_is_refused_in_one_line(option, value, postgresql_url):
    said = ""
    try:
        Store(f"{postgresql_url}&{option}={value}").close()
    except InputError as error:
        said = str(error)
    assert "\n" not in said


@pytest.mark.parametrize("url", [*SQLITE, *POSTGRESQL])
def test_an_address_that_cannot_be_used_is_refused_in_one_line(url):
    with pytest.raises(StoreError) as refused:
        Store(url)
    assert "\n" not in str(refused.value)
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("option", ["autocommit=1", "plugin=x", "row_factory=dict", "client_encoding=latin1"])
def test_an_option_that_would_break_transactions_or_text_is_refused(option):
    with pytest.raises(StoreError, match=option.partition("=")[0]):
        parse_address(f"postgresql://u@h/x?{option}")


def test_a_role_without_rights_is_told_so_in_one_line(postgresql, postgresql_url):
    postgresql.run("DROP ROLE IF EXISTS nobody_special")
    postgresql.run("CREATE ROLE nobody_special LOGIN")
    with pytest.raises(StoreError, match="permission denied"):
        Store(postgresql_url.replace("//alerts@", "//nobody_special@"))
