"""The pages in Debian's Chromium: on any screen, with and without scripts, by keyboard, and on paper."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.core.absences import Absence
from alerts.core.silences import Silence
from tests.factories import at, entry, load
from tests.web.answering import NOW, Desk
from tests.web.daemon_site import WHOLE
from tests.web.test_due_page import TRACKED
from tests.web.test_in_chromium import TELEPHONE, WIDE, width_of
from tests.web.uploading import workbook

pytestmark = pytest.mark.skipif(not WHOLE, reason="needs Chromium: `make web`")
PATHS = {
    "due": "/",
    "filtered": "/?owner=ann&status=overdue",
    "nothing": "/?search=nothing",
    "one": "/c/audit",
    "a series": "/c/monthly",
    "one as known earlier": "/c/audit?as_of=2026-11-05",
    "all as known earlier": "/?as_of=2026-11-05",
    "no day": "/?as_of=never",
    "several": "/several?pick=audit&pick=call",
    "several shown": "/several?pick=audit&pick=call&choice=move&days=7",
    "missing": "/c/missing",
    "plan": "/plan",
    "deliveries": "/deliveries",
    "new": "/new",
    "import": "/import",
    "rules": "/rules",
    "channels": "/channels",
    "preview": "/preview?rule=single&key=audit",
}


@pytest.fixture
def due(desk: Desk) -> Desk:
    load(desk.store, *TRACKED, now=at("2026-10-01"))
    silence = Silence(match={"tags": ("paper",)}, since=NOW, until=at("2026-12-04"), reason="The office moves.", by="x")
    desk.store.silences.add(silence)
    away = Absence(person="kim", starts_at=at("2026-11-27"), ends_at=at("2026-12-07"), zone="UTC", recorded_by="x")
    desk.store.absences.record(away, NOW, "shell")
    desk.send()
    return desk


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [TELEPHONE, WIDE], ids=["telephone", "wide"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    due: Desk, chromium: Any, axe: str, scheme: str, viewport: Any
) -> None:
    found = {}
    with chromium.new_context(color_scheme=scheme, viewport=viewport, bypass_csp=True) as context:
        page = context.new_page()
        for name, path in PATHS.items():
            page.goto(due.server.url + path)
            assert width_of(page) <= viewport["width"], name
            page.evaluate(axe)
            result = page.evaluate("axe.run()")
            assert len(result["passes"]) > 5, f"{name}: axe has looked at nothing"
            found[name] = [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]]
    assert found == {name: [] for name in found}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_reader_filters_and_takes_the_filter_away(due: Desk, chromium: Any, scripts: bool) -> None:
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE) as context:
        page = context.new_page()
        page.goto(due.server.url)
        page.get_by_text("Filter", exact=True).click()
        page.get_by_label("Owner").select_option("Ann Example")
        page.get_by_role("button", name="Show", exact=True).click()
        assert "owner=ann" in page.url
        page.get_by_text("Audit report").first.wait_for()
        assert page.get_by_text("Visit").count() == 0
        page.get_by_role("link", name="owner: Ann Example").click()
        page.get_by_text("Visit").first.wait_for()
        page.get_by_label("Search in keys").fill("binder")
        page.get_by_label("Search in keys").press("Enter")
        page.get_by_text("Lease").first.wait_for()
        assert page.url.endswith("search=binder&owner=&tag=&party=&priority=&status=")
        assert context.cookies() == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_editor_moves_what_others_count_from_and_hands_it_over(due: Desk, chromium: Any, scripts: bool) -> None:
    load(due.store, entry("after", "P3D after call", title="After the call"), now=at("2026-10-01"))
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(due.server.url)
        page.get_by_role("link", name="Call", exact=True).first.click()
        page.get_by_text("Move it to a new date").click()
        page.get_by_label("New date").fill("2026-12-10")
        page.get_by_label("Why? (shown in the alert)").fill("They are away.")
        page.get_by_label("Why? (shown in the alert)").press("Enter")  # presses no button
        page.get_by_role("button", name="Show what that means").click()
        page.get_by_text("Moves along").wait_for()
        page.get_by_role("button", name="Move it").click()
        page.get_by_text("Recorded: moved").wait_for()
        page.get_by_text("Hand it over").click()
        page.get_by_label("To", exact=True).select_option("Bob")
        page.get_by_role("button", name="Make them the owner").click()
        page.get_by_text("Recorded: handed over").wait_for()
        page.get_by_role("link", name="Due", exact=True).click()
        assert context.cookies() == []
    assert due.tracked("call").commitment.owner == "bob"
    assert [due.last(key)[0] for key in ("call", "after")] == ["edited", "moved"]


RISKS = (
    ("Ref No", "What", "Due date", "Responsible"),
    ("R-1", "Deliver the report", "2027-03-31", "Ann Example"),
    ("R-2", "Pay the fee", "31 feb 2027", "Bob"),
    ("R-3", "Renew the licence", "2027-05-31", "Zoe"),
)


def choose(page: Any, *rows: tuple[object, ...]) -> None:
    """Choose a workbook, and ask what it changes."""
    file = {"name": "list.xlsx", "mimeType": "application/octet-stream", "buffer": workbook(*rows)}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what it changes").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_newcomer_tracks_three_commitments_of_a_contract(desk: Desk, chromium: Any, scripts: bool) -> None:
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE) as context:
        page = context.new_page()
        page.goto(desk.server.url)
        for title, deadline, read in (
            ("Sign the contract", "31 March 2027", "Wed 31 Mar 2027"),
            ("Deliver", "within 30 days of sign-the-contract", "Wed 31 Mar 2027 to Fri 30 Apr 2027"),
            ("Pay", "10 business days after deliver", "Fri 14 May 2027"),
        ):
            page.get_by_role("link", name="New", exact=True).click()
            page.get_by_label("What is promised?").fill(title)
            page.get_by_label("Deadline").fill("soon")
            page.get_by_label("Deadline").press("Enter")  # presses no button
            page.get_by_label("Deadline").fill(deadline)
            page.get_by_label("Tags").fill("single")
            if not scripts:
                page.get_by_role("button", name="Preview").click()
            page.get_by_text(read).first.wait_for()
            page.get_by_role("button", name="Track").click()
            page.get_by_text("it is tracked from now on").wait_for()
        assert context.cookies() == []
    keys = {"sign-the-contract", "deliver", "pay"}
    assert desk.store.commitments.statuses(keys).keys() == keys


def test_what_is_typed_before_the_script_has_come_is_previewed_too(desk: Desk, chromium: Any) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        held: list[Any] = []

        def hold(route: Any) -> None:
            held.append(route)

        page.route("**/static/preview.js", hold)
        with page.expect_request("**/static/preview.js"):
            page.goto(f"{desk.server.url}/new", wait_until="commit")
        page.get_by_label("What is promised?").fill("Sign the contract")
        page.get_by_label("Deadline").fill("31 March 2027")
        held[0].continue_()
        page.get_by_text("Wed 31 Mar 2027").first.wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_newcomer_imports_a_spreadsheet_with_two_faults_and_mends_them(
    desk: Desk, chromium: Any, axe: str, scripts: bool
) -> None:
    with chromium.new_context(java_script_enabled=scripts, viewport=TELEPHONE, bypass_csp=scripts) as context:
        page = context.new_page()
        page.goto(desk.server.url)
        page.get_by_role("link", name="Import", exact=True).click()
        page.get_by_label("Name of the register").fill("Contracts")
        choose(page, *RISKS)
        page.get_by_role("heading", name="To correct").wait_for()
        assert page.locator(".cells .wrong").all_inner_texts() == ["Due date\n31 feb 2027", "Responsible\nZoe"]
        if scripts:
            look_with_axe(page, axe)
        choose(
            page,
            *RISKS[:2],
            ("R-2", "Pay the fee", "2027-02-28", "Bob"),
            ("R-3", "Renew the licence", "2027-05-31", "Bob"),
        )
        page.get_by_text("would be added").wait_for()
        if scripts:
            look_with_axe(page, axe)
        page.get_by_role("button", name="Load as shown").click()
        page.get_by_text("Loaded into").wait_for()
        page.get_by_role("link", name="Pay the fee").click()
        page.get_by_role("heading", name="Pay the fee").wait_for()
        assert context.cookies() == []
    assert desk.store.uploads.registers() == {"Contracts": 3}


def look_with_axe(page: Any, axe: str) -> None:
    assert width_of(page) <= TELEPHONE["width"]
    page.evaluate(axe)
    result = page.evaluate("axe.run()")
    assert len(result["passes"]) > 5
    assert [(one["id"], one["nodes"][0]["html"]) for one in result["violations"]] == []


def test_on_paper_the_list_and_the_chart_are_there_and_the_filters_are_not(due: Desk, chromium: Any) -> None:
    with chromium.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto(due.server.url)
        page.emulate_media(media="print")
        assert page.get_by_role("heading", name="Dates by week").is_visible()
        assert page.locator("svg circle").first.is_visible()
        assert page.get_by_role("heading", name="Overdue").is_visible()
        assert not page.get_by_label("Search in keys").is_visible()


def test_a_violation_of_the_policy_is_reported_nowhere(due: Desk, chromium: Any) -> None:
    with chromium.new_context(viewport=WIDE) as context:
        page, said = context.new_page(), list[str]()
        page.on("console", lambda message: said.append(message.text))
        page.on("requestfailed", lambda request: said.append(request.url))
        page.goto(due.server.url, wait_until="networkidle")
        assert said == []
