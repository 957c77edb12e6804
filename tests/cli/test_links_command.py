"""The command links, and what `check` says about links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.answer_keys import read_key_file
from tests.cli.conftest import CONFIG, Alerts

AT = ("--at", "2025-10-28T10:00Z")
HTTP = "http: {public_url: 'https://alerts.example.org'}\n"


@pytest.fixture
def linked(alerts: Alerts, home: Path) -> Alerts:
    """Commands in a folder where messages have links."""
    (home / "config/alerts.yaml").write_text(CONFIG + HTTP)
    return alerts


def key_file(home: Path) -> Path:
    (found,) = home.rglob("*.answer-keys")
    return found


def sent(home: Path) -> str:
    return "".join(path.read_text() for path in sorted((home / "mail/new").iterdir()))


def test_without_a_public_url_there_are_no_links(alerts: Alerts, home: Path) -> None:
    said = alerts("links", "list")
    assert said.code == 1
    assert "messages have no links: `public_url` is not set under `http:`" in said.err
    assert not [*home.rglob("*answer-keys*")]


def test_a_list_names_channels_keys_and_revocations_and_shows_no_key(linked: Alerts, home: Path) -> None:
    said = linked("links", "list")
    assert "links lead to https://alerts.example.org, and may acknowledge, snooze, note" in said.out
    assert "channels with links: box, chat" in said.out
    assert "channels that show commands: hook" in said.out
    assert "keys: none yet;" in said.out
    assert not [*home.rglob("*answer-keys*")]
    linked("links", "rotate", *AT)
    linked("links", "rotate", "--at", "2025-10-29T10:00Z")
    said = linked("links", "list")
    first, second = re.findall(r"  key ([0-9a-f]{8}), made (.*): (.*)", said.out)
    assert (first[1:], second[1:]) == (
        ("Wed 29 Oct 2025 10:00 UTC", "signs"),
        ("Tue 28 Oct 2025 10:00 UTC", "verifies"),
    )
    assert not any(key.secret.hex()[:16] in said.out for key in read_key_file(key_file(home)))


def test_a_rotation_drops_what_it_is_to_drop(linked: Alerts, home: Path) -> None:
    linked("links", "rotate", *AT)
    said = linked("links", "rotate", "--at", "2025-11-28T10:00Z")
    assert "a new key signs from now on; 1 older verify" in said.out
    said = linked("links", "rotate", "--drop-older-than", "30 days", "--at", "2025-12-01T10:00Z")
    assert "dropped" not in said.out
    said = linked("links", "rotate", "--drop-older-than", "P0D", "--at", "2025-12-02T10:00Z")
    assert "dropped 3: the links that they have signed are void" in said.out
    assert len(read_key_file(key_file(home))) == 1


def test_a_revocation_makes_void_what_a_recipient_has_got(linked: Alerts, home: Path) -> None:
    linked("load", "seed.yaml", *AT)
    linked("tick", "--at", "2025-10-29T10:00Z")
    assert "/a/" in sent(home)
    said = linked("links", "revoke", "--recipient", "You@localhost", "--at", "2025-10-29T11:00Z")
    assert "the links that You@localhost has got so far are void" in said.out
    assert "void: links to you@localhost up to Wed 29 Oct 2025 11:00 UTC" in linked("links", "list").out


def test_a_revocation_of_somebody_unknown_is_refused(linked: Alerts) -> None:
    linked("load", "seed.yaml", *AT)
    linked("tick", "--at", "2025-10-29T10:00Z")
    said = linked("links", "revoke", "--recipient", "you@locahost")
    assert said.code == 1
    assert "nothing was sent to 'you@locahost'; did you mean 'you@localhost'?" in said.err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("revoke", "--recipient"),
        ("rotate --recipient ann@example.org", "is for `alerts links revoke`"),
        ("list --drop-older-than P1D", "is for `alerts links rotate`"),
        ("rotate --drop-older-than P1M", "expected days or hours"),
        ("rotate --drop-older-than soon", "expected a duration"),
        ("burn", "rotate"),
    ],
)
def test_what_is_asked_wrongly_is_refused(linked: Alerts, words: str, error: str) -> None:
    said = linked("links", *words.split())
    assert said.code != 0
    assert error in said.err


def test_keys_that_the_settings_name_are_not_rotated_here(linked: Alerts, home: Path) -> None:
    (home / "config/keys").write_text("ab" * 32 + "\n")
    http = "http: {public_url: 'https://alerts.example.org', answer_keys: {file: keys}}\n"
    (home / "config/alerts.yaml").write_text(CONFIG + http)
    assert "openssl rand -hex 32" in linked("links", "rotate").err
    said = linked("links", "list")
    assert "keys: as http.answer_keys names them" in said.out
    assert "abab" not in said.out
    (home / "config/keys").write_text("ab" * 31 + "\n")
    said = linked("check", *AT)
    assert said.code == 1
    assert "http.answer_keys: line 1 is no key" in said.err
    assert "abab" not in said.err


def test_check_refuses_a_key_file_that_others_may_read(linked: Alerts, home: Path) -> None:
    linked("links", "rotate", *AT)
    assert linked("check", *AT).code == 0
    key_file(home).chmod(0o644)
    said = linked("check", *AT)
    assert said.code == 1
    assert "others may read the keys of answer links (mode 0644): run `chmod 600" in said.err


def test_health_says_why_messages_have_no_links(linked: Alerts, home: Path) -> None:
    linked("links", "rotate", *AT)
    key_file(home).write_text("no key\n")
    said = linked("health", *AT)
    assert "warning: messages have no links, but commands: " in said.err
    assert "line 1 is no key" in said.err


def test_check_says_which_channels_a_link_to_this_machine_does_not_reach(alerts: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG + "http: {public_url: 'http://127.0.0.1:8080'}\n")
    said = alerts("check", *AT)
    assert "leads to this machine only, so chat show commands instead of links" in said.err
    (home / "config/alerts.yaml").write_text(CONFIG.replace("{env: HOOK}", "{env: HOOK}, answers: true"))
    said = alerts("check", *AT)
    assert "channel hook: `answers` is on, but there are no links without http.public_url" in said.err


def test_check_says_that_links_cross_a_network_in_the_open(alerts: Alerts, home: Path) -> None:
    text = "is not encrypted, so anybody who reads the network can answer by the links"
    for url, warns in (("http://alerts.example.org", True), ("https://alerts.example.org", False)):
        (home / "config/alerts.yaml").write_text(CONFIG + f"http: {{public_url: '{url}'}}\n")
        assert (text in alerts("check", *AT).err) is warns


def test_a_preview_shows_links_that_do_not_work_and_makes_no_key(linked: Alerts, home: Path) -> None:
    linked("load", "seed.yaml", *AT)
    said = linked("preview", "desk", "summit", "--channel", "box", *AT)
    assert re.search(r"https://alerts\.example\.org/a/[a-z2-7]+0{26}\n", said.out)
    assert "the links of a preview do not work" in said.err
    assert not [*home.rglob("*answer-keys*")]
