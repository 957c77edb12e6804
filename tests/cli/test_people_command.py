"""`alerts people erase`: after it no column of any table has the name, an address or the key of the person."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from alerts.store import Store, delivery_tables, tables
from alerts.store.sessions import Arrival, SignInLink
from tests import postgres
from tests.cli.conftest import Alerts
from tests.factories import at
from tests.filled_tables import texts_of

CONFIG = """\
people:
  - {key: bo, name: Bo, email: bo@example.org}
  - {key: aortiz, name: Ana O'Ortiz López, email: Ana.Ortiz@example.org, deputy: bo}
channels:
  box: {kind: maildir, path: mail, to: [desk@example.org], default: true}
  hook: {kind: webhook, url: "http://127.0.0.1:9/x", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, events: [all]}
operators: [box]
http: {public_url: "https://alerts.example.org", answer_keys: {file: keys}}
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {}
    remind: {before: [P7D, P1D], on_the_day: true, overdue: true, moved: true, closed: true}
    notify: [owner, box]
  - {name: sum, cron: "0 8 * * 1", match: {}, summary: {horizon: P30D}, notify: [box]}
"""
ENTRY = "  - {key: aortiz, name: Ana O'Ortiz López, email: Ana.Ortiz@example.org, deputy: bo}\n"
FILE = """\
parties: [{key: us, name: Ana O'Ortiz López}]
commitments:
  - {key: summit, title: The summit, deadline: 2025-11-10, timezone: UTC, owner: aortiz, by: [us], tags: [aortiz]}
  - {key: audit, title: The audit of Ana O'Ortiz  López, deadline: 2025-10-31, timezone: UTC, owner: aortiz}
  - {key: claim, title: The claim, deadline: 2025-11-04, timezone: UTC, owner: bo, note: ask ana.ortiz@EXAMPLE.org or aortiz}
"""  # noqa: E501
OCTOBER, NOVEMBER, LATER = "2025-10-28T10:00Z", "2025-11-03T10:00Z", "2025-11-09T10:00Z"
STEPS = (
    f"load file.yaml --at {OCTOBER}",
    f"tick --at {OCTOBER}",
    f"ack summit --by aortiz --at {OCTOBER}",
    f"close audit --as fulfilled --by ana.ortiz@example.org --at {OCTOBER}",
    f"assign claim aortiz --because aortiz,_not_bo --at {OCTOBER}",
    f"assign claim bo --at {OCTOBER}",
    f"snooze claim --until 2025-11-02 --for-all --by aortiz --at {OCTOBER}",
    f"away aortiz --from 2025-11-02 --until 2025-11-04 --because leave --by aortiz --at {OCTOBER}",
    f"away bo --from 2025-11-20 --until 2025-11-21 --to aortiz --at {OCTOBER}",
    f"silence add --match owner=aortiz --until 2025-10-29 --reason aortiz --by aortiz --at {OCTOBER}",
    f"feed add aortiz --name aortiz --at {OCTOBER}",
    f"feed add bo --name bo --owner aortiz --by aortiz --at {OCTOBER}",
    f"token add sap --owner aortiz --at {OCTOBER}",
    f"links revoke --recipient ana.ortiz@example.org --at {OCTOBER}",
    f"tick --at {NOVEMBER}",
)
PERSON = re.compile(r"ana\W+o(?:'|&#39;|&#x27;)ortiz\W+l(?:ó|\\u00f3)pez|ana\.ortiz|aortiz", re.IGNORECASE)
WITHOUT_KEY = re.compile(r"ortiz\W+l|ana\.ortiz", re.IGNORECASE)


def use(alerts: Alerts, home: Path) -> None:
    """Let a person use a database in every way."""
    (home / "config/alerts.yaml").write_text(CONFIG)
    (home / "config/keys").write_text("6b" * 32 + "\n")
    (home / "file.yaml").write_text(FILE)
    for step in STEPS:
        said = alerts(*step.split(" "))
        assert said.code in ((0, 1) if step.startswith("tick") else (0,)), (step, said.err)  # nobody takes the events


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture
def tmp_path(place: Path) -> Path:
    """The same folder for each test, with nothing in it: a database knows in which one its settings are."""
    shutil.rmtree(place)
    place.mkdir()
    return place


@pytest.fixture(scope="module")
def first_uses() -> dict[str, tuple[Path, str]]:
    """By kind of database: a copy of the folder of the first test on it, once it is used, and its database."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def used(
    request: pytest.FixtureRequest,
    alerts: Alerts,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    first_uses: dict[str, tuple[Path, str]],
) -> Alerts:
    """A database that a person has used in every way, or a copy of it; the settings have them still."""
    server: postgres.Server | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
    if request.param in first_uses:
        folder, database = first_uses[request.param]
        shutil.copytree(folder, home, dirs_exist_ok=True)
    else:
        database = ""
        if server:
            database = server.create(postgres.TEMPLATE)
            monkeypatch.setenv("ALERTS_DATABASE", server.url(database))
        use(alerts, home)
        copied = home.with_name(f"{home.name}-{request.param}")
        shutil.copytree(home, copied, ignore=shutil.ignore_patterns("*-shm"))  # SQLite makes it anew
        first_uses[request.param] = copied, database
    if server:
        monkeypatch.setenv("ALERTS_DATABASE", server.url(server.create(database)))
    return alerts


@pytest.fixture
def store(used: Alerts) -> Iterator[Store]:
    """The same database, in which the person has signed in, too."""
    opened = Store(os.environ["ALERTS_DATABASE"])
    now = at("2025-11-03T09:00")
    link = SignInLink(person="aortiz", address="ana.ortiz@example.org", leads_to="/")
    opened.sessions.add_link(link, now)
    opened.sessions.begin(Arrival(person="aortiz", address="Ana.Old@example.org", client="198.51.100.7"), now)
    yield opened
    opened.close()


def left_out(home: Path) -> None:
    """Take the person out of the settings."""
    (home / "config/alerts.yaml").write_text(CONFIG.replace(ENTRY, ""))


def places(store: Store, pattern: re.Pattern[str] = PERSON) -> set[str]:
    return {f"{table}.{column}" for table, column, text in texts_of(store) if pattern.search(text)}


def test_no_column_has_the_person_afterwards_and_what_was_sent_can_be_counted(
    used: Alerts, store: Store, home: Path
) -> None:
    before = Counter(one["recipient"].lower() for one in used("deliveries", "--json").json)
    assert before["ana.ortiz@example.org"] > 1
    assert len(places(store)) > 25, "the person stands nearly everywhere"
    left_out(home)
    said = used("people", "erase", "aortiz", "--yes", "--at", NOVEMBER)
    assert said.code == 0, said.err
    (pseudonym,) = set(re.findall(r"erased-[0-9a-f]{8}", said.out))
    tags = {"commitments.tags", "commitments.loaded", "revisions.stated", "deliveries.payload"}  # a tag is no person
    assert places(store) <= tags
    assert not places(store, WITHOUT_KEY)
    assert not places(store, re.compile(r"ana\.old|198\.51\.100\.7", re.IGNORECASE))
    after = Counter(one["recipient"].lower() for one in used("deliveries", "--json").json)
    assert after == Counter(
        {one.replace("ana.ortiz@example.org", f"{pseudonym}@erased.invalid"): count for one, count in before.items()}
    )
    for look in ("list", "show claim", "show audit --json", "why summit", "plan --days 30", "away", "feed list"):
        said = used(*look.split(" "), *(("--at", NOVEMBER) if look != "feed list" else ()))
        assert said.code == 0, look
        assert not WITHOUT_KEY.search(said.out)
    assert used("show", "audit", "--json", "--at", NOVEMBER).json["owner"] == pseudonym


def test_their_access_ends(used: Alerts, store: Store, home: Path) -> None:
    left_out(home)
    now = at("2025-11-03T09:30")
    assert store.sessions.lasting(now)
    assert used("people", "erase", "aortiz", "--yes", "--at", NOVEMBER).code == 0
    (pseudonym,) = {one.person for one in store.sessions.latest(9)}
    assert not store.sessions.lasting(now)
    with store.database.read() as connection:
        assert not connection.execute(select(tables.sign_in_links)).all()
    states = {feed.name: (feed.person, feed.revoked_at is not None) for feed in store.feeds.all(now)}
    assert states == {pseudonym: (pseudonym, True), "bo": ("bo", False)}
    (token,) = store.api_tokens.all()
    assert (token.owner, token.state(at("2025-11-03T11:00"))) == (pseudonym, "revoked")
    assert f"{pseudonym}@erased.invalid" in {one.recipient for one in store.link_revocations.all()}


def test_what_waits_for_them_is_reported_and_not_lost(used: Alerts, store: Store, home: Path) -> None:
    """It goes to the operators like all that nobody can receive any more."""
    used("snooze", "claim", "--until", "2025-11-20", "--past-due", "--at", NOVEMBER)
    left_out(home)
    with store.database.write() as connection:
        table = delivery_tables.deliveries
        to_them = table.c.recipient == "Ana.Ortiz@example.org"
        connection.execute(update(table).where(to_them).values(state="pending", next_at=at("2025-11-03T10:00")))
    assert used("people", "erase", "aortiz", "--yes", "--at", NOVEMBER).code == 0
    rows = [one for one in used("deliveries", "--json").json if one["recipient"].endswith("@erased.invalid")]
    assert {one["state"] for one in rows} == {"pending"}
    used("tick", "--at", NOVEMBER)
    used("tick", "--at", LATER)
    rows = [one for one in used("deliveries", "--json").json if one["recipient"].endswith("@erased.invalid")]
    reported = {one["carries"][0]: one["reported_level"] for one in rows if one["state"] != "superseded"}
    assert reported == {"summit before": 2, "audit closed": 3}


def test_a_message_that_is_being_sent_is_left_until_the_next_run_which_goes_on(
    used: Alerts, store: Store, home: Path
) -> None:
    left_out(home)
    table = delivery_tables.deliveries
    to_them = table.c.recipient == "Ana.Ortiz@example.org"

    def become(state: str) -> None:
        with store.database.write() as connection:
            connection.execute(update(table).where(to_them).values(state=state))

    become("leased")
    said = used("people", "erase", "aortiz", "--yes", "--at", NOVEMBER)
    assert said.code == 1
    assert "messages that name aortiz are being sent now: run the command again in a minute" in said.err
    (pseudonym,) = set(re.findall(r"erased-[0-9a-f]{8}", said.out))
    become("sent")
    said = used("people", "erase", "aortiz", "--yes", "--at", NOVEMBER)
    assert f"aortiz is now {pseudonym}, in " in said.out
    assert not places(store, WITHOUT_KEY)


def test_it_says_first_what_would_change(used: Alerts, store: Store, home: Path) -> None:
    left_out(home)
    before = texts_of(store)
    said = used("people", "erase", "aortiz", "--dry-run", "--at", NOVEMBER)
    assert said.code == 0
    assert said.out.startswith("aortiz, Ana O'Ortiz López, Ana.Ortiz@example.org, ana.old@example.org → erased-")
    assert re.search(r"^  commitments: .*owner \(2\)", said.out, re.MULTILINE)
    assert re.search(r"^  deliveries: .*payload \(\d+\), recipient \(\d+\)", said.out, re.MULTILINE)
    assert texts_of(store) == before
    said = used("people", "erase", "aortiz", "--at", NOVEMBER)
    assert said.code == 2
    assert "aortiz cannot be brought back, but from backups; add --yes if that is meant" in said.err
    assert texts_of(store) == before


def refused(alerts: Alerts, *words: str) -> str:
    said = alerts("people", "erase", *words, "--yes", "--at", NOVEMBER)
    assert said.code == 1
    assert said.err.count("\n") == 1, said.err
    return said.err


def test_who_is_in_the_settings_is_refused_with_the_line(used: Alerts, home: Path) -> None:
    file = home / "config/alerts.yaml"
    assert refused(used, "aortiz").startswith("alerts: config/alerts.yaml:3: has aortiz still: take this line out")
    file.write_text(CONFIG.replace(ENTRY, "").replace("to: [desk@", "to: [ana.ortiz@example.org, desk@"))
    assert "config/alerts.yaml:4: has Ana.Ortiz@example.org still" in refused(used, "aortiz")
    matching = CONFIG.replace("match: {}", "match: {owner: [aortiz]}", 1)
    file.write_text(matching)
    assert used("tick", "--at", NOVEMBER).code in (0, 1)
    file.write_text(matching.replace(ENTRY, ""))
    assert "the rule desk matches the owner aortiz: take that out" in refused(used, "aortiz")


def test_who_shares_a_name_with_somebody_and_who_is_not_known_are_refused(used: Alerts, home: Path) -> None:
    left_out(home)
    assert "bo@example.org is of bo too" in refused(used, "aortiz", "--also", "BO@example.org")
    assert "the database has no name and no address of 'nobody': state them with --also" in refused(used, "nobody")
    assert "no table has nobody, Nobody Known" in refused(used, "nobody", "--also", "Nobody Known")


def test_who_was_forgotten_is_erased_by_the_names_that_are_stated(used: Alerts, store: Store, home: Path) -> None:
    left_out(home)
    with store.database.write() as connection:
        connection.execute(delete(tables.people).where(tables.people.c.key == "aortiz"))
    words = ("--also", "Ana O'Ortiz López", "--also", "ana.ortiz@example.org")
    assert used("people", "erase", "aortiz", *words, "--yes", "--at", NOVEMBER).code == 0
    assert not places(store, WITHOUT_KEY)
