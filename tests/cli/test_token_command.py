"""The command token: a token that is shown once, what is listed of it, and its end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts


def test_a_token_is_printed_once_and_found_nowhere_afterwards(loaded: Alerts, home: Path) -> None:
    said = loaded("token", "add", "sap", "--scope", "write", "--at", NOW)
    assert said.code == 0
    assert re.fullmatch(r"dla_[0-9a-f]{64}\n", said.out)
    assert said.err.splitlines() == [
        "token sap (write) works until Wed 28 Oct 2026 10:00 UTC. It is shown once; anybody who has it can use the API",
        "nothing answers it yet: the API needs `http:` in the settings",
    ]
    token = said.out.strip()
    words = (["token", "list"], ["token", "list", "--json"], ["health"], ["token", "revoke", "sap", "--at", NOW])
    after = [loaded(*one) for one in words]
    files = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert token[4:].encode() not in files
    assert not [one for one in after if token[4:] in one.out + one.err]


def test_tokens_are_listed_with_their_scope_and_their_end(loaded: Alerts) -> None:
    assert loaded("token", "list").out == "no tokens yet: `alerts token add NAME` makes one\n"
    loaded("token", "add", "sap", "--scope", "write", "--at", NOW, "--by", "boss")
    loaded("token", "add", "old", "--at", "2024-10-01T00:00Z")
    loaded("token", "add", "gone", "--at", NOW)
    assert loaded("token", "revoke", "gone", "--at", NOW).out.startswith("token gone is revoked")
    lines = loaded("token", "list", "--at", NOW).out.splitlines()
    assert [re.split(r"\s{2,}", line.strip()) for line in lines] == [
        ["name", "scope", "last used (UTC)", "state"],
        ["gone", "read", "never", "revoked Tue 28 Oct 2025 10:00"],
        ["old", "read", "never", "expired Wed 1 Oct 2025 00:00"],
        ["sap", "write", "never", "works until Wed 28 Oct 2026 10:00"],
    ]
    assert loaded("token", "list", "--at", NOW, "--json").json[2] == {
        "name": "sap", "scope": "write", "owner": None, "state": "in use", "created_by": "boss",
        "created_at": "2025-10-28T10:00:00Z", "expires_at": "2026-10-28T10:00:00Z", "last_used_at": None,
        "revoked_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("add",), "NAME"),
        (("add", " "), "is empty"),
        (("add", "a\nb"), "line break"),
        (("add", "sap"), "a token has the name 'sap'"),
        (("add", "b", "--scope", "admin"), "--scope"),
        (("revoke", "spa"), "no token in use has the name 'spa'; did you mean 'sap'?"),
        (("revoke",), "NAME"),
    ],
)
def test_what_is_wrong_is_said(loaded: Alerts, words: tuple[str, ...], problem: str) -> None:
    loaded("token", "add", "sap", "--at", NOW)
    said = loaded("token", *words, "--at", NOW)
    assert said.code != 0
    assert problem in said.err


def test_a_name_is_free_again_once_its_token_has_ended(loaded: Alerts) -> None:
    loaded("token", "add", "sap", "--at", NOW)
    assert loaded("token", "add", "sap", "--at", "2026-10-28T10:00Z").code == 0
    loaded("token", "revoke", "sap", "--at", "2026-10-29T10:00Z")
    assert loaded("token", "add", "sap", "--at", "2026-10-30T10:00Z").code == 0


@pytest.mark.parametrize(("day", "warns"), [("2026-09-27", False), ("2026-09-29", True), ("2026-10-29", False)])
def test_health_warns_a_month_before_it_expires(loaded: Alerts, day: str, warns: bool) -> None:
    loaded("token", "add", "sap", "--at", NOW)
    text = "token sap expires Wed 28 Oct 2026 10:00 UTC: `alerts token add` makes another"
    assert (text in loaded("health", "--at", f"{day}T00:00Z").err) == warns
