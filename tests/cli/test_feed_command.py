"""The command feed: an address that is shown once, what is listed of it, and its end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, NOW, Alerts

PUBLIC = "https://alerts.example.org"
PEOPLE = "people:\n  - {key: ann, name: Ann, email: ann@example.org}\n"


@pytest.fixture
def configured(loaded: Alerts, home: Path) -> Alerts:
    text = f"{CONFIG}{PEOPLE}http: {{public_url: '{PUBLIC}'}}\n"
    (home / "config/alerts.yaml").write_text(
        text.replace("to: [you@localhost]}", "to: [you@localhost], default: true}")
    )
    return loaded


def test_an_address_is_printed_once_and_found_nowhere_afterwards(configured: Alerts, home: Path) -> None:
    said = configured("feed", "add", "ann", "--at", NOW)
    assert said.code == 0
    assert re.fullmatch(rf"{PUBLIC}/calendar/[0-9a-f]{{64}}\.ics\n", said.out)
    assert said.err == (
        "Deadlines of ann: owner ann. The address is shown once; anybody who has it can read the calendar\n"
    )
    token = said.out[-70:-5].removeprefix("/").removesuffix(".")
    assert len(token) == 64
    after = [configured("feed", *words) for words in (["list"], ["list", "--json"], ["revoke", "Deadlines of ann"])]
    files = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert token.encode() not in files
    assert not [one for one in after if token in one.out + one.err]


def test_feeds_are_listed_with_what_they_show_and_their_last_use(configured: Alerts) -> None:
    assert configured("feed", "list").out == "no feeds yet: `alerts feed add PERSON` makes one\n"
    configured("feed", "add", "ann", "--at", NOW, "--by", "boss", "--alarms")
    asked = ["--owner", "ann", "--tag", "truce", "--tag", "tax", "--party", "us", "--priority", "high"]
    configured("feed", "add", "ann", "--name", "Urgent", *asked)
    configured("feed", "add", "ann", "--name", "All", "--all")
    configured("feed", "revoke", "All", "--at", "2025-11-05T09:00Z")
    lines = configured("feed", "list").out.splitlines()
    assert [re.split(r"\s{2,}", line.strip()) for line in lines[:3]] == [
        ["name", "person", "shows", "last read (UTC)", "state"],
        ["All", "ann", "all deadlines", "never", "revoked Wed 5 Nov 2025 09:00"],
        ["Deadlines of ann", "ann", "owner ann", "never", "in use"],
    ]
    rows = configured("feed", "list", "--json").json
    assert [row["name"] for row in rows] == ["All", "Deadlines of ann", "Urgent"]
    assert rows[1] == {
        "name": "Deadlines of ann", "person": "ann", "alarms": True, "created_by": "boss",
        "shows": {"owners": ["ann"], "tags": [], "parties": [], "priorities": []},
        "created_at": "2025-10-28T10:00:00Z", "last_used_at": None, "revoked_at": None, "person_is_known": True,
    }  # fmt: skip
    assert rows[2]["shows"] == {"owners": ["ann"], "tags": ["truce", "tax"], "parties": ["us"], "priorities": ["high"]}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("add", "Invalid value for PERSON: is missing"),
        ("revoke", "Invalid value for NAME: is missing"),
        ("add an", "no person has the key 'an'; did you mean 'ann'?"),
        ("add ann --owner an", "no person has the key 'an'; did you mean 'ann'?"),
        ("add ann --party uk", "no party has the key 'uk'; known: us"),
        ("add ann --priority hihg", "Invalid value for --priority: 'hihg' is not a priority; did you mean 'high'?"),
        ("add ann --all --tag x", "Invalid value for --all: shows all: leave out what asks for less"),
        ("revoke Mine", "no feed has the name 'Mine'"),
    ],
)
def test_what_cannot_be_done_is_one_line(configured: Alerts, words: str, error: str) -> None:
    said = configured("feed", *words.split())
    assert said.code in (1, 2)
    assert error in said.err
    assert said.err.count("\n") == 1


def test_without_a_public_address_there_are_no_feeds(loaded: Alerts) -> None:
    said = loaded("feed", "add", "ann")
    assert (said.code, said.out) == (1, "")
    assert "set `public_url` under `http:` in the settings" in said.err


def test_an_address_of_this_machine_is_said_to_be_one(configured: Alerts, home: Path) -> None:
    text = (home / "config/alerts.yaml").read_text().replace(PUBLIC, "http://127.0.0.1:8080")
    (home / "config/alerts.yaml").write_text(text)
    assert "calendar programs elsewhere cannot reach it" in configured("feed", "add", "ann").err
