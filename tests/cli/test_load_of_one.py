"""A load of one entry reads what it changes and what depends on that, however much is tracked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alerts.store import Store
from alerts.store.snapshot import stored_dependencies
from tests.cli.conftest import NOW, Alerts
from tests.cli.test_many_commitments import commitments_read
from tests.factories import entry, load

MANY = [
    {"key": f"c{n}", "title": "T", "deadline": "2055-01-05", "timezone": "UTC", "tags": ["truce"]} for n in range(50)
]
ONE = {"key": "one", "title": "One", "timezone": "UTC", "tags": ["other"]}
FOLLOWING = {"key": "next", "title": "Next", "deadline": "P1D after one", "timezone": "UTC", "tags": ["truce"]}


def write(home: Path, name: str, *entries: dict[str, object]) -> str:
    (home / name).write_text(json.dumps({"commitments": entries}))
    return name


@pytest.fixture
def tracked(alerts: Alerts, home: Path) -> Alerts:
    """Have 52 commitments tracked, of which one follows another."""
    one = ONE | {"deadline": "2025-12-01"}
    assert alerts("load", write(home, "many.json", *MANY, one, FOLLOWING), "--at", NOW).code == 0
    alerts("tick", "--at", NOW)
    return alerts


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["stored", "dry-run"])
def test_it_reads_no_other_commitment(
    tracked: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    name = write(home, "one.json", ONE | {"deadline": "2025-12-11"}, {**ONE, "key": "new", "deadline": "2025-12-11"})
    with commitments_read(monkeypatch) as read:
        shown = tracked("load", name, *options, "--at", NOW)
    assert shown.code == 0
    assert "1 new, 0 changed, 1 moved" in shown.out
    assert set(read) <= {"one", "next", "new"}
    assert "no rule matches" in shown.out + shown.err


def test_the_dependencies_of_some_are_theirs_and_those_of_all_that_depends_on_them(store: Store) -> None:
    load(store, entry("base"), entry("other"), entry("a", "P1D after base"), entry("b", "P1D after a"))
    load(store, entry("c", "between P1D after b and P9D after other"), entry("apart", "P1D after other"))
    with store.database.read() as connection:
        some, several, everything = (stored_dependencies(connection, of) for of in (["a"], ["base", "apart"], None))
    assert {key: set(on) for key, on in some.items()} == {"a": {"base"}, "b": {"a"}, "c": {"b", "other"}}
    assert several.keys() == everything.keys() == {"a", "b", "c", "apart"}
