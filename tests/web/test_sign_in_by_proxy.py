"""A reverse proxy that has signed somebody in: who is believed, and who is not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import at, entry, load
from tests.web.signing_in import Browser, Site, site_of, text_of

SECRET = "a-secret-of-the-gate"
PROXY = (
    "public_url: 'https://alerts.example.org', trusted_proxies: [127.0.0.1], answer_keys: {{env: KEYS}}, "
    "sign_in: {{kind: proxy, header: X-Forwarded-Email, secret_header: X-Gate, secret: {{env: GATE}}}}"
).replace("{{", "{").replace("}}", "}")  # fmt: skip
ENVIRON = {"GATE": SECRET, "KEYS": "a1" * 32}
GATE = f"X-Gate: {SECRET}"


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    with site_of(sqlite_url, tmp_path, PROXY, ENVIRON) as found:
        load(found.store, entry("filing", "2026-12-15", title="Filing"), now=at("2026-10-01"))
        yield found


def asked(site: Site, *lines: str, path: str = "/plan") -> tuple[int, str]:
    """Send a request with just these headers, as they are written, and return the status and the body."""
    head = [f"GET {path} HTTP/1.1", "Host: alerts.example.org", "Connection: close", *lines, "", ""]
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=30) as connection:
        connection.sendall("\r\n".join(head).encode("latin-1"))
        with connection.makefile("rb") as answer:
            text = answer.read().decode()
    return int(text.split()[1]), text.partition("\r\n\r\n")[2]


def named(site: Site, who: str) -> Browser:
    found = site.browser()
    found.headers = {"X-Forwarded-Email": who, "X-Gate": SECRET, "Host": "alerts.example.org"}
    return found


@pytest.mark.parametrize(
    ("who", "shown"),
    [("ann@example.org", "Ann Example admin"), ("BOB@example.org", "Bob editor"), ("kim", "Kim viewer")],
)
def test_whom_the_proxy_names_is_signed_in(site: Site, who: str, shown: str) -> None:
    answer = named(site, who).get("/")
    assert answer.status_code == 200
    assert shown in text_of(answer)
    assert "Sign out" not in text_of(answer), "that is the matter of the proxy"
    assert "Set-Cookie" not in answer.headers


def test_what_they_record_has_their_name(site: Site) -> None:
    bob = named(site, "bob@example.org")
    assert "Recorded" in text_of(bob.post("/c/filing", bob.fields("/c/filing") | {"choice": "acknowledge"}))
    last = site.store.ledger.history(site.store.commitments.find("filing").id)[-1]
    assert (last.recorded_by, last.proof) == ("Bob", "signed-in")


def test_a_form_of_somebody_else_does_nothing(site: Site) -> None:
    bob, ann = named(site, "bob@example.org"), named(site, "ann@example.org")
    assert ann.post("/c/filing", bob.fields("/c/filing") | {"choice": "close withdrawn"}).status_code == 403
    assert site.store.commitments.find("filing").open


@pytest.mark.parametrize(
    "lines",
    [
        ["X-Forwarded-Email: ann@example.org"],
        [GATE],
        ["X-Forwarded-Email: ann@example.org", "X-Gate: wrong"],
        ["X-Forwarded-Email: ann@example.org", "X-Gate: "],
        ["X-Forwarded-Email: ann@example.org", f"X-Gate: {SECRET}x"],
        ["X-Forwarded-Email: ann@example.org", "X-Forwarded-Email: bob@example.org", GATE],
        ["X-Forwarded-Email: ann@example.org", "X-Forwarded-Email: ann@example.org", GATE],
        ["X-Forwarded-Email: ann@example.org", GATE, GATE],
        ["X_Forwarded_Email: ann@example.org", GATE],
        ["X-Forwarded-Email: bob@example.org", "X-Forwarded_Email: ann@example.org", GATE],
        ["X-Forwarded-Email: ann@example.org", f"X_Gate: {SECRET}"],
        ["X-Forwarded-Email: ann@example.org, bob@example.org", GATE],
        ["X-Forwarded-Email: ", GATE],
        ["X-Forwarded-Email: nobody@example.org", GATE],
        ["X-Forwarded-Email: cem@example.org", GATE],
        ["X-Forwarded-Email: team", GATE],
        ["X-Forwarded-Email: twins@example.org", GATE],
        ["X-Forwarded-Email: \xe9@example.org", GATE],
        ["X-Forwarded-User: ann", GATE],
        ["Cookie: alerts_session=" + "0" * 64],
        [],
    ],
)
def test_what_the_proxy_would_not_send_is_refused(site: Site, lines: list[str]) -> None:
    status, body = asked(site, *lines)
    assert status == 403
    assert "Ann" not in body
    assert asked(site, "X-Forwarded-Email: ann@example.org", GATE)[0] == 200, "the proxy itself goes on"


def test_the_header_counts_from_a_trusted_address_alone(sqlite_url: str, tmp_path: Path) -> None:
    elsewhere = PROXY.replace("trusted_proxies: [127.0.0.1]", "trusted_proxies: [127.0.0.9]")
    with site_of(sqlite_url, tmp_path, elsewhere, ENVIRON) as site:
        for more in ([], ["X-Forwarded-For: 127.0.0.9"], ["Forwarded: for=127.0.0.9"]):
            assert asked(site, "X-Forwarded-Email: ann@example.org", GATE, *more)[0] == 403


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/" + "0" * 64, "/sign-out"])
def test_there_is_no_other_way_in(site: Site, path: str) -> None:
    assert asked(site, path=path)[0] in (404, 405)


@pytest.mark.parametrize(
    ("path", "lines", "before"),
    [
        ("/api/v1/plan", (f"Authorization: Bearer dla_{'0' * 64}",), 401),
        (f"/calendar/{'0' * 64}.ics", (), 404),
        ("/a/wrong", (), 404),
    ],
)
def test_wrong_tokens_are_counted_by_the_network_of_an_ipv6_client(
    site: Site, path: str, lines: tuple[str, ...], before: int
) -> None:
    def tried(client: str) -> int:
        return asked(site, f"X-Forwarded-For: {client}", *lines, path=path)[0]

    found = [tried(f"2001:db8::{number:x}") for number in range(61)]
    assert found == [before] * 60 + [429], "it has all addresses of the network"
    assert tried("2001:db8:0:1::1") == before, "another client is let in"
