"""Who may use which page: a row for each route and method. A route of the server without a row fails."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.settings.http_section import HttpSettings
from alerts.settings.sign_in_section import SignInSettings
from alerts.web.pages.page_access import NoPageError, PageAccess
from alerts.web.services import Services
from alerts.web.web_app import create_app
from tests.factories import at, entry, load, party
from tests.web.answering import Desk, opened
from tests.web.signing_in import Browser, Site, site_of
from tests.web.test_api_authorisation import walked

HERE, LAN = ("127.0.0.1", 50_000), ("192.0.2.7", 50_000)
OWN = {"host": "127.0.0.1:8080"}
# How requests come: from which address, with which headers, in which version of HTTP.
WAYS: Mapping[str, tuple[tuple[str, int], Mapping[str, str], str]] = {
    "this machine": (HERE, OWN, "1.1"),
    "this machine, by name": (HERE, {"host": "localhost:8080"}, "1.1"),
    "this machine, IPv6": (("::1", 50_000), {"host": "[::1]:8080"}, "1.1"),
    "another machine": (LAN, OWN, "1.1"),
    "another machine that claims to be this one": (LAN, OWN | {"x-forwarded-for": "127.0.0.1"}, "1.1"),
    "a trusted proxy": (("192.0.2.10", 50_000), OWN | {"x-forwarded-for": "127.0.0.1"}, "1.1"),
    "a trusted proxy at this machine": (("127.0.0.9", 50_000), OWN, "1.1"),
    "a proxy that says for whom": (HERE, OWN | {"x-forwarded-for": "192.0.2.7"}, "1.1"),
    "a proxy that claims to ask for this machine": (HERE, OWN | {"x-forwarded-for": "127.0.0.1"}, "1.1"),
    "a proxy that says so": (HERE, OWN | {"via": "1.1 gate"}, "1.1"),
    "a proxy by the standard": (HERE, OWN | {"forwarded": "for=127.0.0.1"}, "1.1"),
    "a proxy that says how it was asked": (HERE, OWN | {"x-forwarded-port": "443"}, "1.1"),
    "a proxy far away": (HERE, OWN | {"cf-connecting-ip": "192.0.2.7"}, "1.1"),
    "a proxy that says nothing": (HERE, OWN, "1.0"),
    "a name that leads here": (HERE, {"host": "rebound.example.org:8080"}, "1.1"),
    "no name": (HERE, {"host": ""}, "1.1"),
    "a socket without an address": (("", 0), OWN, "1.1"),
}
ADMITTED = frozenset({"this machine", "this machine, by name", "this machine, IPv6"})
CONFIGURED = ("/rules", "/channels", "/preview", "/preview/message")
PAGES: frozenset[tuple[str, str]] = frozenset(
    {
        (method, path)
        for method in ("GET", "HEAD")
        for path in ("/", "/c/{key}", "/plan", "/deliveries", "/new", "/import", "/several", "/people", *CONFIGURED)
    }
)
FORMS: frozenset[tuple[str, str]] = frozenset(
    ("POST", path) for path in ("/c/{key}", "/deliveries", "/new", "/import", "/channels", "/several", "/people")
)
WHO = ("anonymous", "viewer", "editor", "admin")
READS: Mapping[str, int] = dict(zip(WHO, (303, 200, 200, 200), strict=True))  # who is not signed in is led to that
ANSWERS: Mapping[str, int] = dict(zip(WHO, (303, 403, 200, 200), strict=True))
ADMINISTERS: Mapping[str, int] = dict(zip(WHO, (303, 403, 403, 200), strict=True))
RECORDS: Mapping[str, int] = dict(zip(WHO, (403, 403, 200, 200), strict=True))
UPLOADS: Mapping[str, int] = dict(zip(WHO, (403, 403, 422, 422), strict=True))  # there is no file
BY_ADMINS: Mapping[str, int] = dict(zip(WHO, (403, 403, 403, 200), strict=True))
SIGNED_IN: Mapping[str, int] = dict(zip(WHO, (403, 200, 200, 200), strict=True))
# Where people sign in: what each route answers to whom, where forms carry the token of the person's own session.
TABLE: Mapping[tuple[str, str], Mapping[str, int]] = {
    **{
        (method, path): READS
        for method in ("GET", "HEAD")
        for path in ("/", "/c/{key}", "/plan", "/deliveries", *CONFIGURED)
    },
    **{(method, path): ANSWERS for method in ("GET", "HEAD") for path in ("/new", "/import", "/several")},
    ("POST", "/c/{key}"): RECORDS,
    ("POST", "/deliveries"): RECORDS,
    ("POST", "/new"): RECORDS,
    ("POST", "/import"): UPLOADS,
    ("POST", "/channels"): BY_ADMINS,
    **{(method, "/people"): ADMINISTERS for method in ("GET", "HEAD")},
    ("POST", "/people"): BY_ADMINS,
    ("POST", "/several"): RECORDS,
    ("POST", "/sign-out"): SIGNED_IN,
}
SIGN_IN = frozenset((method, f"/sign-in{below}") for method in ("GET", "HEAD", "POST") for below in ("", "/{token}"))
BY_FIRST_ADMIN = SIGN_IN - {("POST", "/sign-in")}
AT_PROVIDER = frozenset(
    {("GET", "/sign-in"), ("HEAD", "/sign-in"), ("GET", "/sign-in/start"), ("GET", "/sign-in/callback")}
)
BODIES = {
    "/c/{key}": {"choice": "note", "note": "A line.", "stage": "ahead", "occurrence": ""},
    "/new": {"choice": "show", "title": "A title", "deadline": "2026-12-31"},
    "/import": {"choice": "look", "new_register": "Any"},
    "/sign-out": {},
    "/channels": {},
    "/several": {},
    "/deliveries": {},
    "/people": {},
}
NAMED = {"/rules": b"single", "/channels": b"single"}  # what a page names that nobody else may see; else the filing
QUERY = b"rule=single&key=filing&pick=filing"  # of the pages that preview a message
STATIC = ("/static/page.css", "/static/site.css", "/static/icon.svg", "/static/preview.js")
ANYBODY: frozenset[tuple[str, str]] = frozenset(
    {("GET", "/healthz"), ("HEAD", "/healthz"), ("GET", "/readyz"), ("HEAD", "/readyz")}
    | {(method, path) for method in ("GET", "HEAD") for path in STATIC}
    | {
        (method, f"/a/{{token}}{below}")
        for method in ("GET", "HEAD", "OPTIONS", "POST")
        for below in ("", "/away", "/silence")
    }  # the token decides
    | {(method, "/calendar/{token}.ics") for method in ("GET", "HEAD")}
)


APPS: dict[int, tuple[Services, Any]] = {}


def app_of(services: Services) -> Any:
    """Return the application of some services, made once."""
    known = APPS.get(id(services)) or APPS.setdefault(id(services), (services, create_app(services)))
    return known[1]


def asked(services: Services, method: str, path: str, way: str, body: bytes = b"") -> tuple[int, bytes]:
    """Ask the application as a peer of any address would; return the status and the body of the answer."""
    client, headers, version = WAYS[way]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": version, "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": QUERY, "root_path": "", "client": client,
        "server": ("127.0.0.1", 8080), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    app = app_of(services)
    with ThreadPoolExecutor(1) as pool:  # Playwright, once started, keeps a loop running in the thread of the tests
        pool.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


@pytest.fixture(scope="module")
def here(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A server at this machine, where one commitment is tracked. No request here may change anything."""
    folder = tmp_path_factory.mktemp("here")
    with opened(f"sqlite:///{shutil.copy(sqlite_template, folder / 'alerts.db')}", folder) as found:
        load(
            found.store,
            replace(
                entry("filing", "2026-12-01", title="The secret filing", tags=("single",)), file="The filing register"
            ),
            now=at("2026-10-01"),
            parties=[party("office", name="The filing office")],
        )
        found.send(now=at("2026-11-24T09:00"))  # so that all pages name it
        found.store.api_tokens.add("filing", "read", by="x", now=at("2026-11-24"))
        yield found


@pytest.fixture(scope="module")
def services(here: Desk) -> Services:
    """The same with trusted proxies."""
    found = here.server.services
    http = replace(found.http, trusted_proxies=("192.0.2.10", "127.0.0.9"))
    return replace(found, settings=replace(found.settings, http=http))


def routes_of(services: Services) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in walked(create_app(services).routes)
        if not getattr(route, "path", "").startswith("/api/")
        for method in route.methods
    }


def test_each_route_and_method_has_a_row(here: Desk) -> None:
    assert routes_of(here.server.services) == PAGES | FORMS | ANYBODY


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A server where people sign in, and where one commitment is tracked."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "alerts.db").write_bytes(sqlite_template.read_bytes())
    with site_of(f"sqlite:///{folder}/alerts.db", folder) as found:
        load(found.store, entry("filing", "2026-12-15", title="The secret filing"), now=at("2026-10-01"))
        yield found


@pytest.fixture(scope="module")
def browsers(site: Site) -> Mapping[str, Browser]:
    return {"anonymous": site.browser(), **{role: site.signed_in(key) for key, role in KEYS.items()}}


KEYS = {"kim": "viewer", "bob": "editor", "ann": "admin"}


def test_where_people_sign_in_each_route_and_method_has_a_row(site: Site) -> None:
    services = site.server.services
    at_provider = SignInSettings(kind="oidc", issuer="https://login.example.org", client_id="a", client_secret="b")
    http = replace(services.http, sign_in=at_provider)
    other = replace(services, settings=replace(services.settings, http=http))
    assert routes_of(services) == {*TABLE} | SIGN_IN | ANYBODY
    assert routes_of(other) == {*TABLE} | AT_PROVIDER | ANYBODY
    assert {*TABLE} == PAGES | FORMS | {("POST", "/sign-out")}
    assert all(set(row) == set(WHO) for row in TABLE.values())


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("method", "path"), sorted(TABLE))
def test_a_role_is_shown_and_may_record_what_it_should(
    site: Site, browsers: Mapping[str, Browser], method: str, path: str, who: str
) -> None:
    leaves = path == "/sign-out" and who != "anonymous"
    browser = site.signed_in(next(key for key, role in KEYS.items() if role == who)) if leaves else browsers[who]
    query = "?rule=all&key=filing" if path.startswith("/preview") else ""
    whole, before = path.replace("{key}", "filing") + query, rows_of(site)
    if method == "POST":
        held = {} if who == "anonymous" else browser.fields("/plan")
        revision = str(site.store.commitments.find("filing").revision)
        stated = held | BODIES[path] | {"revision": revision}
        parts = [(name, (None, text)) for name, text in stated.items()] if path == "/import" else None
        url = site.server.url + whole
        answer = (
            browser.session.post(url, files=parts, timeout=30, allow_redirects=False)
            if parts
            else browser.post(whole, stated)
        )
    else:
        url = site.server.url + whole
        answer = browser.session.request(method, url, timeout=30, allow_redirects=False)
    assert answer.status_code == TABLE[method, path][who]
    refused = answer.status_code in (303, 403)
    assert not (refused and "filing" in answer.text.lower().replace("/c/filing", ""))
    assert (rows_of(site) != before) == (
        not refused and (method, path) in (("POST", "/c/{key}"), ("POST", "/sign-out"))
    )


def rows_of(site: Site) -> str:
    return repr(Desk(site.server).dump())


def test_a_viewer_sees_no_form_but_that_to_sign_out(site: Site, browsers: Mapping[str, Browser]) -> None:
    for path in ("/c/filing", "/deliveries", "/plan", "/channels"):
        assert re.findall(r'<form method="post" action="([^"]*)"', browsers["viewer"].get(path).text) == ["/sign-out"]
    assert not [path for path in ("/new", "/people") if f'"{path}"' in browsers["viewer"].get("/").text]
    assert '"/people"' not in browsers["editor"].get("/").text
    assert len(re.findall('<form method="post"', browsers["editor"].get("/c/filing").text)) == 2


@pytest.mark.parametrize("way", sorted(WAYS))
def test_where_people_sign_in_nobody_is_let_in_for_being_at_this_machine(site: Site, way: str) -> None:
    for method, path in PAGES | FORMS:
        status, body = asked(site.server.services, method, path.replace("{key}", "filing"), way)
        assert status in (303, 400, 403)
        assert b"filing" not in body


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize(("method", "path"), sorted(PAGES))
def test_a_page_is_for_this_machine_and_nobody_else(services: Services, method: str, path: str, way: str) -> None:
    status, body = asked(services, method, path.replace("{key}", "filing"), way)
    assert (status == 200) == (way in ADMITTED)
    assert status in (200, 400, 404)
    assert (NAMED.get(path, b"filing") in body) == (way in ADMITTED)


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize(("method", "path"), sorted(FORMS))
def test_a_form_is_for_this_machine_and_nobody_else(here: Desk, services: Services, method: str, path: str, way: str):
    """Its token is known to nobody here, so it records nothing, and says so only to this machine."""
    before = here.dump()
    status, body = asked(
        services,
        method,
        path.replace("{key}", "filing"),
        way,
        b"choice=close+withdrawn&picked=filing+1+ahead&form=" + b"0" * 32,
    )
    assert (status == 403) == (way in ADMITTED)
    assert status in (400, 403, 404)
    assert (NAMED.get(path, b"filing") in body) == (way in ADMITTED)
    assert here.dump() == before


@pytest.mark.parametrize(
    ("http", "what"),
    [
        (HttpSettings(bind="192.0.2.1"), "http.bind"),
        (HttpSettings(bind="192.0.2.1", public_url="http://alerts.example.org"), "http.bind"),
        (HttpSettings(public_url="http://alerts.example.org"), "http.public_url"),
    ],
)
def test_where_others_come_without_encryption_there_are_no_pages(services: Services, http: HttpSettings, what: str):
    elsewhere = replace(services, settings=replace(services.settings, http=http))
    status, body = asked(elsewhere, "GET", "/", "this machine")
    assert status == 404
    assert what.encode() in body
    assert b"filing" not in body


@pytest.mark.parametrize(
    "http", [HttpSettings(), HttpSettings(bind="::1"), HttpSettings(public_url="http://localhost:8080")]
)
def test_where_the_server_is_at_this_machine_there_are_pages(http: HttpSettings) -> None:
    scope = {"type": "http", "headers": [(b"host", b"127.0.0.1")], "peer": "127.0.0.1", "http_version": "1.1"}
    PageAccess(http).require(scope)
    with pytest.raises(NoPageError):
        PageAccess(http).require(scope | {"peer": "192.0.2.7"})


def test_over_a_socket_a_page_is_served_here_and_refused_to_a_proxy(here: Desk) -> None:
    assert here.server.get("/").status_code == 200
    for headers in ({"X-Forwarded-For": "192.0.2.7"}, {"Via": "1.1 gate"}, {"Forwarded": "for=192.0.2.7"}):
        answer = here.server.get("/", headers=headers)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
        assert "without a proxy" in answer.text
    assert here.server.get("/", headers={"Host": "rebound.example.org"}).status_code == 400
