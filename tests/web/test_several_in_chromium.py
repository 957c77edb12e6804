"""One answer to several in Debian's Chromium, and two editors of one commitment: with and without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.core.schedule.answers import active_answers
from tests.factories import at, entry, load
from tests.web.answering import NOW, Desk
from tests.web.daemon_site import WHOLE
from tests.web.test_in_chromium import TELEPHONE, WIDE
from tests.web.test_pages_in_chromium import look_with_axe

pytestmark = pytest.mark.skipif(not WHOLE, reason="needs Chromium: `make web`")
TITLES = {"audit": "Audit", "filing": "Filing", "reply": "Reply"}
FIRST, SECOND = "audit", "reply"
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
VERBS = {
    "acknowledge": ({}, "Acknowledge", "Acknowledged", "Undo takes back"),
    "snooze": ({"Until the end of": "2026-12-02", "Also past its date": ""}, "Snooze", "No alerts until", "Undo takes"),
    "assign": ({"To": "Bob"}, "Make them the owner", "Owner: Bob", "Undo the handover"),
    "move": ({"By how many days": "7"}, "Move", "Moves to", "Undo the move"),
    "close": ({"Why? (may be left empty)": "All done."}, "Done", "Closed: fulfilled", "Reopen"),
}


@pytest.fixture
def some(desk: Desk) -> Desk:
    load(
        desk.store,
        entry("audit", "2026-11-20", title="Audit", owner="ann", tags=("single",)),
        entry("filing", "2026-12-15", title="Filing", tags=("single",)),
        entry("reply", "P3D after filing", title="Reply", tags=("single",)),
        now=at("2026-10-01"),
    )
    return desk


def states(desk: Desk) -> dict[str, tuple[object, ...]]:
    """Return what an answer changes of each."""
    found = ((key, desk.tracked(key)) for key in TITLES)
    return {
        key: (
            one.commitment.status,
            one.commitment.owner,
            one.commitment.deadline,
            one.bounds,
            active_answers(one, NOW),
        )
        for key, one in found
    }


def fill(page: Any, typed: dict[str, str]) -> None:
    for label, value in typed.items():
        field = page.get_by_label(label, exact=label == "To")
        if field.get_attribute("type") == "checkbox":
            field.check()
        elif label == "To":
            field.select_option(value)
        else:
            field.fill(value)


@SCRIPTS
@pytest.mark.parametrize("verb", VERBS)
def test_an_editor_answers_several_and_takes_one_back(
    some: Desk, chromium: Any, axe: str, verb: str, scripts: bool
) -> None:
    typed, button, means, undo = VERBS[verb]
    before = states(some)
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE, bypass_csp=scripts) as context:
        page = context.new_page()
        page.goto(some.server.url)
        for key in (FIRST, SECOND):
            page.locator(f'input[name="pick"][value="{key}"]').check()
        page.get_by_role("button", name="Answer the selected ones together").first.click()
        page.get_by_role("heading", name="2 selected").wait_for()
        fill(page, typed)
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_text("Nothing is recorded yet.").wait_for()
        assert page.get_by_text(means).count() == 2
        assert states(some) == before
        page.get_by_role("button", name="Record it for 2").click()
        page.get_by_text("Recorded for 2 of 2").wait_for()
        after = states(some)
        assert {key for key in TITLES if after[key] != before[key]} == {FIRST, SECOND}
        page.get_by_role("link", name=TITLES[SECOND]).click()
        if scripts:
            look_with_axe(page, axe)
        if undo == "Reopen":
            page.get_by_label("Why?").fill("By mistake.")
        page.get_by_role("button", name=undo).click()
        page.get_by_text("Recorded:").wait_for()
        assert context.cookies() == []
    assert states(some) == after | {SECOND: before[SECOND]}


@SCRIPTS
def test_of_two_editors_the_second_sees_what_the_first_did_next_to_what_they_typed(
    some: Desk, chromium: Any, axe: str, scripts: bool
) -> None:
    with (
        chromium.new_context(java_script_enabled=scripts, viewport=WIDE) as one,
        chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE, bypass_csp=scripts) as other,
    ):
        first, second = one.new_page(), other.new_page()
        for page in (first, second):
            page.goto(f"{some.server.url}/c/filing")
            page.get_by_text("Move it to a new date").click()
        first.get_by_label("New date").fill("2026-12-18")
        second.get_by_label("New date").fill("2026-12-22")
        second.get_by_label("Why? (shown in the alert)").fill("They are away.")
        for page in (first, second):
            page.get_by_role("button", name="Show what that means").click()
        first.get_by_role("button", name="Move it").click()
        first.get_by_text("Recorded: moved").wait_for()
        second.get_by_role("button", name="Move it").click()
        second.get_by_text("Nothing was recorded.").wait_for()
        meanwhile = second.get_by_role("alert")
        assert "Tue 15 Dec 2026 → Fri 18 Dec 2026" in meanwhile.inner_text()
        assert second.get_by_label("New date").input_value() == "2026-12-22"
        assert second.get_by_label("Why? (shown in the alert)").input_value() == "They are away."
        if scripts:
            look_with_axe(second, axe)
        assert len(some.history("filing")) == 2
        second.get_by_role("button", name="Show what that means").click()
        second.get_by_role("button", name="Move it").click()
        second.get_by_text("Recorded: moved").wait_for()
    assert [str(one.after.last.date) for one in some.history("filing")[1:] if one.after] == ["2026-12-18", "2026-12-22"]
