"""One answer to several commitments: a preview first, then each is recorded by itself."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
import requests

from alerts.core.schedule.answers import active_answers
from tests.factories import at, close, entry, load, move
from tests.injections import INJECTIONS
from tests.web.answering import NOW, Desk, visited
from tests.web.test_commitment_page import page
from tests.web.test_due_page import Tags, text_of

KEYS = ("audit", "filing", "reply")


@pytest.fixture
def some(desk: Desk) -> Desk:
    load(
        desk.store,
        entry("audit", "2026-11-20", title="Audit", owner="ann", tags=("single",)),
        entry("filing", "2026-12-15", title="Filing", tags=("single",)),
        entry("reply", "P3D after filing", title="Reply", tags=("single",)),
        entry("window", "between 2026-12-01 and 2026-12-05", title="Window"),
        now=at("2026-10-01"),
    )
    return desk


def show(
    desk: Desk, choice: str = "", keys: tuple[str, ...] = KEYS, status: int = 200, **typed: str
) -> requests.Response:
    query = [("pick", key) for key in keys] + [*(typed | {"choice": choice}).items()]
    answer = desk.server.get(f"/several?{urlencode(query)}")
    assert answer.status_code == status
    assert Tags(answer.text).live == []
    return answer


def confirm(desk: Desk, shown: requests.Response, **typed: str) -> requests.Response:
    hidden = visited(desk.server, "", shown).hidden
    (picked,) = re.findall(r'<textarea name="picked" hidden>\n(.*?)</textarea>', shown.text, re.DOTALL)
    (choice,) = re.findall(r'name="choice" value="([^"]*)" class="primary"', shown.text)
    return desk.server.post("/several", data=hidden | {"picked": unescape(picked), "choice": choice} | typed)


def test_the_due_page_lets_an_editor_choose_several(some: Desk) -> None:
    html = some.server.get("/").text
    assert set(re.findall(r'name="pick" value="([^"]*)"', html)) == {"audit", "filing", "reply", "window"}
    assert "3 selected" in text_of(show(some).text)


@pytest.mark.parametrize(
    ("choice", "typed", "key", "what"),
    [
        ("acknowledge date", {}, "audit", "acknowledged"),
        ("acknowledge date", {"pause_date": "2026-12-02"}, "audit", "acknowledged"),
        ("snooze date", {"snooze_date": "2026-12-02"}, "filing", "snoozed"),
        ("assign", {"person": "bob"}, "audit", "edited"),
        ("move", {"days": "7", "reason": "Later."}, "filing", "moved"),
        ("close fulfilled", {"close_reason": "All done."}, "audit", "closed"),
    ],
)
def test_an_answer_is_shown_and_changes_nothing_and_is_then_recorded_for_each(
    some: Desk, choice: str, typed: dict[str, str], key: str, what: str
) -> None:
    before = some.dump()
    shown = show(some, choice, **typed)
    assert "Nothing is recorded yet." in text_of(shown.text)
    assert some.dump() == before
    answer = confirm(some, shown, name="Ann")
    assert answer.status_code == 200
    assert "Recorded" in answer.text
    assert some.last(key) == (what, "Ann, by a page on this machine", "local")


def state_of(desk: Desk, key: str) -> tuple[object, ...]:
    one = desk.tracked(key)
    return one.commitment.status, one.commitment.owner, one.commitment.deadline, one.bounds, active_answers(one, NOW)


@pytest.mark.parametrize(
    ("choice", "typed", "undo"),
    [
        ("acknowledge date", {}, "undo"),
        ("snooze date", {"snooze_date": "2026-12-02", "past_due": "yes"}, "undo"),
        ("assign", {"person": "bob"}, "restore"),
        ("move", {"days": "7", "reason": "Later."}, "restore"),
        ("close fulfilled", {}, "reopen"),
    ],
)
def test_each_of_several_is_taken_back_by_itself_and_the_others_stay(
    some: Desk, choice: str, typed: dict[str, str], undo: str
) -> None:
    keys = ("audit", "filing", "reply") if choice != "move" else ("audit", "reply")
    before = {key: state_of(some, key) for key in keys}
    assert f"for {len(keys)} of {len(keys)}" in text_of(confirm(some, show(some, choice, keys, **typed)).text)
    after = {key: state_of(some, key) for key in keys}
    for done, key in enumerate(keys, 1):
        answer = page(some, key).press(undo, reason="By mistake.")
        assert answer.answer.status_code == 200
        assert "Recorded: taken back" in answer.text or undo == "reopen"
        assert [state_of(some, one) for one in keys] == [
            *(before[one] for one in keys[:done]), *(after[one] for one in keys[done:])
        ]  # fmt: skip


def test_a_move_by_days_says_what_moves_along_and_moves_it_once(some: Desk) -> None:
    found = text_of(show(some, "move", days="7").text)
    assert "Moves to Tue 22 Dec 2026 Moves along: reply" in found
    assert "Left out: it moves along with filing" in found
    alone = text_of(show(some, "move", ("reply",), days="7").text)
    assert "Moves to Fri 25 Dec 2026, and no longer counts from filing" in alone
    confirm(some, show(some, "move", days="7"))
    dates = {key: some.tracked(key).bounds.last for key in ("filing", "reply")}
    assert [str(dates[key].date) for key in dates] == ["2026-12-22", "2026-12-25"]  # type: ignore[union-attr]
    assert some.tracked("reply").commitment.deadline == "P3D after filing"


def test_what_cannot_be_answered_so_is_left_out_and_says_why(some: Desk) -> None:
    assert "it has no single date" in text_of(show(some, "move", ("window",), days="7").text)
    assert "Record it for" not in show(some, "snooze date", ("audit",), snooze_date="2026-12-02").text


@pytest.mark.parametrize(
    ("choice", "typed"),
    [("move", {"days": "x"}), ("move", {"days": "0"}), ("assign", {"person": "none"}), ("snooze date", {})],
)
def test_what_is_missing_is_asked_for(some: Desk, choice: str, typed: dict[str, str]) -> None:
    assert "Nothing was recorded yet." in text_of(show(some, choice, status=422, **typed).text)


def test_what_has_changed_since_the_preview_is_left_out_and_the_others_are_recorded(some: Desk) -> None:
    shown = show(some, "close fulfilled", ("audit", "filing"))
    move(some.store, "filing", "2026-12-20", now=at("2026-11-28T09:20"))
    found = text_of(confirm(some, shown).text)
    assert "Recorded for 1 of 2" in found
    assert "Left out: it has changed since the preview" in found
    assert (some.tracked("audit").open, some.tracked("filing").open) == (False, True)


def test_one_form_is_recorded_once(some: Desk) -> None:
    shown = show(some, "assign", ("filing",), person="bob")
    confirm(some, shown)
    before = some.dump()
    again = text_of(confirm(some, shown).text)
    assert some.dump() == before
    assert "Recorded for 1 of 1" in again, "it is recorded, by the same form"


def test_one_form_moves_once_also_what_moves_along(some: Desk) -> None:
    shown = show(some, "move", days="7")
    confirm(some, shown)
    before = some.dump()
    again = text_of(confirm(some, shown).text)
    assert some.dump() == before
    assert "Recorded for 2 of 3" in again
    assert "Left out: it has changed since the preview" in again


def test_a_move_of_what_has_changed_since_the_preview_is_left_out(some: Desk) -> None:
    shown = show(some, "move", ("audit", "filing"), days="7")
    move(some.store, "filing", "2026-12-20", now=at("2026-11-28T09:20"))
    found = text_of(confirm(some, shown).text)
    assert "Recorded for 1 of 2" in found
    assert some.tracked("filing").commitment.deadline == "2026-12-20"


@pytest.mark.parametrize("picked", ["audit", "audit x", "audit 1 due", "audit 99 ahead", "audit x ahead"])
def test_what_no_preview_has_shown_is_left_out(some: Desk, picked: str) -> None:
    shown, before = show(some, "close fulfilled", ("audit",)), some.dump()
    assert confirm(some, shown, picked=picked).status_code == 200
    assert some.dump() == before


def test_what_somebody_has_closed_since_the_preview_is_named(some: Desk) -> None:
    shown = show(some, "close fulfilled", ("audit", "filing"))
    close(some.store, "audit")
    found = text_of(confirm(some, shown).text)
    assert "Recorded for 1 of 1" in found
    assert "No longer open , so nothing was recorded now: audit" in found


@pytest.mark.parametrize("typed", [{"token": "0" * 64}, {"form": "0" * 32}, {"picked": ""}, {"choice": "nothing"}])
def test_a_form_that_is_not_ours_or_states_nothing_changes_nothing(some: Desk, typed: dict[str, str]) -> None:
    shown, before = show(some, "close fulfilled"), some.dump()
    confirm(some, shown, **typed)
    assert some.dump() == before


def test_what_is_closed_or_unknown_cannot_be_chosen(some: Desk) -> None:
    close(some.store, "audit")
    assert "0 selected" in text_of(show(some, "", ("audit", "nothing", "\x00")).text)


def test_injected_text_is_text_in_every_field(desk: Desk) -> None:
    texts = [text for text in INJECTIONS[::9] if text.isprintable() and text.strip()]
    load(desk.store, *(entry(f"i{n}", "2026-12-15", title=text) for n, text in enumerate(texts)), now=at("2026-10-01"))
    keys = tuple(f"i{n}" for n in range(len(texts)))
    known = Tags(show(desk, "move", keys[:3], 422, days="x").text).tags
    assert Tags(desk.server.get("/").text).live == []
    for text in texts:
        typed = dict.fromkeys(("pause_date", "snooze_date", "person", "days", "reason", "close_reason", "name"), text)
        assert Tags(show(desk, "move", (*keys[:3], text), 422, **typed).text).tags <= known
    assert Tags(confirm(desk, show(desk, "close fulfilled", keys[:70])).text).live == []


def test_as_many_as_a_page_lists_can_be_answered_at_once_whatever_their_keys(some: Desk) -> None:
    keys = tuple(f"{'k' * 90}-{number:02}" for number in range(75))
    load(some.store, *(entry(key, "2026-12-15") for key in keys), now=at("2026-10-01"))
    shown = show(some, "acknowledge date", keys)
    assert confirm(some, shown).status_code == 200
    assert all(some.store.commitments.find(key).acknowledged for key in keys)
