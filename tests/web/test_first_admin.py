"""The first admin: an address in the log of the daemon signs one person in, until people can sign in otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.factories import at, entry, load
from tests.web.daemon_site import CONFIG, WHOLE, DaemonSite, eventually, hook
from tests.web.signing_in import Browser, Site, site_of, text_of
from tests.web.test_in_chromium import TELEPHONE, WIDE, width_of
from tests.web.test_page_authorisation import ANYBODY, BODIES, BY_FIRST_ADMIN, TABLE, routes_of, rows_of

IMAGE = "bind: 0.0.0.0, public_url: 'http://127.0.0.1:8080'"  # as the image is started


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    with site_of(sqlite_url, tmp_path, IMAGE) as found:
        load(found.store, entry("filing", "2026-12-15", title="The secret filing"), now=at("2026-10-01"))
        yield found


def printed(site: Site) -> str:
    """Return the path of an address, as the daemon prints it."""
    token = site.store.sessions.add_first_link(site.now)
    assert token is not None
    return f"/sign-in/{token}"


def first_admin(site: Site) -> Browser:
    browser = site.browser()
    assert browser.redeem(printed(site)).status_code == 303
    return browser


def test_the_address_signs_one_person_in_once(site: Site) -> None:
    address, browser, other = printed(site), site.browser(), site.browser()
    assert browser.get("/").headers["Location"].startswith("/sign-in?")
    assert "docker logs" in text_of(browser.get("/sign-in"))
    for _ in range(3):  # programs open what they find in logs
        page = browser.get(address)
        assert (page.status_code, browser.token) == (200, None)
    forms = [one.fields(address) for one in (browser, other)]
    answer = browser.post(address, forms[0])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "First admin Sign out" in text_of(browser.get("/"))
    assert other.post(address, forms[1]).status_code == 404
    assert other.get(address).status_code == 404
    assert other.get("/people").status_code == 303
    assert site.store.sessions.add_first_link(site.now) is None


def test_many_who_press_at_once_are_one(site: Site) -> None:
    address = printed(site)
    browsers = [site.browser() for _ in range(6)]
    forms = [one.fields(address) for one in browsers]
    with ThreadPoolExecutor(6) as pool:
        answers = [*pool.map(lambda one: one[0].post(address, one[1]), zip(browsers, forms, strict=True))]
    assert sorted(one.status_code for one in answers) == [303, 404, 404, 404, 404, 404]


def test_only_the_form_of_this_very_browser_signs_in(site: Site) -> None:
    address = printed(site)
    browser, other = site.browser(), site.browser()
    fields = browser.fields(address)
    assert other.post(address, fields).status_code == 403
    assert browser.post(address, {}).status_code == 403
    elsewhere = browser.post(address, fields, Origin="http://evil.example.org", **{"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert site.store.sessions.latest(9) == []
    assert browser.post(address, fields).status_code == 303


def test_an_address_that_is_wrong_or_late_signs_nobody_in(site: Site) -> None:
    address, browser = printed(site), site.browser()
    fields = browser.fields(address)
    answers = [browser.post(path, fields) for path in (f"/sign-in/{'0' * 64}", f"{address[:-1]}", "/sign-in/x")]
    site.now += timedelta(hours=1)
    late = browser.post(address, fields)
    assert {one.status_code for one in (*answers, late)} == {404}
    assert len({text_of(one) for one in (*answers, late)}) == 1, "nobody learns why"
    assert browser.token is None


def test_guessing_ends(site: Site) -> None:
    browser, address = site.browser(), printed(site)
    answers = [browser.get(f"/sign-in/{number:064x}").status_code for number in range(61)]
    assert answers == [404] * 60 + [429]
    assert browser.redeem(address).status_code == 303, "who has the address gets in all the same"


def test_without_encryption_only_a_browser_at_this_machine_has_a_session(sqlite_url: str, tmp_path: Path) -> None:
    with site_of(sqlite_url, tmp_path, "bind: 0.0.0.0") as site:
        browser, address = site.browser(), printed(site)
        fields, there = browser.fields(address), {"Host": "192.0.2.10:8080"}
        assert browser.get(address, **there).status_code == 403
        assert browser.post(address, fields, **there).status_code == 403
        assert browser.get("/sign-in", **there).text == (
            "Without encryption, these pages are served to this machine itself only. Open http://127.0.0.1:8080.\n"
        )
        assert browser.post(address, fields).status_code == 303
        assert browser.get("/plan").status_code == 200
        assert browser.get("/plan", **there).status_code == 403


def test_with_encryption_the_session_is_for_https_alone(sqlite_url: str, tmp_path: Path) -> None:
    with site_of(sqlite_url, tmp_path, "public_url: https://alerts.example.org") as site:
        browser, own = site.browser(), {"Host": "alerts.example.org"}
        address = printed(site)
        page = browser.get(address, **own)
        cookie = {"Cookie": page.headers["Set-Cookie"].partition(";")[0]}
        fields = dict(re.findall(r'name="(form|token)" value="([^"]*)"', page.text))
        answer = browser.post(address, fields, **own, **cookie, Origin="https://alerts.example.org")
        assert answer.status_code == 303
        assert re.fullmatch(r"__Host-alerts_session=.*; Secure", answer.headers["Set-Cookie"])
        session = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        assert "First admin" in text_of(site.browser().get("/", **own, **session))


def test_what_the_first_admin_does_is_recorded_as_that(site: Site) -> None:
    browser = first_admin(site)
    for number, name in enumerate(("", "Bo")):
        stated = browser.fields("/c/filing") | {"choice": "note", "note": f"Note {number}", "name": name}
        assert browser.post("/c/filing", stated).status_code == 200
    history = site.store.ledger.history(site.store.commitments.find("filing").id)[-2:]
    assert [(one.recorded_by, one.proof) for one in history] == [
        ("the first admin", "signed-in"), ("Bo, as the first admin", "claimed"),
    ]  # fmt: skip
    assert "the first admin" in text_of(browser.get("/people"))
    assert "Look in the log" in text_of(browser.post("/sign-out", browser.fields("/plan")))
    assert browser.get("/plan").status_code == 303
    assert [one.ended_by for one in site.store.sessions.latest(9)] == ["the first admin"]


def test_the_session_is_over_once_people_can_sign_in(sqlite_url: str, tmp_path: Path) -> None:
    with site_of(sqlite_url, tmp_path, IMAGE) as site:
        browser = first_admin(site)
    with site_of(sqlite_url, tmp_path) as site:
        later = site.browser()
        later.set_token(browser.token)
        assert later.get("/plan").status_code == 303
        assert later.get(f"/sign-in/{'0' * 64}").status_code == 404


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Site, Browser]]:
    folder = tmp_path_factory.mktemp("seen")
    (folder / "alerts.db").write_bytes(sqlite_template.read_bytes())
    with site_of(f"sqlite:///{folder}/alerts.db", folder, IMAGE) as found:
        load(found.store, entry("filing", "2026-12-15", title="The secret filing"), now=at("2026-10-01"))
        yield found, first_admin(found)


def test_each_route_and_method_has_a_row(seen: tuple[Site, Browser]) -> None:
    assert routes_of(seen[0].server.services) == {*TABLE} | BY_FIRST_ADMIN | ANYBODY


@pytest.mark.parametrize(("method", "path"), sorted(set(TABLE) - {("POST", "/sign-out")}))
def test_before_that_nobody_gets_anything_and_then_the_first_admin_all(
    seen: tuple[Site, Browser], method: str, path: str
) -> None:
    site, admin = seen
    query = "?rule=all&key=filing" if path.startswith("/preview") else ""
    whole, before = path.replace("{key}", "filing") + query, rows_of(site)
    held = admin.fields("/plan") | {"revision": str(site.store.commitments.find("filing").revision)}
    for browser, who in ((site.browser(), "anonymous"), (admin, "admin")):
        stated = held | BODIES.get(path, {})
        upload = {"files": [(name, (None, text)) for name, text in stated.items()]} if path == "/import" else {}
        sent: dict[str, Any] = (upload or {"data": stated}) if method == "POST" else {}
        url = site.server.url + whole
        answer = browser.session.request(method, url, timeout=30, allow_redirects=False, **sent)
        assert answer.status_code == TABLE[method, path][who]
        if who == "anonymous":
            assert rows_of(site) == before
            assert "filing" not in answer.text.lower().replace("/c/filing", "")


def test_a_daemon_prints_the_address_at_each_start_until_somebody_has_signed_in(tmp_path: Path) -> None:
    with hook(0.0) as (port, _):
        daemon = DaemonSite(tmp_path, port)
        text = CONFIG.format(folder=tmp_path, hook=port, port=daemon.port)
        daemon.configure(text.replace("http: {", "http: {bind: 0.0.0.0, "))
        assert "prints an address for the first admin" in daemon.run("check").stdout
        pattern = rf"^first sign-in +(http://127\.0\.0\.1:{daemon.port}/sign-in/[0-9a-f]{{64}})$"

        def started() -> list[str]:
            daemon.start()
            eventually(lambda: "the HTTP server is at" in daemon.log, "its own server answers")
            found = re.findall(pattern, daemon.log, re.MULTILINE)
            return [str(one) for one in found]

        try:
            (first,) = started()
            daemon.end()
            (second,) = started()
            assert first != second
            browser = requests.Session()
            fields = dict(re.findall(r'name="(form|token)" value="([^"]*)"', browser.get(second, timeout=30).text))
            assert "First admin" in browser.post(second, data=fields, timeout=30).text
            assert browser.get(first, timeout=30).status_code == 404
            assert "signed in: the first admin, from 127.0.0.1" in daemon.log
            daemon.end()
            assert started() == []
            assert "First admin" in browser.get(f"http://127.0.0.1:{daemon.port}/", timeout=30).text
        finally:
            daemon.end()


@pytest.mark.skipif(not WHOLE, reason="needs Chromium: `make web`")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [TELEPHONE, WIDE], ids=["telephone", "wide"])
def test_the_first_admin_gets_in_with_a_browser(
    site: Site, chromium: Any, axe: str, scheme: str, viewport: Any
) -> None:
    found, address = {}, printed(site)
    with chromium.new_context(color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()

        def look(name: str) -> None:
            assert width_of(page) <= viewport["width"], name
            page.evaluate(axe)
            result = page.evaluate("axe.run()")
            assert len(result["passes"]) > 5, f"{name}: axe has looked at nothing"
            found[name] = [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]

        page.goto(site.server.url)
        page.get_by_role("heading", name="Look in the log").wait_for()
        look("first")
        page.goto(f"{site.server.url}/sign-in/{'0' * 64}")
        look("dead")
        page.goto(site.server.url + address)
        look("link")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("First admin").wait_for()
        look("due")
        page.get_by_role("link", name="People").click()
        page.get_by_text("You have signed in by the address").wait_for()
        look("people")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Look in the log").wait_for()
    assert found == {name: [] for name in found}
