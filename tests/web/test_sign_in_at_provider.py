"""Signing in at a provider of OpenID Connect, against a real one: what it opens, and all that it does not."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from alerts.web.pages.sign_in.provider_pages import TRIES
from tests import patience
from tests.factories import at, entry, load
from tests.web.answering import NOW
from tests.web.daemon_site import free_port
from tests.web.oidc_provider import CLIENT, SECRET, ProviderProcess, provider
from tests.web.signing_in import NOBODY, Browser, Site, site_of, text_of

CALLBACK = "/sign-in/callback"


@pytest.fixture(scope="module")
def process() -> Iterator[ProviderProcess]:
    with provider(f"{NOW:%Y-%m-%d %H:%M:%S}") as found:
        for address in ("ann@example.org", "bob@example.org", *NOBODY):
            found.person(address)
        yield found


@dataclass
class Desk:
    """A server, and the provider at which people sign in to it."""

    site: Site
    process: ProviderProcess

    def begun(self, browser: Browser, leads_to: str = "") -> str:
        """Begin to sign in, and return the address that the browser is led to."""
        answer = browser.get(f"/sign-in/start?{requests.compat.urlencode({'next': leads_to})}")
        assert answer.status_code == 303, text_of(answer)
        return answer.headers["Location"]

    def led_back(self, browser: Browser, whom: str, leads_to: str = "", **form: str) -> str:
        """Sign in at the provider, and return the path that the browser is led back to."""
        back = self.process.sign_in(self.begun(browser, leads_to), whom, **form)
        assert back.startswith(self.site.server.url + CALLBACK)
        return back.removeprefix(self.site.server.url)

    def sign_in(self, browser: Browser, whom: str = "ann@example.org", leads_to: str = "") -> requests.Response:
        return browser.get(self.led_back(browser, whom, leads_to))


def settings(issuer: str, port: int) -> str:
    return (
        f"public_url: 'http://127.0.0.1:{port}', "
        f"sign_in: {{kind: oidc, issuer: '{issuer}', client_id: {CLIENT}, client_secret: {{env: SECRET}}}}"
    )


@pytest.fixture
def desk(process: ProviderProcess, sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    process.have()
    port = free_port()
    with site_of(sqlite_url, tmp_path, settings(process.url, port), {"SECRET": SECRET}, port) as site:
        load(site.store, entry("filing", "2026-12-15", title="Filing"), now=at("2026-10-01"))
        yield Desk(site, process)
    process.have()


@pytest.fixture(scope="module")
def shared(process: ProviderProcess, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Desk]:
    """A server for tests that leave nothing behind."""
    folder, port = tmp_path_factory.mktemp("shared"), free_port()
    (folder / "alerts.db").write_bytes(sqlite_template.read_bytes())
    http = settings(process.url, port)
    with site_of(f"sqlite:///{folder}/alerts.db", folder, http, {"SECRET": SECRET}, port) as site:
        yield Desk(site, process)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/plan").status_code == 200


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged about signing in, without tracebacks, of which there must be none."""
    assert not [one for one in caplog.records if one.exc_info]
    return [one.getMessage() for one in caplog.records if one.name.startswith("alerts.web.pages.sign_in")]


def test_somebody_is_led_to_the_provider_and_back_to_the_page_that_they_wanted(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    browser = desk.site.browser()
    first = browser.get("/c/filing?on=x&y=%C3%A9")
    page = browser.get(first.headers["Location"])
    assert re.findall(r"<form|<script", page.text) == []
    (start,) = re.findall(r'href="(/sign-in/start[^"]*)"', page.text)
    caplog.set_level(logging.INFO)
    answer = browser.get(start)
    query = {name: value for name, (value,) in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    assert {name: query.pop(name) for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code", "client_id": CLIENT, "scope": "openid email",
        "redirect_uri": desk.site.server.url + CALLBACK,
    }  # fmt: skip
    assert query.pop("code_challenge_method") == "S256"
    assert set(query) == {"code_challenge", "state", "nonce"}
    assert len(set(query.values())) == 3
    assert not any(value in answer.headers["Set-Cookie"] for value in query.values())
    back = desk.process.sign_in(answer.headers["Location"], "ann@example.org").removeprefix(desk.site.server.url)
    answer = browser.get(back)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/filing?on=x&y=%C3%A9")
    assert "Ann Example admin Sign out" in text_of(browser.get("/"))
    assert lines(caplog) == ["signed in: ann, from 127.0.0.1"]
    assert {one.name for one in browser.session.cookies} == {"alerts_session", "alerts_browser"}


def test_the_libraries_are_loaded_where_a_provider_is_used_and_nowhere_else() -> None:
    code = "import sys, alerts.web.web_app; print({'authlib', 'joserfc', 'cryptography'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_role_comes_from_the_settings_alone(desk: Desk) -> None:
    desk.process.person("kim@example.org", role="admin", roles=["admin"], groups=["admin"])
    kim = desk.site.browser()
    assert desk.sign_in(kim, "kim@example.org").status_code == 303
    assert "Kim viewer" in text_of(kim.get("/"))
    assert kim.get("/people").status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_to_begin_changes_nothing_but_a_cookie(desk: Desk, method: str) -> None:
    def rows() -> str:
        from tests.web.answering import Desk as Rows

        return repr(Rows(desk.site.server).dump())

    before = rows()
    for path in ("/sign-in", "/sign-in/start", CALLBACK, "/sign-out"):
        answer = requests.request(method, desk.site.server.url + path, timeout=30, allow_redirects=False)
        assert "alerts_session" not in answer.headers.get("Set-Cookie", "")
        assert answer.status_code in (200, 303, 400, 403, 405)
        attempts = "alerts_attempt" in answer.headers.get("Set-Cookie", "")
        assert attempts == (method == "GET" and path == "/sign-in/start")
        if attempts:
            assert re.search(
                r"alerts_attempt=[0-9a-f]{64}\.Lw; HttpOnly; Max-Age=600; Path=/; SameSite=lax",
                answer.headers["Set-Cookie"],
            )
    assert rows() == before


FORGED: list[tuple[dict[str, Any], int, str]] = [
    ({"key": "none"}, 403, "the ID token does not hold (unsupported_algorithm"),
    ({"key": "secret"}, 403, "the ID token does not hold (unsupported_algorithm"),
    ({"key": "secret", "document": {"id_token_signing_alg_values_supported": ["HS256", "none"]}}, 403, "the ID token"),
    ({"key": "other"}, 403, "the ID token does not hold (bad_signature"),
    ({"key": "other", "header": {"kid": "another"}}, 403, "the ID token does not hold (invalid_key_id"),
    ({"claims": {"iss": "https://evil.example.org"}}, 403, "the ID token does not hold (iss"),
    ({"claims": {"iss": None}}, 403, "the ID token does not hold (iss"),
    ({"claims": {"aud": "another"}}, 403, "the ID token does not hold (aud"),
    ({"claims": {"aud": None}}, 403, "the ID token does not hold (aud"),
    ({"claims": {"aud": [CLIENT, "another"], "azp": "another"}}, 403, "the ID token does not hold (azp"),
    ({"claims": {"nonce": "0" * 64}}, 403, "the ID token does not hold (nonce"),
    ({"claims": {"nonce": None}}, 403, "the ID token does not hold (nonce"),
    ({"claims": {"at_hash": "AAAA"}}, 403, "the ID token does not hold (at_hash"),
    ({"claims": {"sub": None}}, 403, "the ID token does not hold (sub"),
    ({"claims": {"exp": None}}, 403, "the ID token does not hold (exp"),
    ({"claims": {"exp": "soon"}}, 503, "the ID token does not hold now (exp"),
    ({"claims": {"exp": int((NOW - timedelta(minutes=3)).timestamp())}}, 503, "the ID token does not hold now (exp"),
    ({"claims": {"iat": int((NOW + timedelta(hours=1)).timestamp())}}, 503, "the ID token does not hold now (iat"),
    ({"claims": {"nbf": int((NOW + timedelta(hours=1)).timestamp())}}, 503, "the ID token does not hold now (nbf"),
    ({"claims": {"email_verified": False}}, 403, "the provider does not state `email_verified: true`"),
    ({"claims": {"email_verified": None}}, 403, "the provider does not state `email_verified: true`"),
    ({"claims": {"email_verified": "true"}}, 403, "the provider does not state `email_verified: true`"),
    ({"claims": {"email": ["ann@example.org"]}}, 403, "the provider states no e-mail address"),
    ({"claims": {"email": None, "sub": "bob@example.org"}}, 403, "the provider describes another person"),
    ({"claims": {"email": None}, "document": {"userinfo_endpoint": None}}, 403, "the provider states no e-mail"),
]


@pytest.mark.parametrize(("faults", "status", "line"), FORGED, ids=[str(faults) for faults, _, _ in FORGED])
def test_what_the_provider_has_not_signed_or_not_for_this_signs_nobody_in(
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    faults: dict[str, Any],
    status: int,
    line: str,
) -> None:
    found_at: Desk = request.getfixturevalue("desk" if "document" in faults else "shared")  # a document is kept
    found_at.process.have(**faults)
    browser = found_at.site.browser()
    answer = found_at.sign_in(browser)
    found_at.process.have()
    assert (answer.status_code, browser.token) == (status, None), text_of(answer)
    assert not is_signed_in(browser)
    (found,) = lines(caplog)
    assert found.startswith(f"nobody was signed in: {line}")
    assert "\n" not in found
    assert "Ann" not in text_of(answer)
    assert "Sign in again" in text_of(answer)


def test_a_clock_that_differs_by_a_minute_does_no_harm(desk: Desk) -> None:
    desk.process.have(claims={"exp": int((NOW - timedelta(seconds=60)).timestamp())})
    browser = desk.site.browser()
    assert desk.sign_in(browser).status_code == 303
    assert is_signed_in(browser)


def test_an_address_may_stand_at_another_endpoint_of_the_provider(desk: Desk) -> None:
    desk.process.have(claims={"email": None, "email_verified": None})
    browser = desk.site.browser()
    assert desk.sign_in(browser).status_code == 303
    assert "Ann Example admin" in text_of(browser.get("/"))


def test_nobody_learns_who_is_known_and_everybody_what_to_do(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    found = set()
    for address in NOBODY:
        browser = desk.site.browser()
        answer = desk.sign_in(browser, address)
        found.add((answer.status_code, text_of(answer)))
        assert not is_signed_in(browser)
    ((status, text),) = found
    assert status == 403
    assert "enter exactly that address for you in the settings" in text
    assert lines(caplog) == [f"nobody was signed in: nobody here has the address {address} alone" for address in NOBODY]


def test_a_code_is_used_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    browser, thief = desk.site.browser(), desk.site.browser()
    back = desk.led_back(browser, "ann@example.org")
    for name in ("alerts_attempt", "alerts_browser"):
        thief.session.cookies.set(name, browser.session.cookies.get(name), domain="127.0.0.1", path="/")
    assert browser.get(back).status_code == 303
    for other in (thief, desk.site.browser(), browser):
        held = other.token
        answer = other.get(back)
        assert (answer.status_code, other.token) == (400, held)
        assert "Start again" in text_of(answer)
    assert not is_signed_in(thief)
    assert is_signed_in(browser)
    assert lines(caplog)[0].startswith("nobody was signed in: the provider gives no token: invalid_grant")
    assert len(lines(caplog)) == 3


def test_an_answer_counts_in_the_browser_that_has_asked_and_nowhere_else(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Cross-site request forgery: nobody is signed in as somebody else, whose code was planted on them."""
    mallory, ann = desk.site.browser(), desk.site.browser()
    planted = desk.led_back(mallory, "bob@example.org")
    desk.begun(ann)
    code, state = (parse_qs(urlsplit(planted).query)[name][0] for name in ("code", "state"))
    asked = desk.process.asked().count("/oauth2/token")
    wrong = ("", "state=", f"code={code}", f"code={code}&state={'0' * 64}", f"code={code}&state={state}",
             f"code={code}&state=é", "error=access_denied")  # fmt: skip
    for query in wrong:
        for browser in (ann, desk.site.browser()):
            answer = browser.get(f"{CALLBACK}?{query}")
            assert (answer.status_code, browser.token) == (400, None)
            assert "Start again" in text_of(answer)
    assert desk.process.asked().count("/oauth2/token") == asked
    assert len(lines(caplog)) == 2 * len(wrong)
    assert mallory.get(planted).status_code == 303


def test_who_stops_at_the_provider_is_told_so(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    browser = desk.site.browser()
    desk.process.have()
    address = desk.begun(browser)
    state = parse_qs(urlsplit(address).query)["state"][0]
    answer = browser.get(f"{CALLBACK}?error=access_denied&state={state}&error_description=line%0Aline")
    assert (answer.status_code, browser.token) == (403, None)
    assert "The sign-in was stopped at 127.0.0.1" in text_of(answer)
    assert lines(caplog) == ["nobody was signed in: the provider says access_denied: line line"]
    answer = browser.get(f"{CALLBACK}?error=server_error&state={state}")
    assert "could not be verified" in text_of(answer)
    answer = browser.get(f"{CALLBACK}?code=x&iss=https://evil.example.org&state={state}")
    assert (answer.status_code, browser.token) == (403, None)


@pytest.mark.parametrize(
    ("faults", "status", "line"),
    [
        ({"answers": {"/.well-known/openid-configuration": [500, "no"]}}, 503, "127.0.0.1: HTTP 500 for /.well-known"),
        ({"answers": {"/.well-known/openid-configuration": [302, ""]}}, 503, "127.0.0.1: HTTP 302 for /.well-known"),
        ({"answers": {"/.well-known/openid-configuration": [200, "[]"]}}, 503, "127.0.0.1: no JSON object"),
        ({"answers": {"/.well-known/openid-configuration": [200, "x" * 500_000]}}, 503, "127.0.0.1: "),
        ({"document": {"issuer": "https://evil.example.org"}}, 403, "has another `issuer`, https://evil.example.org"),
        ({"document": {"issuer": None}}, 403, "has another `issuer`, None"),
        ({"document": {"token_endpoint": None}}, 403, "states no usable token_endpoint"),
        ({"document": {"jwks_uri": "file:///etc/passwd"}}, 403, "states no usable jwks_uri"),
    ],
)  # fmt: skip
def test_a_provider_that_does_not_say_how_leads_nowhere(
    desk: Desk, caplog: pytest.LogCaptureFixture, faults: dict[str, Any], status: int, line: str
) -> None:
    desk.process.have(**faults)
    browser = desk.site.browser()
    answer = browser.get("/sign-in/start")
    assert (answer.status_code, "Set-Cookie" in answer.headers and "attempt" in answer.headers["Set-Cookie"]) == (
        status,
        False,
    )
    (found,) = lines(caplog)
    assert line in found
    assert len(found) < 400
    desk.process.have()
    assert browser.get("/sign-in/start").status_code == status, "for ten seconds it is not asked again"
    desk.site.now += timedelta(seconds=10)
    assert desk.sign_in(browser).status_code == 303


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        ({"answers": {"/oauth2/token": [500, "no"]}}, 503),
        ({"answers": {"/oauth2/token": [200, "no JSON"]}}, 503),
        ({"answers": {"/oauth2/token": [200, "{}"]}}, 403),
        ({"answers": {"/oauth2/token": [200, '{"id_token": "a.b.c"}']}}, 403),
        ({"answers": {"/oauth2/token": [200, '{"id_token": 1}']}}, 403),
        ({"answers": {"/oauth2/token": [401, '{"error": "invalid_client"}']}}, 403),
        ({"answers": {"/oauth2/token": [302, ""]}}, 503),
        ({"answers": {"/jwks": [500, "no"]}}, 503),
        ({"answers": {"/jwks": [200, '{"keys": 1}']}}, 503),
        ({"answers": {"/jwks": [200, '{"keys": [{"kty": "RSA"}]}']}}, 503),
        ({"answers": {"/jwks": [200, '{"keys": []}']}}, 503),
    ],
    ids=str,
)
def test_a_provider_that_fails_later_signs_nobody_in(
    desk: Desk, caplog: pytest.LogCaptureFixture, faults: dict[str, Any], status: int
) -> None:
    browser = desk.site.browser()
    back = desk.led_back(browser, "ann@example.org")
    desk.process.have(**faults)
    answer = browser.get(back)
    assert (answer.status_code, browser.token) == (status, None), text_of(answer)
    (found,) = lines(caplog)
    assert found.startswith("nobody was signed in: ")
    assert SECRET not in found


def test_where_no_provider_is_the_page_says_so(sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The page itself asks nobody, so it is there all the same."""
    port = free_port()
    http = settings(f"http://127.0.0.1:{free_port()}", port)
    with site_of(sqlite_url, tmp_path, http, {"SECRET": SECRET}, port) as site:
        assert site.browser().get("/sign-in").status_code == 200
        answer = site.browser().get("/sign-in/start")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert "The provider 127.0.0.1 does not answer" in text_of(answer)
        assert lines(caplog) == ["nobody was signed in: 127.0.0.1: Connection refused"]


def test_the_wrong_secret_is_said_in_the_log(
    process: ProviderProcess, sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with site_of(sqlite_url, tmp_path, settings(process.url, port), {"SECRET": "another"}, port) as site:
        assert Desk(site, process).sign_in(site.browser()).status_code == 403
    assert lines(caplog) == ["nobody was signed in: the provider gives no token: invalid_client:"]


@pytest.mark.parametrize("where", ["settings", "provider", "both"])
def test_a_slash_at_the_end_of_the_issuer_does_no_harm(
    process: ProviderProcess, sqlite_url: str, tmp_path: Path, where: str
) -> None:
    port, slash = free_port(), f"{process.url}/"
    issuer = process.url if where == "provider" else slash
    process.have(**({} if where == "settings" else {"document": {"issuer": slash}, "claims": {"iss": slash}}))
    with site_of(sqlite_url, tmp_path, settings(issuer, port), {"SECRET": SECRET}, port) as site:
        browser = site.browser()
        assert Desk(site, process).sign_in(browser).status_code == 303
        assert is_signed_in(browser)


def test_a_client_may_state_its_secret_in_the_form(desk: Desk) -> None:
    desk.process.have(document={"token_endpoint_auth_methods_supported": ["client_secret_post"]})
    assert desk.sign_in(desk.site.browser()).status_code == 303


def test_a_sign_in_takes_over_no_token_that_was_there_before(desk: Desk) -> None:
    """Session fixation: somebody else may know the token that a browser had."""
    browser, unknown = desk.site.browser(), "0" * 64
    browser.set_token(unknown)
    desk.sign_in(browser)
    first = browser.token
    assert first not in (None, unknown)
    desk.sign_in(browser, "bob@example.org")
    assert browser.token not in (None, unknown, first)
    for stale in (unknown, str(first)):
        other = desk.site.browser()
        other.set_token(stale)
        assert not is_signed_in(other)
    assert "Bob editor" in text_of(browser.get("/"))
    answer = browser.post("/sign-out", browser.fields("/plan"))
    assert "You have signed out" in text_of(answer)
    assert not is_signed_in(browser)


def test_documents_are_asked_for_when_needed_and_kept_for_an_hour(desk: Desk) -> None:
    def asked() -> dict[str, int]:
        paths = desk.process.asked()
        return {path: paths.count(path) for path in ("/.well-known/openid-configuration", "/jwks")}

    before = asked()
    desk.site.browser().get("/sign-in")
    assert asked() == before
    for _ in range(2):
        assert desk.sign_in(desk.site.browser()).status_code == 303
    once = {path: count + 1 for path, count in before.items()}
    assert asked() == once
    desk.site.now += timedelta(hours=1)
    desk.begun(desk.site.browser())
    assert asked()["/.well-known/openid-configuration"] == once["/.well-known/openid-configuration"] + 1


def test_a_key_that_the_provider_has_changed_is_asked_for_once_a_minute(desk: Desk) -> None:
    assert desk.sign_in(desk.site.browser()).status_code == 303
    desk.process.have(rotate=True)
    assert desk.sign_in(desk.site.browser()).status_code == 403
    desk.site.now += timedelta(minutes=1)
    assert desk.sign_in(desk.site.browser()).status_code == 303


@pytest.mark.parametrize("leads_to", ["https://evil.example.org/", "//evil.example.org", "/\\evil", "/sign-out", "/é"])
def test_it_leads_to_no_other_site(desk: Desk, leads_to: str) -> None:
    browser = desk.site.browser()
    assert desk.sign_in(browser, leads_to=leads_to).headers["Location"] == "/"
    back = desk.led_back(browser, "ann@example.org", "/plan")
    secret = str(browser.session.cookies.get("alerts_attempt")).partition(".")[0]
    planted = "Ly9ldmlsLmV4YW1wbGUub3Jn"  # //evil.example.org
    browser.session.cookies.set("alerts_attempt", f"{secret}.{planted}", domain="127.0.0.1", path="/")
    assert browser.get(back).headers["Location"] == "/"


def test_tries_are_limited(desk: Desk) -> None:
    browser = desk.site.browser()
    assert {browser.get("/sign-in/start").status_code for _ in range(TRIES)} == {303}
    answer = browser.get("/sign-in/start")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    desk.site.now += timedelta(minutes=15)
    assert desk.sign_in(browser).status_code == 303


def test_a_long_code_is_taken(desk: Desk) -> None:
    """Codes of some providers have two thousand characters and more."""
    browser = desk.site.browser()
    state = parse_qs(urlsplit(desk.begun(browser)).query)["state"][0]
    answer = browser.get(f"{CALLBACK}?code={'x' * 6000}&state={state}")
    assert "Start again" in text_of(answer)


def test_a_provider_that_does_not_answer_keeps_nobody_from_their_pages(desk: Desk) -> None:
    ann = desk.site.browser()
    assert desk.sign_in(ann).status_code == 303
    waiting = [desk.site.browser() for _ in range(6)]
    backs = [desk.led_back(one, "bob@example.org") for one in waiting]
    before = desk.process.asked().count("/oauth2/token")
    desk.process.have(hold=["/oauth2/token"])
    with ThreadPoolExecutor(len(waiting)) as pool:
        answers = [pool.submit(one.get, back) for one, back in zip(waiting, backs, strict=True)]
        patience.eventually(lambda: desk.process.asked().count("/oauth2/token") == before + 4, "four wait")
        assert is_signed_in(ann)
        assert not any(one.done() for one in answers)
        desk.process.have()
        assert {one.result().status_code for one in answers} == {303}
