"""`/a/TOKEN/away`: who was sent a message says when they are away, as the command does, by a link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerts.core.absences import Absence
from alerts.core.commitments import Person
from alerts.store.recorded_absences import RecordedAbsences
from alerts.store.store_error import StoreError
from alerts.web.answer_form import DECOY
from tests.factories import at
from tests.web.answering import NOW, Desk, Sent, Visit, opened

LINK = "a link sent to ann@example.org"


def recorded(desk: Desk) -> list[Absence]:
    return list(desk.store.absences.all(desk.now).recorded)


def page_of(desk: Desk, sent: Sent | None = None) -> Visit:
    return desk.visit((sent or desk.sent("filing")).token, "/away")


def test_the_page_of_a_message_to_a_person_leads_there(desk: Desk) -> None:
    sent = desk.sent("filing")
    for token in (sent.token, sent.whole):
        assert f'href="/a/{token}/away"' in desk.visit(token).answer.text
    page = page_of(desk, sent)
    assert (page.status, page.buttons) == (200, [DECOY, "away"])
    assert "Will you be away?" in page.text
    assert 'value="2026-11-28"' in page.answer.text, "the first day away is today unless the reader says otherwise"
    assert f'href="/a/{sent.token}"' in page.answer.text
    assert desk.visit(sent.whole, "/away").status == 200


def test_an_absence_is_recorded_once_as_by_the_link(desk: Desk) -> None:
    page = page_of(desk)
    for _ in range(2):
        done = page.press("away", until="2026-12-24", deputy="bob", reason="vacation", **{"from": "2026-12-14"})
        assert (done.status, done.text.count("Recorded")) == (200, 1)
    assert "Away from Mon 14 Dec 2026 until Thu 24 Dec 2026 (vacation) Bob gets your alerts too." in done.text
    (absence,) = recorded(desk)
    assert (absence.person, absence.deputy, absence.reason) == ("ann", "bob", "vacation")
    assert (absence.starts_at, absence.ends_at, absence.zone) == (at("2026-12-14"), at("2026-12-24"), "UTC")
    assert absence.recorded_by == LINK


def test_a_form_that_comes_again_after_its_absence_was_ended_records_nothing(desk: Desk) -> None:
    page = page_of(desk)
    done = page.press("away", until="2026-12-24")
    assert "Nobody else gets your alerts." in done.text
    end = next(one for one in done.buttons if one.startswith("end "))
    for _ in range(2):
        assert "Recorded : you are back" in done.press(end).text
        assert recorded(desk) == []
    assert "Recorded" in page.press("away", until="2026-12-24").text
    assert recorded(desk) == []


def test_only_ones_own_absences_are_shown_and_ended(desk: Desk) -> None:
    theirs = Absence(
        person="bob", starts_at=NOW, ends_at=at("2026-12-24"), zone="UTC", reason="a secret", recorded_by="bob"
    )
    number = desk.store.absences.record(theirs, NOW, "shell")
    page = page_of(desk)
    assert "a secret" not in page.text
    for which in (str(number), "999", "x", "٣", "-1", ""):
        refused = page.press(f"end {which}")
        assert (refused.status, "Nothing was recorded" in refused.text) == (409, True)
    assert [one.number for one in recorded(desk)] == [number]


MISSING = [
    ({}, "Choose a date first."),
    ({"until": "soon"}, "Choose a date first."),
    ({"until": "2026-11-28"}, "Choose the first day back"),
    ({"until": "2026-12-10", "from": "2026-12-10"}, "Choose the first day back"),
    ({"until": "2206-12-10"}, "Choose a day within two years."),
    ({"until": "2026-12-10", "from": "0001-01-01"}, "Choose a day within two years."),
    ({"until": "2026-12-10", "deputy": "nobody"}, "Choose a person from the list."),
    ({"until": "2026-12-10", "deputy": "ann"}, "Choose a person from the list."),
    ({"until": "2026-12-10", "deputy": "left"}, "Choose a person from the list."),
    ({"until": "2026-12-10", "reason": "x" * 2001}, "Shorten the text"),
    ({"until": "2026-12-10", "name": "x" * 81}, "Enter a name of 80 characters"),
]


def test_what_is_missing_or_cannot_be_is_said_at_its_field(desk: Desk) -> None:
    left = Person(key="left", name="Lee Left", email="lee@example.org", timezone="UTC", left_at=at("2026-11-01"))
    desk.store.people.add([left])
    page = page_of(desk)
    assert "Lee Left" not in page.text
    for typed, problem in MISSING:
        refused = page.press("away", **typed)
        said = "Nothing was recorded yet." in refused.text, problem in refused.text
        assert (refused.status, *said) == (422, True, True), typed
    assert recorded(desk) == []


def test_deputies_in_a_circle_are_refused(desk: Desk) -> None:
    theirs = Absence(person="bob", starts_at=NOW, ends_at=at("2026-12-24"), zone="UTC", deputy="ann", recorded_by="x")
    desk.store.absences.record(theirs, NOW, "shell")
    refused = page_of(desk).press("away", until="2026-12-24", deputy="bob")
    assert (refused.status, len(recorded(desk))) == (422, 1)
    assert "they would be away at the same time" in refused.text


def test_another_name_is_kept_as_claimed(desk: Desk) -> None:
    page_of(desk).press("away", until="2026-12-24", name="Bob")
    (absence,) = recorded(desk)
    assert absence.recorded_by == f"Bob, by {LINK}"
    assert "claimed" in str(desk.dump()["absences"])


def test_days_begin_in_the_zone_of_the_reader(desk: Desk) -> None:
    page = page_of(desk, desk.sent("filing", to="kim@example.org"))
    assert "Bob, as in the settings" in page.text
    assert "Bob gets your alerts too." in page.press("away", until="2026-12-24").text
    (absence,) = recorded(desk)
    assert (absence.zone, absence.deputy, absence.ends_at) == ("Asia/Tokyo", None, at("2026-12-23T15:00"))


def test_a_chat_a_shared_mailbox_and_who_is_no_person_have_no_such_page(desk: Desk) -> None:
    sent = desk.sent("filing", to="team@example.org")
    assert "/away" not in desk.visit(sent.token).answer.text
    before = desk.dump()
    page = desk.visit(sent.token, "/away")
    assert (page.status, "There is no such page for this link" in page.text) == (404, True)
    assert desk.visit(sent.token).press("").status == 200
    body = page.hidden | {"form": "a" * 32, "choice": "away", "until": "2026-12-24"}
    assert desk.server.post(f"/a/{sent.token}/away", data=body).status_code == 404
    assert desk.dump() == before


def test_one_mailbox_of_two_people_is_that_of_none(desk: Desk) -> None:
    desk.store.people.add([Person(key="ann2", name="Ann Too", email="Ann@Example.org", timezone="UTC")])
    assert page_of(desk).status == 404


def test_the_settings_may_leave_it_out(sqlite_url: str, tmp_path: Path) -> None:
    with opened(sqlite_url, tmp_path, "acknowledge") as desk:
        sent = desk.sent("filing")
        assert "/away" not in desk.visit(sent.token).answer.text
        assert desk.visit(sent.token, "/away").status == 404


def test_nothing_but_a_button_changes_anything(desk: Desk) -> None:
    sent = desk.sent("filing")
    before = desk.dump()
    page = page_of(desk, sent)
    for choice in ("", "acknowledge 2026-12-01", "note", "x"):
        assert page.press(choice, until="2026-12-24").status == 200
    page.hidden.clear()
    assert page.press("away", until="2026-12-24").status == 409, "a form that is not ours"
    assert desk.server.session.options(f"{desk.server.url}/a/{sent.token}/away").status_code == 204
    for method in ("PUT", "DELETE", "PATCH"):
        url = f"{desk.server.url}/a/{sent.token}/away"
        assert desk.server.session.request(method, url).status_code == 405
    assert desk.dump() == before


def test_a_program_that_presses_all_buttons_records_nothing_on_any_page_of_the_link(desk: Desk) -> None:
    sent = desk.sent("filing")
    before = desk.dump()
    page = page_of(desk, sent)
    for choice in page.buttons:
        assert page.press(choice, until="2026-12-24").status == 403
    assert desk.visit(sent.token, "/away").press("away", until="2026-12-24").status == 403
    assert desk.dump() == before


def test_a_dead_link_records_nothing(desk: Desk) -> None:
    sent = desk.sent("filing")
    page = page_of(desk, sent)
    desk.store.link_revocations.revoke("ann@example.org", NOW)
    refused = page.press("away", until="2026-12-24")
    assert (refused.status, "has been revoked" in refused.text) == (410, True)
    assert desk.visit("wrong", "/away").status == 404
    assert recorded(desk) == []


def test_presses_of_all_pages_of_a_link_are_limited_together(desk: Desk) -> None:
    sent = desk.sent("filing")
    page, other = page_of(desk, sent), desk.visit(sent.token)
    for _ in range(30):
        assert (page.press("").status, other.press("").status) == (200, 200)
    assert page.press("away", until="2026-12-24").status == 429
    assert recorded(desk) == []


def test_twenty_at_once_record_one(desk: Desk) -> None:
    page = page_of(desk)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: page.press("away", until="2026-12-24", deputy="bob").status, range(20)))
    assert (set(answers), len(recorded(desk))) == ({200}, 1)


def test_recorded_is_said_only_after_the_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        raise StoreError("database: the disk is full")

    page = page_of(desk)
    monkeypatch.setattr(RecordedAbsences, "record", fails)
    refused = page.press("away", until="2026-12-24")
    assert (refused.status, refused.answer.headers["Retry-After"]) == (503, "5")
    assert "Not recorded" in refused.text
    monkeypatch.undo()
    assert "Recorded" in page.press("away", until="2026-12-24").text
