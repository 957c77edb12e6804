"""A link that is opened where somebody has signed in: a session goes before it, and no other site can use that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.web import signing_in
from tests.web.answering import ALL, Desk, Visit, visited
from tests.web.daemon_site import WHOLE
from tests.web.signing_in import MAIL, Browser, Site, site_of, text_of
from tests.web.test_in_chromium import TELEPHONE, WIDE, width_of

ANNS = "a link sent to ann@example.org"
COMING = "2026-12-04"
SIGNED_IN = "You are signed in as"


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    two_leads = signing_in.CONFIGURATION.replace("[P7D]", "[P7D, P1D]")  # ahead of the last one, a link may snooze
    monkeypatch.setattr(signing_in, "CONFIGURATION", two_leads)
    with site_of(sqlite_url, tmp_path, f"{MAIL}, answers: {{allow: [{ALL}]}}") as found:
        yield found


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site.server)


def opened(browser: Browser, token: str, below: str = "") -> Visit:
    return visited(browser.site.server, token + below, browser.get(f"/a/{token}{below}"))


def press(browser: Browser, page: Visit, choice: str, **typed: str) -> Visit:
    answer = browser.post(f"/a/{page.token}", page.hidden | typed | {"choice": choice})
    return visited(browser.site.server, page.token, answer)


def test_the_history_names_who_has_signed_in_and_the_page_says_so(site: Site, desk: Desk) -> None:
    token, bob = desk.sent("filing", COMING).token, site.signed_in("bob")
    page = opened(bob, token)
    assert f"{SIGNED_IN} Bob . The history shows that you answer, by a link sent to Ann Example." in page.text
    assert "No alerts to Ann Example for a while" in page.text
    assert "Not you?" not in page.text
    recorded = press(bob, page, "acknowledge", name="Somebody")
    assert "Recorded" in recorded.text
    assert desk.last("filing") == ("acknowledged", f"Bob, by {ANNS}", "signed-in")
    assert "Recorded" in press(bob, recorded, "undo").text
    assert desk.last("filing")[1:] == (f"Bob, by {ANNS}", "signed-in")


def test_who_opens_their_own_link_is_named_too(site: Site, desk: Desk) -> None:
    ann = site.signed_in("ann")
    page = opened(ann, desk.sent("filing", COMING).token)
    assert f"{SIGNED_IN} Ann Example . The history shows that you answer." in page.text
    assert "No alerts to me for a while" in page.text
    press(ann, page, "note", note="A line.")
    assert desk.last("filing")[1:] == (f"Ann Example, by {ANNS}", "signed-in")


def test_an_alert_leads_to_the_page_that_says_why_it_came(site: Site, desk: Desk) -> None:
    token, way = desk.sent("filing", COMING).token, 'href="/c/filing"'
    ann = site.signed_in("ann")
    page = opened(ann, token)
    assert f"<li><a {way}>Why this alert came, and its history</a></li>" in page.answer.text
    assert way in press(ann, page, "acknowledge").answer.text
    stranger = opened(site.browser(), token)
    assert "Why this alert came, and its history for those who sign in" in stranger.text
    assert "How this date was worked out" in text_of(ann.get("/c/filing"))


def test_the_pages_below_a_link_and_a_list_know_it_too(site: Site, desk: Desk) -> None:
    sent, bob = desk.sent("filing", COMING), site.signed_in("bob")
    away, whole = opened(bob, sent.token, "/away"), opened(bob, sent.whole)
    assert "This page is about Ann Example" in away.text
    assert "Recorded" in press(bob, away, "away", until="2026-12-20").text
    (absence,) = site.store.absences.recorded(site.now)
    assert absence.recorded_by == f"Bob, by {ANNS}"
    silence = opened(bob, sent.token, "/silence")
    typed = {"silence_date": "2026-12-02", "reason": "Stocktaking"}
    assert "Recorded" in press(bob, silence, "silence key", **typed).text
    (one,) = site.store.silences.lasting(site.now)
    assert (one.by, one.proof) == (f"Bob, by {ANNS}", "signed-in")
    assert SIGNED_IN in whole.text
    assert "Recorded" in press(bob, whole, "acknowledge").text
    assert desk.last("filing") == ("acknowledged", f"Bob, by {ANNS}", "signed-in")


def test_a_shared_mailbox_needs_no_name_of_who_has_signed_in(site: Site, desk: Desk) -> None:
    token, kim = desk.sent("filing", to="team@example.org").token, site.signed_in("kim")
    page = opened(kim, token)
    assert "Several people read this message" not in page.text
    assert "Recorded" in press(kim, page, "acknowledge 2026-12-01").text, "a viewer may do by a link what anybody may"
    assert desk.last("filing")[1:] == ("Kim, by a link sent to team@example.org", "signed-in")


def test_without_a_session_all_is_as_before_and_no_cookie_is_set(site: Site, desk: Desk) -> None:
    browser = site.browser()
    page = opened(browser, desk.sent("filing").token)
    assert "Answering as Ann Example. Not you?" in page.text
    assert "session" not in page.hidden
    press(browser, page, "acknowledge 2026-12-01")
    assert desk.last("filing")[1:] == (ANNS, "link")
    assert not browser.session.cookies


def test_a_form_of_another_site_does_not_answer_in_somebodys_name(site: Site, desk: Desk) -> None:
    """Whoever has a link of a chat could let the browser of a colleague send a form: the cookies may go with it."""
    token, bob, stranger = desk.sent("filing").token, site.signed_in("bob"), site.browser()
    page = opened(stranger, token)
    press(bob, page, "note", note="Made by another site.")
    assert desk.last("filing")[1:] == (ANNS, "link")
    kept = desk.dump()["revisions"]
    own = opened(bob, token).hidden["session"]
    of_pages = bob.fields("/plan")
    for forged in (of_pages["token"], own, "0" * 64, "é"):
        form = opened(stranger, token).hidden
        answer = bob.post(f"/a/{token}", form | {"session": forged, "choice": "note", "note": "x"})
        assert answer.status_code == 409
    assert desk.dump()["revisions"] == kept
    assert (
        bob.post("/sign-out", of_pages | {"token": own, "form": opened(bob, token).hidden["form"]}).status_code == 303
    )


def test_a_page_of_a_session_that_is_over_records_nothing_and_says_who_answers_now(site: Site, desk: Desk) -> None:
    token, bob = desk.sent("filing").token, site.signed_in("bob")
    page, away = opened(bob, token), opened(bob, token, "/away")
    bob.post("/sign-out", bob.fields("/plan"))
    again = press(bob, page, "acknowledge 2026-12-01")
    assert again.status == 409
    assert "Answering as Ann Example. Not you?" in again.text
    assert press(bob, away, "away", until="2026-12-20").status == 409
    assert len(desk.history("filing")) == 1
    assert site.store.absences.recorded(site.now) == []
    bob.sign_in("kim@example.org")
    assert f"{SIGNED_IN} Kim" in press(bob, page, "acknowledge 2026-12-01").text
    assert len(desk.history("filing")) == 1


def test_a_session_that_has_expired_counts_for_nothing(site: Site, desk: Desk) -> None:
    token, bob = desk.sent("filing").token, site.signed_in("bob")
    site.now += timedelta(hours=12)
    assert SIGNED_IN not in text_of(bob.get(f"/a/{token}"))


def test_a_session_makes_no_dead_link_good(site: Site, desk: Desk) -> None:
    ann = site.signed_in("ann")
    assert ann.get(f"/a/{desk.sent('filing').token[:-1]}0").status_code == 404


@pytest.mark.skipif(not WHOLE, reason="needs Chromium: `make web`")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [TELEPHONE, WIDE], ids=["telephone", "wide"])
def test_in_a_browser_the_session_goes_along(site: Site, chromium: Any, axe: str, scheme: str, viewport: Any) -> None:
    desk = Desk(site.server)
    token, bob = desk.sent("filing").token, site.signed_in("bob")
    with chromium.new_context(color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        context.add_cookies([{"name": "alerts_session", "value": bob.token, "domain": "127.0.0.1", "path": "/",
                              "sameSite": "Lax", "httpOnly": True}])  # fmt: skip
        page = context.new_page()
        page.goto(f"{site.server.url}/a/{token}")
        page.get_by_text(SIGNED_IN).wait_for()
        assert width_of(page) <= viewport["width"]
        page.evaluate(axe)
        assert page.evaluate("axe.run()")["violations"] == []
        page.get_by_role("button", name="tomorrow").first.click()
        page.get_by_text("Recorded").first.wait_for()
    assert desk.last("filing")[1:] == (f"Bob, by {ANNS}", "signed-in")
