"""The page for all entries of a message: what is acknowledged together, and what is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests import acting
from tests.factories import at, change, entry, load
from tests.web.answering import NOW, Desk, Sent

LATER = at("2026-11-28T09:10")


def listed(desk: Desk, *, to: str = "ann@example.org", **more: dict[str, Any]) -> Sent:
    """Send a digest of two that are ahead, one that is overdue and one that is critical; `more` states others."""
    stated: dict[str, dict[str, Any]] = {
        "one": {},
        "two": {},
        "late": {"deadline": "2026-11-20"},
        "vital": {"priority": "critical"},
    }
    for key, fields in (stated | more).items():
        load(desk.store, entry(key, **{"deadline": "2026-12-05", "tags": ("list",)} | fields), now=at("2026-10-01"))
    found = [one for one in desk.send(to=to, also=("vital",)) if len(one.entries) > 2]
    return Sent(found[0].delivery, found[0].entries)


def acknowledged(desk: Desk) -> set[str]:
    return {one.commitment.key for one in desk.store.ledger.tracked() if one.current_acknowledgement}


def test_all_are_acknowledged_but_what_is_urgent_and_the_page_says_which(desk: Desk) -> None:
    page = desk.visit(listed(desk).whole)
    together, alone = page.text.split("Answer these one by one")
    assert "Acknowledge these 2" in together
    assert ("The one" in together, "The two" in together, "The late" in together) == (True, True, False)
    assert alone.strip().startswith("The vital Critical Due Sat 5 Dec (in 7 days) The late Overdue since Fri 20 Nov")
    assert alone.count("verdue") == 1
    done = page.press("acknowledge")
    assert (done.status, done.text.count("Recorded")) == (200, 1)
    assert acknowledged(desk) == {"one", "two"}
    assert desk.last("one") == ("acknowledged", "a link sent to ann@example.org", "link")


def test_pressed_twice_and_by_twenty_it_is_recorded_once(desk: Desk) -> None:
    page = desk.visit(listed(desk).whole)
    body = page.hidden | {"choice": "acknowledge"}

    def press(_: int) -> bool:
        return "Recorded" in requests.post(f"{desk.server.url}/a/{page.token}", data=body, timeout=60).text

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(press, range(20)))
    assert [len(desk.history(key)) for key in ("one", "two", "late")] == [2, 2, 1]


def test_what_has_changed_since_the_message_is_left_out(desk: Desk) -> None:
    sent = listed(desk)
    acting.move(desk.store, "two", "2026-12-20", change(LATER))
    page = desk.visit(sent.whole)
    assert "Changed since this message was sent" in page.text
    assert "Recorded" in page.press("acknowledge").text
    assert acknowledged(desk) == {"one"}


def test_what_changes_after_the_page_was_opened_stops_all_of_it(desk: Desk) -> None:
    page = desk.visit(listed(desk).whole)
    acting.close(desk.store, "two", "fulfilled", change(NOW))
    before = desk.dump()
    again = page.press("acknowledge")
    assert (again.status, "This has changed since you opened the page" in again.text) == (409, True)
    assert desk.dump() == before
    assert "Recorded" in again.press("acknowledge").text
    assert acknowledged(desk) == {"one"}


def test_what_needs_a_review_can_be_paused_until_a_day(desk: Desk) -> None:
    page = desk.visit(listed(desk, review={"deadline": "after 2026-10-10"}).whole)
    assert "acknowledge 2026-12-01" in page.buttons
    assert page.press("acknowledge date", pause_date="2020-01-01").status == 422
    assert "Recorded" in page.press("acknowledge 2026-12-01").text
    review, one = (desk.tracked(key).acknowledged for key in ("review", "one"))
    assert review is not None
    assert one is not None
    assert (review.until, one.until) == (at("2026-12-02"), None)


def test_each_entry_leads_to_its_own_page(desk: Desk) -> None:
    page = desk.visit(listed(desk).whole)
    links = {part.split('"')[0] for part in page.answer.text.split('href="/a/')[1:]}
    assert len([one for one in links if not one.endswith("/away")]) == 4
    assert {desk.visit(token).status for token in links} == {200}


def test_entries_are_in_the_order_of_their_dates_and_what_is_closed_comes_last(desk: Desk) -> None:
    sent = listed(
        desk, later={"deadline": "2026-12-04"}, older={"deadline": "2026-11-10"}, ended={"deadline": "2026-12-01"}
    )
    acting.close(desk.store, "ended", "fulfilled", change(LATER))
    page = desk.visit(sent.whole)
    titles = [part.split("<")[0] for part in page.answer.text.split("<strong>The ")[1:]]
    assert titles == ["later", "one", "two", "vital", "older", "late", "ended"]
    assert page.text.endswith("The ended Closed as fulfilled I will be away: name a deputy")
    assert '<main class="card late">' in page.answer.text


def test_a_list_only_acknowledges(desk: Desk) -> None:
    page = desk.visit(listed(desk).whole)
    before = desk.dump()
    for choice in ("close fulfilled", "move", "note", "undo", "preview", "snooze 2026-11-29"):
        assert page.press(choice, note="x", new_date="2026-12-20").status in (409, 422)
    assert desk.dump() == before


def test_a_shared_list_asks_for_a_name(desk: Desk) -> None:
    page = desk.visit(listed(desk, to="team@example.org").whole)
    assert page.press("acknowledge").status == 422
    assert acknowledged(desk) == set()
    page.press("acknowledge", name="Carl")
    assert desk.last("one") == ("acknowledged", "Carl, by a link sent to team@example.org", "claimed")
