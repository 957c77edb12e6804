"""The section `http` of the settings: what it means, what it refuses, and that the keys of links never show."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.deadlines.errors import InputError
from alerts.link_signing import link_signing
from alerts.settings import Settings, load_settings
from alerts.settings.http_section import HttpSettings


def load(folder: Path, http: str, environ: dict[str, str] | None = None, database: str | None = None) -> Settings:
    (folder / "a.yaml").write_text(f"channels: {{log: {{kind: console}}}}\n{http}\n")
    return load_settings(folder, database, environ or {})


def refused(folder: Path, http: str, environ: dict[str, str] | None = None, database: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(folder, http, environ, database)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


def test_without_the_section_nothing_listens(tmp_path: Path) -> None:
    assert load(tmp_path, "").http is None


def test_an_empty_section_listens_on_loopback(tmp_path: Path) -> None:
    assert load(tmp_path, "http: {}").http == HttpSettings()


def test_all_of_the_section_is_read(tmp_path: Path) -> None:
    first, second = "a1" * 32, "b2" * 32
    (tmp_path / "keys").write_text(f"{first} 2026-11-28T09:00:00Z\n{second}\n")
    text = """
http:
  bind: 0.0.0.0
  port: 8443
  public_url: HTTPS://Alerts.Example.org/
  operations: "[::1]:9090"
  trusted_proxies: [192.0.2.10, 192.0.2.0/24, "2001:db8::1"]
  answers: {allow: [acknowledge, move]}
  answer_keys: {file: keys}
"""
    settings = load(tmp_path, text)
    assert settings.http == HttpSettings(
        bind="0.0.0.0",
        port=8443,
        public_url="https://alerts.example.org",
        operations=("::1", 9090),
        trusted_proxies=("192.0.2.10", "192.0.2.0/24", "2001:db8::1"),
        allowed_answers=frozenset({"acknowledge", "move"}),
        answer_keys=f"{first} 2026-11-28T09:00:00Z\n{second}",
    )
    assert first not in repr(settings.http)
    assert {first, second} <= set(settings.secrets())
    assert "2026-11-28T09:00:00Z" not in settings.secrets()


@pytest.mark.parametrize(
    ("url", "host", "is_plain"),
    [
        ("https://alerts.example.org", "alerts.example.org", False),
        ("http://alerts.example.org:8080", "alerts.example.org", True),
        ("http://127.0.0.1:8080", "127.0.0.1", False),
        ("http://localhost:8080", "localhost", False),
        ("http://[::1]:8080", "::1", False),
    ],
)
def test_a_public_url_has_a_host_and_is_plain_beyond_loopback(
    url: str, host: str, is_plain: bool, tmp_path: Path
) -> None:
    http = load(tmp_path, f'http: {{public_url: "{url}"}}').http
    assert http is not None
    assert (http.public_host, http.is_plain, http.shown_address) == (host, is_plain, url)


@pytest.mark.parametrize(
    ("section", "error"),
    [
        ("bind: example.org", "http.bind: expected an IP address, such as 127.0.0.1, or 0.0.0.0 for all"),
        ("port: 0", "http.port: expected a port from 1 to 65535"),
        ("port: 65536", "http.port: expected a port from 1 to 65535"),
        ("operations: '9090'", "http.operations: expected an IP address and a port, such as 127.0.0.1:9090"),
        ("operations: '127.0.0.1:0'", "http.operations: expected a port from 1 to 65535"),
        (
            "operations: '127.0.0.1:8080'",
            "http.operations: this is the address of the HTTP server itself: choose another port",
        ),
        (
            "trusted_proxies: [10.0.0.0/8]",
            (
                "http.trusted_proxies[0]: is too wide, expected single addresses, "
                "or a network of 256 addresses at most (/24)"
            ),
        ),
        (
            "trusted_proxies: [proxy]",
            "http.trusted_proxies[0]: expected an IP address, or a network such as 192.0.2.0/28",
        ),
        ("answers: {allow: [snooze, snooze]}", "http.answers.allow: `snooze` is listed twice"),
        (
            "answer_keys: 'aa11'",
            "http.answer_keys: expected a reference, {file: PATH} or {env: NAME}, not the keys",
        ),
        ("answer: {}", "unknown key \"http.answer\"; did you mean 'answers'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(section: str, error: str, tmp_path: Path) -> None:
    assert refused(tmp_path, f"http: {{{section}}}") == [f"a.yaml:2: {error}"]


@pytest.mark.parametrize(
    "url",
    [
        "alerts.example.org",
        "ftp://alerts.example.org",
        "https://alerts.example.org/path",
        "https://alerts.example.org?a=b",
        "https://ann@alerts.example.org",
        "https://alerts.example.org:port",
        "https://alerts.example.org:0",
        "https://alerts example.org",
        "https://[::1",
        "https://",
    ],
)
def test_a_public_url_is_a_scheme_and_a_host(url: str, tmp_path: Path) -> None:
    expected = "expected an address such as https://alerts.example.org, without a path"
    assert refused(tmp_path, f'http: {{public_url: "{url}"}}') == [f"a.yaml:2: http.public_url: {expected}"]


def test_replicas_must_share_the_keys_of_links(tmp_path: Path) -> None:
    section, database = "http: {public_url: https://alerts.example.org}", "postgresql+psycopg://alerts@127.0.0.1/alerts"
    assert refused(tmp_path, section, database=database) == [
        (
            "a.yaml:2: http.answer_keys is missing: with PostgreSQL, all replicas share the keys of links; "
            "name their file with {file: PATH}"
        )
    ]
    assert load(tmp_path, "http: {}", database=database).http == HttpSettings()


def test_links_to_this_machine_need_no_shared_keys_so_that_the_shipped_settings_work_with_any_database(
    tmp_path: Path,
) -> None:
    section, database = "http: {public_url: 'http://127.0.0.1:8080'}", "postgresql+psycopg://alerts@127.0.0.1/alerts"
    settings = load(tmp_path, section, database=database)
    assert link_signing(settings).keys() == ()  # messages show commands


def test_the_environment_can_name_the_address_to_listen_on(tmp_path: Path) -> None:
    http = load(tmp_path, "http: {bind: 127.0.0.1}", {"ALERTS_HTTP_BIND": "0.0.0.0"}).http
    assert http == HttpSettings(bind="0.0.0.0")
    assert load(tmp_path, "", {"ALERTS_HTTP_BIND": "0.0.0.0"}).http is None
    assert refused(tmp_path, "http: {}", {"ALERTS_HTTP_BIND": "all"}) == [
        "the environment variable ALERTS_HTTP_BIND: expected an IP address, such as 127.0.0.1, or 0.0.0.0 for all"
    ]
