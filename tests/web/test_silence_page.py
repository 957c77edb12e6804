"""`/a/TOKEN/silence`: with permission, a link silences a commitment, its tag or its owner, as the command does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.actions.edit import note
from alerts.core.silences import Silence
from alerts.store.silence_rows import Silences
from alerts.store.store_error import StoreError
from alerts.web.answer_form import DECOY
from tests.factories import at, change, entry, load
from tests.web.answering import NOW, Desk, Sent, Visit, opened

LINK = "a link sent to ann@example.org"
TYPED = {"silence_date": "2026-12-04", "reason": "The office moves."}


def recorded(desk: Desk) -> list[Silence]:
    return desk.store.silences.lasting(desk.now)


def page_of(desk: Desk, sent: Sent | None = None) -> Visit:
    return desk.visit((sent or desk.sent("filing", owner="bob")).token, "/silence")


def stored(desk: Desk, **more: object) -> Silence:
    one = Silence(**({"match": {}, "since": NOW, "until": at("2026-12-01"), "reason": "Quiet.", "by": "x"} | more))  # type: ignore[arg-type]
    desk.store.silences.add(one)
    return one


def test_the_page_of_one_alert_leads_there(desk: Desk) -> None:
    sent = desk.sent("filing", owner="bob")
    assert f'href="/a/{sent.token}/silence"' in desk.visit(sent.token).answer.text
    page = page_of(desk, sent)
    assert page.buttons == [DECOY, "silence key", "silence tag single", "silence owner"]
    assert "Silence all that Bob owns" in page.text
    assert "/silence" not in desk.visit(sent.whole).answer.text
    assert desk.visit(sent.whole, "/silence").status == 404


@pytest.mark.parametrize(
    ("choice", "match"),
    [("key", {"key": ("filing",)}), ("tag single", {"tags": ("single",)}), ("owner", {"owner": ("bob",)})],
)
def test_a_silence_is_recorded_once_as_by_the_link(desk: Desk, choice: str, match: dict[str, tuple[str, ...]]) -> None:
    page = page_of(desk)
    for _ in range(2):
        done = page.press(f"silence {choice}", **TYPED)
        assert (done.status, done.text.count("Recorded")) == (200, 1)
    (one,) = recorded(desk)
    assert (one.match, one.since, one.until) == (match, NOW, at("2026-12-05"))
    assert (one.reason, one.by, one.proof) == ("The office moves.", LINK, "link")
    assert "Silenced until Sat 5 Dec 2026 00:00 UTC (The office moves.)" in done.text


def test_the_answer_page_says_so_while_it_lasts(desk: Desk) -> None:
    sent, other = desk.sent("filing"), desk.sent("other")
    page_of(desk, sent).press("silence key", **TYPED)
    text = "Silenced until Sat 5 Dec 2026 00:00 UTC (The office moves.). Alerts wait until then."
    shown = desk.visit(sent.token).text
    assert text in shown
    assert "Sat 5 Dec 2026 00:00 UTC, to " in shown.partition("Next alert")[2]
    assert "Silenced" not in desk.visit(other.token).text
    desk.now = at("2026-12-05")
    assert "Silenced" not in desk.visit(sent.token).text


def test_the_answer_page_names_the_time_at_which_office_hours_let_the_next_alert_go(desk: Desk) -> None:
    sent = desk.sent("filing", "2026-12-05")
    load(desk.store, entry("filing", "2026-12-10", tags=("office",)), now=NOW)  # its lead lies on a Saturday
    assert "Next alert Mon 7 Dec 2026 10:00 UTC, to office@example.org" in desk.visit(sent.token).text


def test_what_is_critical_says_that_it_goes_out_all_the_same(desk: Desk) -> None:
    sent = desk.sent("filing", priority="critical")
    page = page_of(desk, sent)
    assert "This is critical: its alerts go out before the deadline all the same." in page.text
    page.press("silence key", **TYPED)
    assert "Alerts go out before the deadline all the same." in desk.visit(sent.token).text


def test_all_silences_that_apply_are_shown_and_can_be_ended_and_no_other(desk: Desk) -> None:
    everything, later = stored(desk), stored(desk, match={"tags": ("single",)}, since=at("2026-11-30"))
    of_settings = stored(desk, of_settings=True, reason="Of the settings.", match={"key": ("filing",)})
    other = stored(desk, match={"key": ("else",)}, reason="A secret.")
    page = page_of(desk)
    mine = [f"end {one.id}" for one in (everything, later, of_settings)]
    assert sorted(one for one in page.buttons if one.startswith("end ")) == sorted(mine)
    assert "A secret." not in page.text
    assert "From Mon 30 Nov 2026 00:00 UTC until Tue 1 Dec 2026 00:00 UTC" in page.text
    for which in (other.id, "0" * 8, "x", ""):
        assert page.press(f"end {which}").status == 409
    for choice in mine:
        visit = desk.visit(page.token)
        assert "Recorded : the silence has ended" in visit.press(choice).text
        assert "Recorded : the silence has ended" in visit.press(choice).text, "the same form again"
        assert desk.visit(page.token).press(choice).status == 409
    assert recorded(desk) == [other]


MISSING = [
    ({"silence_date": ""}, "Choose a date first."),
    ({"silence_date": "2026-11-27"}, "within 90 days."),
    ({"silence_date": "2027-02-26"}, "within 90 days."),
    ({"silence_date": "9999-12-31"}, "within 90 days."),
    ({"reason": " "}, "Say why"),
    ({"reason": "x" * 2001}, "Shorten the text"),
]


def test_what_is_missing_or_cannot_be_is_said_at_its_field(desk: Desk) -> None:
    page = page_of(desk)
    for typed, problem in MISSING:
        refused = page.press("silence key", **TYPED | typed)
        said = "Nothing was recorded yet." in refused.text, problem in refused.text
        assert (refused.status, *said) == (422, True, True), typed
    assert recorded(desk) == []


def test_the_last_day_that_the_page_offers_can_be_chosen(desk: Desk) -> None:
    page = page_of(desk)
    assert 'max="2027-02-25"' in page.answer.text
    assert "Recorded" in page.press("silence key", **TYPED | {"silence_date": "2027-02-25"}).text


def test_nothing_but_what_is_offered_can_be_silenced(desk: Desk) -> None:
    page = page_of(desk)
    for choice in ("tag other", "owner x", "everything", "", "key filing"):
        assert page.press(f"silence {choice}", **TYPED).status == 409, choice
    assert recorded(desk) == []


def test_what_has_changed_since_or_come_to_another_stage_is_not_silenced(desk: Desk) -> None:
    page = page_of(desk)
    note(desk.store, "filing", "Somebody was quicker.", change(NOW))
    refused = page.press("silence key", **TYPED)
    assert (refused.status, "This has changed since you opened the page" in refused.text) == (409, True)
    soon = desk.visit(desk.sent("soon", "2026-12-01").token, "/silence")
    desk.now += timedelta(days=4)
    assert soon.press("silence key", **TYPED).status == 409
    assert recorded(desk) == []


def test_a_chat_or_a_shared_mailbox_gives_a_name_and_is_named_nobody(desk: Desk) -> None:
    stored(desk, by="ann@example.org")
    page = page_of(desk, desk.sent("filing", owner="bob", to="team@example.org"))
    assert "silence owner" not in page.buttons
    assert "Bob" not in page.text
    assert "ann@example.org" not in page.text
    refused = page.press("silence key", **TYPED)
    assert (refused.status, "Enter your name first" in refused.text) == (422, True)
    page.press("silence key", name="Kim", **TYPED)
    one = recorded(desk)[-1]
    assert (one.by, one.proof) == ("Kim, by a link sent to team@example.org", "claimed")


def test_what_is_closed_can_only_be_freed_of_a_silence(desk: Desk) -> None:
    sent, quiet = desk.sent("filing"), stored(desk)
    page = page_of(desk, sent)
    desk.visit(sent.token).press("close fulfilled")
    assert page_of(desk, sent).buttons == [DECOY, f"end {quiet.id}"]
    assert page.press("silence key", **TYPED).status == 409
    assert "Silenced" not in desk.visit(sent.token).text


@pytest.mark.parametrize("allowed", ["acknowledge, snooze, note, away", "close, move"], ids=["default", "others"])
def test_without_the_permission_there_is_no_such_page(sqlite_url: str, tmp_path: Path, allowed: str) -> None:
    with opened(sqlite_url, tmp_path, allowed) as desk:
        sent, quiet = desk.sent("filing"), stored(desk)
        page = desk.visit(sent.token)
        assert "/silence" not in page.answer.text
        before = desk.dump()
        assert desk.visit(sent.token, "/silence").status == 404
        for choice in ("silence key", f"end {quiet.id}"):
            body = {"form": "a" * 32, "choice": choice, "revision": "1", "stage": "overdue", **TYPED}
            assert desk.server.post(f"/a/{sent.token}/silence", data=page.hidden | body).status_code == 404
        assert desk.dump() == before


def test_a_program_that_presses_all_buttons_and_a_dead_link_record_nothing(desk: Desk) -> None:
    sent, other = desk.sent("filing", owner="bob"), desk.sent("other")
    page, dead = page_of(desk, sent), page_of(desk, other)
    before = desk.dump()
    for choice in page.buttons:
        assert page.press(choice, **TYPED).status == 403
    assert desk.dump() == before
    desk.store.link_revocations.revoke("ann@example.org", NOW)
    assert dead.press("silence key", **TYPED).status == 410
    assert recorded(desk) == []


def test_recorded_is_said_only_after_the_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise StoreError("database: the disk is full")

    page = page_of(desk)
    monkeypatch.setattr(Silences, "add", fails)
    refused = page.press("silence key", **TYPED)
    assert (refused.status, "Not recorded" in refused.text, recorded(desk)) == (503, True, [])
