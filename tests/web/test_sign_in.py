"""Signing in with a mailed link, tried from outside: what it opens, and all that it does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

import pytest
import requests
from sqlalchemy import func, select

from alerts.core.commitments import Person
from alerts.health_problems import delivery_problems
from alerts.store import tables
from alerts.store.feeds import hash_token
from alerts.store.people import put
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.sign_in_mails import MOST_WAITING, SignInMails
from tests import patience
from tests.factories import at, entry, load
from tests.web.answering import visited
from tests.web.daemon_site import WHOLE
from tests.web.signing_in import CONFIGURATION, MAIL, NOBODY, Browser, Site, site_of, text_of

MINUTE = timedelta(minutes=1)
UNKNOWN = "0" * 64
HTTPS = MAIL.replace("http://127.0.0.1:8080", "https://alerts.example.org")


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    with site_of(sqlite_url, tmp_path) as found:
        load(found.store, entry("filing", "2026-12-15", title="Filing"), now=at("2026-10-01"))
        yield found


def count(site: Site, table: object) -> int:
    with site.store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/plan").status_code == 200


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(site: Site) -> None:
    browser = site.browser()
    answer = browser.get("/c/filing?on=x&y=%C3%A9")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/sign-in?next=/c/filing%3Fon%3Dx%26y%3D%25C3%25A9",
    )
    assert "Filing" not in answer.text
    page = browser.get(answer.headers["Location"])
    assert 'name="next" value="/c/filing?on=x&amp;y=%C3%A9"' in page.text
    answer = browser.sign_in("ann@example.org", "/c/filing?on=x&y=%C3%A9")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/c/filing?on=x&y=%C3%A9")
    assert "Ann Example admin Sign out" in text_of(browser.get("/"))


def test_what_somebody_records_has_their_name_and_that_they_have_signed_in(database_url: str, tmp_path: Path) -> None:
    with site_of(database_url, tmp_path, keys(MAIL), {"KEYS": "a1" * 32}) as site:
        load(site.store, entry("filing", "2026-12-15"), now=at("2026-10-01"))
        bob = site.signed_in("bob")
        page = visited(site.server, "", bob.get("/c/filing"))
        body = page.hidden | {"choice": "acknowledge", "name": "Somebody else"}
        assert "Recorded : acknowledged" in text_of(bob.post("/c/filing", body))
        last = site.store.ledger.history(site.store.commitments.find("filing").id)[-1]
        assert (last.what, last.recorded_by, last.proof) == ("acknowledged", "Bob", "signed-in")


def keys(http: str) -> str:
    return f"{http}, answer_keys: {{env: KEYS}}"


def test_the_answer_is_the_same_whether_somebody_has_the_address_or_not(site: Site) -> None:
    browser, found = site.browser(), set()
    for address in ("ann@example.org", "ANN@EXAMPLE.ORG", "kim@example.org", *NOBODY):
        answer = browser.ask(address)
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        found.add((answer.status_code, answer.text, repr(headers)))
    assert len(found) == 1
    patience.eventually(lambda: len(site.mails()) == 3, "the mails are there")
    assert {to.lower() for to, _ in site.mails()} == {"ann@example.org", "kim@example.org"}
    assert count(site, tables.sign_in_links) == 3


def test_no_answer_waits_until_the_address_is_looked_up(site: Site) -> None:
    """A link cannot be stored while the test holds the database, and the answer is there all the same."""
    browser = site.browser()
    with site.store.database.write():
        assert browser.ask("ann@example.org").status_code == 200
        assert site.mails() == []
    patience.eventually(site.mails, "the mail is there")


@pytest.mark.skipif(not WHOLE, reason="measures: `make web`")
def test_the_answer_takes_as_long_for_an_address_that_is_known_as_for_another(site: Site) -> None:
    browser, took = site.browser(), dict[str, list[float]]()
    for _ in range(200):
        for address in ("ann@example.org", "nobody@example.org"):
            site.now += timedelta(minutes=15)  # so that no limit is met
            took.setdefault(address, []).append(browser.ask(address).elapsed.total_seconds())
    known, unknown = (median(some) for some in took.values())
    assert abs(known - unknown) < 0.005


def test_a_link_is_used_once(site: Site) -> None:
    browser, other = site.browser(), site.browser()
    link = browser.link("ann@example.org")
    held = other.fields(link)
    assert browser.redeem(link).status_code == 303
    assert is_signed_in(browser)
    again = other.post(link, held)
    assert (again.status_code, other.token) == (404, None)
    assert "This link does not work" in text_of(other.get(link))
    assert not is_signed_in(other)


def test_a_link_works_for_ten_minutes_and_says_no_more_than_one_that_never_was(site: Site) -> None:
    browser = site.browser()
    link = browser.link("ann@example.org")
    site.now += 10 * MINUTE - timedelta(seconds=1)
    held = browser.fields(link)
    assert held
    site.now += timedelta(seconds=1)
    late, never = browser.post(link, held), browser.post(f"/sign-in/{UNKNOWN}", held)
    assert (late.status_code, late.text) == (never.status_code, never.text) == (404, never.text)
    assert browser.token is None


@pytest.mark.parametrize("token", [UNKNOWN, "x", "%00", "..%2f..", "A" * 64, "é", "0" * 65])
def test_what_is_no_link_of_ours_signs_nobody_in(site: Site, token: str) -> None:
    browser = site.browser()
    held = browser.fields("/sign-in")
    assert {browser.get(f"/sign-in/{token}").status_code, browser.post(f"/sign-in/{token}", held).status_code} == {404}
    assert browser.token is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_to_open_a_link_changes_nothing(site: Site, method: str) -> None:
    browser = site.browser()
    link = browser.link("ann@example.org")
    for path in (link, "/sign-in", f"/sign-in/{UNKNOWN}", "/", "/sign-out"):
        answer = requests.request(method, site.server.url + path, timeout=30, allow_redirects=False)
        assert "alerts_session" not in answer.headers.get("Set-Cookie", "")
    assert (count(site, tables.sign_in_links), count(site, tables.sessions)) == (1, 0)
    assert browser.redeem(link).status_code == 303


def test_a_sign_in_takes_over_no_token_that_was_there_before(site: Site) -> None:
    """Session fixation: somebody else may know the token that a browser had."""
    browser = site.browser()
    browser.set_token(UNKNOWN)
    browser.sign_in("ann@example.org")
    first = browser.token
    assert first not in (None, UNKNOWN)
    browser.sign_in("bob@example.org")
    assert browser.token not in (None, UNKNOWN, first)
    for stale in (UNKNOWN, str(first)):
        other = site.browser()
        other.set_token(stale)
        assert not is_signed_in(other)
    assert "Bob editor" in text_of(browser.get("/"))


def test_forms_of_another_browser_session_or_site_do_nothing(site: Site) -> None:
    """Cross-site request forgery, also such as signs somebody in as another."""
    ann, mallory = site.signed_in("ann"), site.signed_in("bob")
    stranger = site.browser()
    link = stranger.link("kim@example.org")
    for browser, path, fields in (
        (ann, "/sign-in", stranger.fields("/sign-in") | {"address": "kim@example.org"}),
        (ann, link, stranger.fields(link)),
        (site.browser(), link, stranger.fields(link)),
        (ann, "/c/filing", mallory.fields("/c/filing") | {"choice": "close withdrawn"}),
    ):
        assert browser.post(path, fields).status_code == 403, path
    ann.post("/sign-out", mallory.fields("/plan"))
    for path, page in (("/sign-in", "/sign-in"), (link, link), ("/c/filing", "/c/filing"), ("/sign-out", "/plan")):
        for name, value in (("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
                            ("Origin", "https://evil.example.org")):  # fmt: skip
            fields = ann.fields(page) | {"choice": "close withdrawn", "address": "kim@example.org"}
            assert ann.post(path, fields, **{name: value}).status_code == 403, path
    assert "Ann Example admin" in text_of(ann.get("/"))
    assert site.store.commitments.find("filing").open
    assert len(site.mails()) == 3


def test_who_is_not_signed_in_is_led_to_sign_in_from_an_address_that_grows_by_quoting(site: Site) -> None:
    browser = site.browser()
    found = browser.get("/?search=" + "%D0%BF" * 200)
    assert (found.status_code, found.headers["Location"]) == (303, "/sign-in?next=/")
    assert browser.get(found.headers["Location"]).status_code == 200
    short = "/?search=" + "%D0%BF" * 100
    assert browser.get(short).headers["Location"] == "/sign-in?next=" + quote(short, safe="/")


@pytest.mark.parametrize(
    "leads_to",
    [
        "https://evil.example.org/", "//evil.example.org", "///evil.example.org", "/\\evil.example.org",
        "\\\\evil.example.org", "/\t/evil.example.org", "/\n/evil.example.org", "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)", "evil.example.org", " //evil.example.org", "/ /evil",
        "/é", "/sign-out", "/sign-in", "/" + "a" * 2000, "http:/\\evil", "",
    ],
)  # fmt: skip
def test_it_leads_to_no_other_site(site: Site, leads_to: str) -> None:
    browser = site.browser()
    hidden = browser.fields("/sign-in") | {"address": "ann@example.org", "next": leads_to}
    assert browser.post("/sign-in", hidden).status_code == 200
    patience.eventually(lambda: site.links("ann@example.org"), "the mail is there")
    (link,) = site.links("ann@example.org")
    answer = browser.redeem(link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_an_address_is_mailed_five_times_in_a_quarter_of_an_hour_and_no_more(site: Site) -> None:
    for address in ("ann@example.org", "nobody@example.org"):
        browser = site.browser()
        answers = [browser.ask(one) for one in (address, address.upper(), address, f" {address} ", address, address)]
        assert [one.status_code for one in answers] == [200, 200, 200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "900"
    assert site.browser().ask("bob@example.org").status_code == 200
    site.now += 15 * MINUTE
    assert site.browser().ask("ann@example.org").status_code == 200


def test_a_client_asks_twenty_times_in_a_quarter_of_an_hour_and_no_more(sqlite_url: str, tmp_path: Path) -> None:
    """Of IPv6, one client has the addresses of a whole network."""
    with site_of(sqlite_url, tmp_path, f"{MAIL}, trusted_proxies: [127.0.0.1]") as site:
        for clients, last in (
            ([f"2001:db8::{number:x}" for number in range(21)], 429),
            (["192.0.2.7"] * 21, 429),
            ([f"192.0.2.{number}" for number in range(100, 121)], 200),
        ):
            answers = []
            for number, client in enumerate(clients):
                browser = site.browser()
                browser.headers = {"X-Forwarded-For": client}
                answers.append(browser.ask(f"{number}-{client.replace(':', '-')}@example.org").status_code)
            assert answers == [200] * 20 + [last]


def test_wrong_links_from_a_client_are_limited_and_good_ones_go_on(site: Site) -> None:
    browser = site.browser()
    link = browser.link("ann@example.org")
    assert {browser.get(f"/sign-in/{number:064x}").status_code for number in range(60)} == {404}
    assert browser.get(f"/sign-in/{UNKNOWN}").status_code == 429
    assert browser.redeem(link).status_code == 303


@pytest.mark.parametrize(
    ("address", "status"), [("", 422), ("ann", 422), ("a@" + "b" * 320, 422), ("é@ü.example.org", 200)]
)
def test_what_is_no_address_is_said(site: Site, address: str, status: int) -> None:
    answer = site.browser().ask(address)
    assert answer.status_code == status
    assert ("Enter an e-mail address" in answer.text) == (status == 422)


def test_the_cookies_are_for_this_host_alone_and_for_no_script(sqlite_url: str, tmp_path: Path) -> None:
    with site_of(sqlite_url, tmp_path, keys(HTTPS), {"KEYS": "a1" * 32}) as site:
        browser = site.browser()
        first = browser.get("/sign-in")
        name, _, value = first.headers["Set-Cookie"].partition("=")
        assert (name, value.partition("; ")[2]) == ("__Host-alerts_browser", "HttpOnly; Path=/; SameSite=lax; Secure")
        browser.headers = {"Cookie": f"{name}={value.partition(';')[0]}", "Origin": "https://alerts.example.org"}
        browser.post("/sign-in", visited(site.server, "", first).hidden | {"address": "ann@example.org"})
        patience.eventually(site.mails, "the mail is there")
        ((_, text),) = site.mails()
        link = text.partition("https://alerts.example.org/sign-in/")[2].split()[0]
        answer = browser.redeem(f"/sign-in/{link}")
        found = answer.headers["Set-Cookie"].partition("=")
        assert (found[0], found[2].partition("; ")[2]) == (
            "__Host-alerts_session", "HttpOnly; Max-Age=43200; Path=/; SameSite=lax; Secure"
        )  # fmt: skip
        browser.headers = {"Cookie": f"alerts_session={found[2].partition(';')[0]}"}
        assert not is_signed_in(browser), "the name without its prefix is another cookie"
        browser.headers = {
            "Cookie": f"__Host-alerts_session={found[2].partition(';')[0]}",
            "Host": "alerts.example.org",
        }
        assert is_signed_in(browser)


def test_a_session_lasts_twelve_hours(site: Site) -> None:
    ann = site.signed_in("ann")
    site.now += timedelta(hours=12) - timedelta(seconds=1)
    assert is_signed_in(ann)
    site.now += timedelta(seconds=1)
    assert not is_signed_in(ann)
    assert ann.post("/c/filing", {}).status_code == 403
    assert "Nothing was recorded: you are not signed in" in text_of(ann.post("/c/filing", {}))


def test_signing_out_ends_the_session_and_not_only_the_cookie(site: Site) -> None:
    ann, elsewhere = site.signed_in("ann"), site.signed_in("ann")
    token = str(ann.token)
    answer = ann.post("/sign-out", ann.fields("/plan"))
    assert "You have signed out" in text_of(answer)
    assert ann.token is None
    ann.set_token(token)
    assert not is_signed_in(ann)
    assert is_signed_in(elsewhere)


KIM = "{{key: kim, name: Kim, email: kim@example.org, timezone: UTC}}"


@pytest.mark.parametrize(
    ("instead", "stays"),
    [
        (KIM, True),
        ("{{key: kim, name: Kim Lee, email: KIM@example.org, timezone: Asia/Tokyo}}", True),
        ("{{key: kim, name: Kim, email: kim@elsewhere.example.org, timezone: UTC}}", False),
        ("{{key: kim, name: Kim, email: kim@example.org, timezone: UTC, left: 2026-11-28}}", False),
        ("{{key: kim, name: Kim, email: kim@example.org, timezone: UTC, shared: true}}", False),
        ("{{key: kimberly, name: Kim, email: kim@example.org, timezone: UTC}}", False),
    ],
)
def test_a_session_ends_with_what_it_was_opened_by(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instead: str, stays: bool
) -> None:
    with site_of(sqlite_url, tmp_path) as before:
        token = str(before.signed_in("kim").token)
    monkeypatch.setattr("tests.web.signing_in.CONFIGURATION", CONFIGURATION.replace(KIM, instead))
    with site_of(sqlite_url, tmp_path) as after:
        browser = after.browser()
        browser.set_token(token)
        assert is_signed_in(browser) is stays


def test_a_role_is_what_the_settings_say_now(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with site_of(sqlite_url, tmp_path) as before:
        token = str(before.signed_in("ann").token)
    monkeypatch.setattr("tests.web.signing_in.CONFIGURATION", CONFIGURATION.replace("UTC, role: admin}}", "UTC}}"))
    with site_of(sqlite_url, tmp_path) as after:
        browser = after.browser()
        browser.set_token(token)
        assert "Ann Example viewer" in text_of(browser.get("/"))


def test_a_person_of_a_file_is_a_viewer_and_takes_nobody_s_place(site: Site) -> None:
    declared = [("dee", "dee@example.org"), ("ann", "evil@example.org"), ("eve", "ann@example.org"),
                ("max", "pair@example.org"), ("moe", "pair@example.org")]  # fmt: skip
    with site.store.database.write() as connection:
        put(connection, [Person(key=key, name=key.title(), email=email) for key, email in declared], of_settings=False)
    dee = site.signed_in("dee")
    assert "Dee viewer" in text_of(dee.get("/"))
    assert dee.post("/c/filing", dee.fields("/plan") | {"choice": "acknowledge"}).status_code == 403
    assert "Ann Example admin" in text_of(site.signed_in("ann").get("/"))
    for address in ("evil@example.org", "pair@example.org"):
        assert site.browser().ask(address).status_code == 200
    site.browser().link("bob@example.org")  # what was asked for before has been looked at
    assert {to.lower() for to, _ in site.mails()} == {"dee@example.org", "ann@example.org", "bob@example.org"}


def test_forms_go_from_one_replica_to_another(sqlite_url: str, tmp_path: Path) -> None:
    with site_of(sqlite_url, tmp_path) as one, site_of(sqlite_url, tmp_path) as other:
        browser = one.browser()
        link = browser.link("bob@example.org")
        fields = browser.fields(link)
        browser.site = other
        assert browser.post(link, fields).status_code == 303
        load(one.store, entry("filing", "2026-12-15"), now=at("2026-10-01"))
        fields = browser.fields("/c/filing")
        browser.site = one
        assert "Recorded" in text_of(browser.post("/c/filing", fields | {"choice": "acknowledge"}))


def test_no_token_is_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "alerts")
    browser = site.browser()
    link = browser.link("ann@example.org", "/plan")
    browser.redeem(link)
    session = str(browser.token)
    browser.redeem(link)
    browser.get(f"{link}/more")
    browser.post("/sign-out", browser.fields("/"))
    secret = link.removeprefix("/sign-in/")
    stored = [hash_token(secret), hash_token(session)]
    assert not [one for one in (secret, session, *stored) if one in caplog.text]
    assert "signed in: ann, from 127.0.0.1" in caplog.text


def test_a_mail_that_cannot_be_sent_is_logged_and_the_next_one_goes_out(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    (site.folder / "mail").write_text("no folder")
    assert site.browser().ask("ann@example.org").status_code == 200
    patience.eventually(lambda: "a sign-in mail was not sent: maildir" in caplog.text, "the log says it")
    patience.eventually(lambda: bool(of_sign_in(site)), "the health says it")
    assert of_sign_in(site)[0].startswith("people cannot sign in: the mail of 2026-")
    (site.folder / "mail").unlink()
    assert site.browser().sign_in("ann@example.org").status_code == 303
    patience.eventually(lambda: not of_sign_in(site), "the health no longer says it")


def of_sign_in(site: Site) -> list[str]:
    services = site.server.services
    lines = delivery_problems(services.store, services.clock(), str)
    return [line for line in lines if "sign in" in line]


def test_too_many_mails_do_not_wait(site: Site) -> None:
    has_begun, may_go_on = threading.Event(), threading.Event()

    class LookedUpLater(KnownPeople):
        def by_address(self, address: str, now: datetime) -> Person | None:
            has_begun.set()
            may_go_on.wait()
            return super().by_address(address, now)

    services = site.server.services
    mails = SignInMails(services, LookedUpLater(services))
    assert mails.ask("nobody@example.org", "/")
    assert has_begun.wait(60), "the first is looked up, and waits no longer"
    taken = [mails.ask("nobody@example.org", "/") for _ in range(MOST_WAITING + 1)]
    may_go_on.set()
    assert taken == [True] * MOST_WAITING + [False]
