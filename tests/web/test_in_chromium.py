"""The page behind a link in Debian's Chromium: pressed by a person, visited by a program, seen on any screen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import at, entry, load
from tests.web.answering import Desk
from tests.web.daemon_site import WHOLE

pytestmark = pytest.mark.skipif(not WHOLE, reason="needs Chromium: `make web`")
TELEPHONE = {"width": 320, "height": 640}
WIDE = {"width": 1440, "height": 900}
IMPACTS = ("serious", "critical")


def address(desk: Desk, token: str) -> str:
    return f"{desk.server.url}/a/{token}"


def width_of(page: Any) -> int:
    return int(page.evaluate("document.scrollingElement.scrollWidth"))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_press_of_a_person_is_recorded_and_can_be_taken_back(desk: Desk, chromium: Any, scripts: bool) -> None:
    token = desk.sent("filing", owner="ann").token
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE) as context:
        page = context.new_page()
        page.goto(address(desk, token))
        page.get_by_role("button", name="For a week").click()
        page.get_by_text("Recorded").first.wait_for()
        assert desk.last("filing") == ("acknowledged", "a link sent to ann@example.org", "link")
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("Recorded").first.wait_for()
        assert desk.last("filing")[0] == "unacknowledged"
        assert context.cookies() == []
    assert len(desk.history("filing")) == 3


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_reader_finds_where_to_say_that_they_are_away_and_that_they_are_back(
    desk: Desk, chromium: Any, scripts: bool
) -> None:
    token = desk.sent("filing").token
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(address(desk, token))
        page.get_by_role("link", name="I will be away").click()
        page.get_by_role("button", name="Record it").click()
        page.get_by_text("Nothing was recorded yet.").wait_for()
        page.get_by_label("First day back").fill("2026-12-24")
        page.get_by_label("Who gets your alerts too?").select_option("Bob")
        page.get_by_label("Why?").press("Enter")  # presses no button
        page.get_by_role("button", name="Record it").click()
        page.get_by_text("Recorded: your absence").wait_for()
        assert [one.deputy for one in desk.store.absences.all(desk.now).recorded] == ["bob"]
        page.get_by_role("button", name="I am back").click()
        page.get_by_text("Recorded: you are back").wait_for()
        page.get_by_role("link", name="Back to the message").click()
        page.get_by_role("button", name="For a week").wait_for()
        assert context.cookies() == []
    assert desk.store.absences.all(desk.now).recorded == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_reader_silences_it_and_ends_that(desk: Desk, chromium: Any, scripts: bool) -> None:
    token = desk.sent("filing").token
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE) as context:
        page = context.new_page()
        page.goto(address(desk, token))
        page.get_by_role("link", name="Silence it for a time").click()
        page.get_by_role("button", name="Silence only this").click()
        page.get_by_text("Nothing was recorded yet.").wait_for()
        page.get_by_label("Last day").fill("2026-12-04")
        page.get_by_label("Why?").fill("The office moves.")
        page.get_by_label("Why?").press("Enter")  # presses no button
        page.get_by_role("button", name="Silence all tagged single").click()
        page.get_by_text("Recorded: silenced").wait_for()
        assert [one.match for one in desk.store.silences.lasting(desk.now)] == [{"tags": ("single",)}]
        page.get_by_role("button", name="End it now").click()
        page.get_by_text("Recorded: the silence has ended").wait_for()
        assert context.cookies() == []
    assert desk.store.silences.lasting(desk.now) == []


def test_five_visits_that_run_scripts_and_wait_change_nothing(desk: Desk, chromium: Any) -> None:
    token, before = desk.sent("filing").token, desk.dump()
    for _ in range(5):
        with chromium.new_context() as context:
            page = context.new_page()
            page.goto(address(desk, token), wait_until="networkidle")
            page.mouse.move(10, 10)
            page.wait_for_timeout(500)
    assert desk.dump() == before


def test_it_is_answered_by_keyboard_only(desk: Desk, chromium: Any) -> None:
    token = desk.sent("filing").token
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(address(desk, token))
        for _ in range(20):
            page.keyboard.press("Tab")
            if "For 3 days" in page.evaluate("document.activeElement.innerText || ''"):
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", "the focus is seen"
        page.keyboard.press("Enter")
        page.get_by_text("Recorded").first.wait_for()
    assert desk.last("filing")[0] == "acknowledged"


def pages_of(desk: Desk) -> dict[str, str]:
    """Links to each kind of page: one entry, a list, a closed one, one that no longer works."""
    one = desk.sent("filing", title="Deliver the yearly audit report to the ministry", owner="ann", note="Form 12.")
    closed = desk.sent("closed").token
    desk.visit(closed).press("close fulfilled")
    load(desk.store, *(entry(f"i{number}", "2026-11-20", tags=("list",)) for number in range(4)), now=at("2026-10-01"))
    (several,) = [sent for sent in desk.send() if len(sent.entries) == 4]
    silenced = desk.visit(one.token, "/silence")
    silenced.press("silence key", silence_date="2026-12-04", reason="The office moves.")
    desk.visit(one.token, "/away").press("away", until="2026-12-24", deputy="bob")
    return {
        "one": one.token,
        "away": f"{one.token}/away",
        "silence": f"{one.token}/silence",
        "list": several.whole,
        "closed": closed,
        "unknown": "a" * 60,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [TELEPHONE, WIDE], ids=["telephone", "wide"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    desk: Desk, chromium: Any, axe: str, scheme: str, viewport: Any
) -> None:
    found = {}
    with chromium.new_context(color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        for name, token in pages_of(desk).items():
            page.goto(address(desk, token))
            assert width_of(page) <= viewport["width"], name
            page.evaluate(axe)
            result = page.evaluate("axe.run()")
            assert len(result["passes"]) > 5, f"{name}: axe has looked at nothing"
            found[name] = [
                (one["id"], one["nodes"][0]["html"]) for one in result["violations"] if one["impact"] in IMPACTS
            ]
    assert found == {name: [] for name in found}


def test_at_twice_the_size_it_needs_no_scrolling_to_the_side(desk: Desk, chromium: Any) -> None:
    token = desk.sent("filing").token
    with chromium.new_context(viewport=TELEPHONE | {"width": 640}, device_scale_factor=2) as context:
        page = context.new_page()
        page.goto(address(desk, token))
        page.evaluate("document.documentElement.style.zoom = '200%'")
        assert width_of(page) <= 640
