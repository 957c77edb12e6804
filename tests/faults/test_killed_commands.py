"""A complete load and an erasing that are killed: the first leaves all or nothing, the second is taken up again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.store import Store
from alerts.store.complete_export import export_all
from tests.factories import NOW, load, plan_at, rule
from tests.factories import entry as commitment
from tests.faults.databases import Databases, Postgresql, Sqlite, contents
from tests.faults.nursery import Nursery, Ran
from tests.faults.report import REPORT
from tests.store.schemas import kept

WHOLE = os.environ.get("FAULTS") == "all"
DIFFERS = re.compile(r": (before|after) (sql commit|file)")
FEW, SOME = 2, 40  # kills elsewhere: in the suite, and in `make faults`
CONFIG = """
channels:
  box: {{kind: maildir, path: {folder}/mail, to: [desk@example.org]}}
rules:
  - {{name: desk, cron: "0 9 * * *", match: {{}}, notify: [box], remind: {{before: [P7D]}}}}
"""
ERASE = (
    "people",
    "erase",
    "ana",
    "--also",
    "Ana Lopez",
    "--also",
    "ana@example.org",
    "--yes",
    "--at",
    "2025-11-03T12:00Z",
)
PSEUDONYM = re.compile(r"erased-[0-9a-f]{8}")
PERSON = re.compile(r"(?i)ana lopez|ana@example|'ana'")


@pytest.fixture(params=["sqlite", "postgresql"] if WHOLE else ["sqlite"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    if request.param == "sqlite":
        return Sqlite(tmp_path)
    return Postgresql(request.getfixturevalue("postgresql"))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Ran]]:
    """Run a command on a database; it dies at that boundary."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/alerts.yaml").write_text(CONFIG.format(folder=tmp_path))
    with Nursery(tmp_path) as nursery:
        options = ("--config", str(tmp_path / "config"), "--database")
        yield lambda url, *words, die_at=None: nursery.run([*options, url, *words], die_at)


def chosen(passed: Sequence[str]) -> list[int]:
    """Return the numbers of the boundaries to kill at: around what others could notice, and some in between."""
    differing = [number for number, label in enumerate(passed, 1) if DIFFERS.search(label)]
    others = [number for number in range(1, len(passed) + 1) if number not in differing]
    if not WHOLE:
        differing = differing[1:2] + differing[-2:]
    return sorted({*differing, *others[:: max(1, len(others) // (SOME if WHOLE else FEW))]})


def test_a_complete_load_that_is_killed_leaves_all_or_nothing(
    databases: Databases, run: Callable[..., Ran], tmp_path: Path
) -> None:
    file = tmp_path / "all.jsonl"
    kept.restore(kept.schemas("sqlite")[-1], "sqlite", f"sqlite:///{tmp_path}/source.db")
    source = Store(f"sqlite:///{tmp_path}/source.db")
    export_all(source.database, file, NOW)
    source.close()
    load_file = ("load", str(file), "--at", "2025-11-04T12:00Z")
    base, expected = databases.empty(), databases.empty()
    Store(base).close()
    nothing = contents(base)
    whole = run(expected, *load_file)
    assert whole.code == 0, whole.said
    everything, outcomes = contents(expected), {"all": 0, "nothing": 0}
    for number in chosen(whole.passed):
        url = databases.copy(base)
        killed = run(url, *load_file, die_at=number)
        databases.settle(url)
        left = contents(url)
        assert killed.killed or killed.code == 0, killed.said
        assert left in (nothing, everything), f"killed at {killed.passed[-1]}"
        outcomes["all" if left == everything else "nothing"] += 1
        again = run(url, *load_file)
        assert again.code == (0 if left == nothing else 1), again.said
        assert contents(url) == everything
        databases.drop(url)
    assert all(outcomes.values()), outcomes
    REPORT.lines.append(f"{databases.kind}: a complete load was killed at {sum(outcomes.values())} places: {outcomes}")


def plain(url: str) -> str:
    """Return all that a database says, whatever the pseudonym is."""
    return PSEUDONYM.sub("erased", json.dumps(contents(url)))


def test_an_erasing_that_is_killed_is_taken_up_again_with_the_same_pseudonym(
    databases: Databases, run: Callable[..., Ran]
) -> None:
    base = databases.empty()
    store = Store(base)
    names = [commitment(f"c{number}", note="ask Ana Lopez", title=f"C {number}") for number in range(12)]
    monday = NOW + timedelta(days=6)
    load(store, *names)
    assert plan_at(store, monday, rule(digest=False), to=["ana@example.org", "desk@example.org"]) > 10
    store.close()
    expected = databases.copy(base)
    whole = run(expected, *ERASE)
    assert whole.code == 0, whole.said
    assert not PERSON.search(json.dumps(contents(expected)))
    kills = 0
    for number in chosen(whole.passed):
        url = databases.copy(base)
        killed = run(url, *ERASE, die_at=number)
        databases.settle(url)
        kills += killed.killed
        begun = set(PSEUDONYM.findall(json.dumps(contents(url))))
        again = run(url, *ERASE)
        left = json.dumps(contents(url))
        is_over = "no table has" in again.said  # killed after the last commit
        assert (again.code == 0) is not is_over, again.said
        assert not PERSON.search(left), f"killed at {killed.passed[-1]}"
        assert len(set(PSEUDONYM.findall(left)) | begun) == 1, "one person, one pseudonym"
        assert plain(url) == plain(expected), f"killed at {killed.passed[-1]}"
        databases.drop(url)
    REPORT.lines.append(f"{databases.kind}: an erasing was killed at {kills} places, and taken up again each time")
