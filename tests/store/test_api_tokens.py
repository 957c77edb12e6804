"""Tokens of programs in a real database: stored nowhere, found by themselves only, and when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.deadlines.errors import InputError
from alerts.store import Store, tables
from tests.factories import NOW


def test_a_token_has_256_random_bits_of_which_only_the_hash_is_stored(store: Store) -> None:
    made = {store.api_tokens.add(f"n{number}", "read", by="desk", now=NOW) for number in range(3)}
    assert {len(bytes.fromhex(token.removeprefix("dla_"))) for token in made} == {32}
    assert len(made) == 3
    with store.database.read() as connection:
        stored = repr(connection.execute(select(tables.api_tokens)).all())
    shown = repr([store.api_tokens.all(), *(store.api_tokens.find(one, NOW) for one in made)])
    assert not [token for token in made if token[4:] in stored + shown]
    assert all(one.token_hash not in shown for one in store.api_tokens.all())


def test_a_token_is_found_by_itself_only(store: Store) -> None:
    token = store.api_tokens.add("sap", "write", by="desk", now=NOW)
    found = store.api_tokens.find(token, NOW)
    assert found is not None
    assert (found.name, found.scope, found.created_by) == ("sap", "write", "desk")
    for wrong in (token.upper(), token[:-1], token + "0", token[4:], "", found.token_hash):
        assert store.api_tokens.find(wrong, NOW) is None


def test_a_token_works_for_a_year_unless_it_is_revoked(store: Store) -> None:
    token = store.api_tokens.add("sap", "read", by="desk", now=NOW)
    year = timedelta(days=365)
    assert store.api_tokens.find(token, NOW + year - timedelta(seconds=1)) is not None
    assert store.api_tokens.find(token, NOW + year) is None
    store.api_tokens.revoke("sap", NOW)
    assert store.api_tokens.find(token, NOW) is None
    with pytest.raises(InputError, match="no token in use"):
        store.api_tokens.revoke("sap", NOW)


def test_its_use_is_noted_to_the_hour(store: Store) -> None:
    token = store.api_tokens.add("sap", "read", by="desk", now=NOW)
    for minutes, noted in ((0, 0), (59, 0), (60, 60), (90, 60)):
        now = NOW + timedelta(minutes=minutes)
        found = store.api_tokens.find(token, now)
        assert found is not None
        store.api_tokens.note_use(found, now)
        assert store.api_tokens.all()[0].last_used_at == NOW + timedelta(minutes=noted)
