"""The page behind a link, and what each of its buttons records: as the command line does, by a link."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from alerts.core.commitments import Person
from alerts.store.linked_deliveries import LinkedDelivery
from alerts.views.channel_readers import ChannelReaders
from alerts.web.opened_link import still_reaches
from tests import acting
from tests.factories import at, change, entry, load
from tests.web.answering import NOW, Desk, opened, token_of

LINK = "a link sent to ann@example.org"


def test_it_shows_what_it_is_when_its_status_and_who_will_be_alerted(desk: Desk) -> None:
    page = desk.visit(desk.sent("filing", title="Annual <b>filing</b>", owner="ann", note="Form 12.").token)
    assert page.status == 200
    for text in (
        "Overdue Wed 25 Nov 2026",
        "Annual <b>filing</b>",
        "3 days overdue",
        "Form 12.",
        "Not acknowledged yet",
        "Next alert Sun 29 Nov 2026 09:00 UTC, to Ann Example and Team".replace(" and ", ", "),
    ):
        assert text in page.text
    assert "<b>filing" not in page.answer.text
    assert "<title>Deadline alert</title>" in page.answer.text


def test_the_deputy_of_an_owner_who_left_is_alerted_and_nobody_can_hand_over_to_the_owner_again(desk: Desk) -> None:
    page = desk.visit(desk.sent("filing", owner="cem").token)
    assert "Next alert Sun 29 Nov 2026 09:00 UTC, to Bob, Ann Example, Team" in page.text
    choices = re.findall(r'<option value="(\w*)"', page.answer.text)
    assert choices == ["", "ann", "bob", "kim", "team"]


def test_its_headers_keep_it_from_caches_indexes_referrers_and_cookies(desk: Desk) -> None:
    headers = desk.visit(desk.sent("filing").token).answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert "Set-Cookie" not in headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "form-action 'self'" in policy
    style = desk.server.get("/static/page.css")
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")


def test_it_loads_nothing_from_elsewhere_and_runs_no_script(desk: Desk) -> None:
    html = desk.visit(desk.sent("filing").token).answer.text.lower()
    assert "<script" not in html
    assert "style=" not in html
    assert "og:" not in html
    assert "http://" not in html
    assert "https://" not in html


@pytest.mark.parametrize(
    ("choice", "typed", "recorded"),
    [
        ("acknowledge 2026-12-01", {}, "acknowledged"),
        ("acknowledge date", {"pause_date": "2026-12-10"}, "acknowledged"),
        ("note", {"note": "Called the ministry."}, "edited"),
        ("move", {"new_date": "2026-12-20", "reason": "Extended"}, "moved"),
        ("close fulfilled", {}, "closed"),
        ("close withdrawn", {}, "closed"),
        ("assign", {"person": "bob"}, "edited"),
    ],
)
def test_a_press_is_recorded_once_by_the_link(desk: Desk, choice: str, typed: dict[str, str], recorded: str) -> None:
    page = desk.visit(desk.sent("filing", owner="ann").token)
    for _ in range(2):
        done = page.press(choice, **typed)
        assert (done.status, done.text.count("Recorded")) == (200, 1)
    assert desk.last("filing") == (recorded, LINK, "link")
    assert len(desk.history("filing")) == 2


def test_what_was_pressed_is_what_is_recorded(desk: Desk) -> None:
    desk.visit(desk.sent("filing").token).press("acknowledge 2026-12-01")
    acknowledged = desk.tracked("filing").acknowledged
    assert acknowledged is not None
    assert (acknowledged.until, acknowledged.stage) == (at("2026-12-02"), "overdue")
    desk.visit(desk.sent("report").token).press("move", new_date="2026-12-20", reason="Extended")
    assert desk.tracked("report").commitment.deadline == "2026-12-20"
    assert desk.history("report")[-1].reason == "Extended"
    desk.visit(desk.sent("case").token).press("close breached")
    assert desk.tracked("case").commitment.status == "breached"
    desk.visit(desk.sent("paper").token).press("note", note=" Two\nlines ")
    assert desk.tracked("paper").commitment.note == "Two\nlines"


def test_what_counts_from_its_closing_is_due_again(desk: Desk) -> None:
    sent = desk.sent("boiler", "every P12M after it was last done from 2026-11-25")
    page = desk.visit(sent.token).press("close fulfilled")
    assert re.search(r"Closed: fulfilled. The next one is due \w{3} \d+ Nov 2027", page.text)
    assert "Next alert Those of the next one" in page.text
    page = desk.visit(sent.token)
    page.press("reopen", reason="Not done")
    assert "The next one is due" not in desk.visit(sent.token).text


def test_a_notice_is_answered_as_renewed_or_after_a_tick_as_cancelled(desk: Desk) -> None:
    load(desk.store, entry("lease", "every FREQ=YEARLY from 2027-02-20"), now=NOW)
    sent = desk.sent("lease-notice", "P90D before lease", kind="notice")
    page = desk.visit(sent.token)
    assert {one for one in page.buttons if one.startswith("close ")} == {"close renewed", "close cancelled"}
    refused = page.press("close cancelled")
    assert (refused.status, "Tick this first" in refused.text) == (422, True)
    assert len(desk.history("lease-notice")) == 1
    assert page.press("close fulfilled").status != 200
    assert "Recorded" in page.press("close cancelled", confirm="yes").text
    assert desk.tracked("lease").commitment.deadline == "every FREQ=YEARLY;UNTIL=20270220 from 2027-02-20"
    assert "Closed: cancelled" in desk.visit(sent.token).text


def test_a_snooze_is_for_the_recipient_alone_and_ends_before_the_last_lead(desk: Desk) -> None:
    sent = desk.sent("audit", "2026-12-05")
    page = desk.visit(sent.token)
    assert [one for one in page.buttons if one.startswith("snooze 2")] == ["snooze 2026-11-29", "snooze 2026-12-01"]
    late = page.press("snooze date", snooze_date="2026-12-04")
    assert (late.status, len(desk.history("audit"))) == (422, 1)
    assert "Recorded" in page.press("snooze 2026-12-01").text
    (snooze,) = desk.store.ledger.own_snoozes([desk.tracked("audit").id])[desk.tracked("audit").id]
    assert (snooze.recipient, snooze.until) == ("ann@example.org", at("2026-12-02"))
    assert desk.tracked("audit").snoozed is None


def test_what_is_overdue_cannot_be_snoozed_by_a_link(desk: Desk) -> None:
    page = desk.visit(desk.sent("filing").token)
    assert not [one for one in page.buttons if one.startswith("snooze")]
    assert page.press("snooze 2026-11-29").status == 422
    assert len(desk.history("filing")) == 1


def test_an_answer_is_shown_afterwards_and_can_be_undone(desk: Desk) -> None:
    sent = desk.sent("filing")
    done = desk.visit(sent.token).press("acknowledge 2026-12-01")
    assert f"Acknowledged by {LINK} on Sat 28 Nov 2026 09:30 UTC" in done.text
    assert "Next alert Wed 2 Dec 2026 09:00 UTC" in done.text
    assert "undo" in done.buttons
    assert f"Takes back the acknowledgement of {LINK}" in desk.visit(sent.token).text
    assert "Recorded : taken back" in done.press("undo").text
    assert desk.last("filing") == ("unacknowledged", LINK, "link")
    assert "Not acknowledged" in desk.visit(sent.token).text or "were paused until" in desk.visit(sent.token).text


def test_what_was_closed_can_be_reopened_with_a_reason(desk: Desk) -> None:
    sent = desk.sent("filing")
    closed = desk.visit(sent.token).press("close fulfilled")
    assert "Closed: fulfilled" in closed.text
    page = desk.visit(sent.token)
    assert page.press("reopen").status == 422
    assert "Recorded" in page.press("reopen", reason="By mistake").text
    assert desk.tracked("filing").open


def test_a_new_date_is_shown_with_what_moves_along_before_it_is_recorded(desk: Desk) -> None:
    load(desk.store, entry("filing", "2026-11-25"), entry("publish", "P10D after filing"), now=at("2026-10-01"))
    sent = desk.sent("filing")
    before = desk.dump()
    preview = desk.visit(sent.token).press("preview", new_date="2026-12-20", reason="Extended")
    assert "New date: not recorded yet Sun 20 Dec 2026" in preview.text
    assert "publish : Sat 5 Dec 2026 → Wed 30 Dec 2026" in preview.text
    assert desk.dump() == before
    assert "Recorded" in preview.press("move").text
    assert desk.tracked("filing").bounds.latest == at("2026-12-21")
    assert desk.last("publish") == ("moved", LINK, "link")


@pytest.mark.parametrize(
    ("choice", "typed", "text"),
    [
        ("acknowledge date", {}, "Choose a date first."),
        ("acknowledge date", {"pause_date": "2026-11-20"}, "Choose a day from today on, within 90 days."),
        ("acknowledge 9999-12-31", {}, "Choose a day from today on, within 90 days."),
        ("acknowledge 10000-01-01", {}, "Choose a date first."),
        ("note", {}, "Write the note first."),
        ("note", {"note": "x" * 2001}, "Shorten the text to 2000 characters."),
        ("preview", {}, "Choose a date first."),
        ("preview", {"new_date": "2026-11-25"}, "This is the date that it has already."),
        ("move", {"new_date": "2026-12-20", "new_time": "noon"}, "Enter a time such as 17:00"),
        ("assign", {"person": "nobody"}, "Choose a person first."),
        ("assign", {"person": "cem"}, "Cem left on Fri 20 Nov 2026. Choose somebody else."),
        ("close fulfilled", {"name": "x" * 81}, "Enter a name of 80 characters at most."),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_recorded(
    desk: Desk, choice: str, typed: dict[str, str], text: str
) -> None:
    page = desk.visit(desk.sent("filing").token)
    before = desk.dump()
    refused = page.press(choice, **typed)
    assert (refused.status, text in refused.text, "Nothing was recorded yet." in refused.text) == (422, True, True)
    assert desk.dump() == before


@pytest.mark.parametrize("choice", ["", "nonsense", "close", "close open", "acknowledge;drop"])
def test_without_a_button_that_is_ours_nothing_is_recorded(desk: Desk, choice: str) -> None:
    page = desk.visit(desk.sent("filing").token)
    before = desk.dump()
    assert "Recorded" not in page.press(choice).text
    assert desk.dump() == before


def test_a_link_may_do_no_more_than_the_settings_allow(sqlite_url: str, tmp_path: Path) -> None:
    with opened(sqlite_url, tmp_path, "acknowledge") as desk:
        sent = desk.sent("filing", owner="ann")
        page = desk.visit(sent.token)
        assert {one.partition(" ")[0] for one in page.buttons} == {"continue", "acknowledge"}
        before = desk.dump()
        for choice, typed in (
            ("note", {"note": "x"}), ("move", {"new_date": "2026-12-20"}), ("preview", {"new_date": "2026-12-20"}),
            ("close fulfilled", {}), ("assign", {"person": "bob"}), ("snooze 2026-11-29", {}),
        ):  # fmt: skip
            assert page.press(choice, **typed).status in (403, 422)
        assert desk.dump() == before
        assert "Recorded" in page.press("acknowledge 2026-12-01").text
        assert "Recorded" in desk.visit(sent.token).press("undo").text


def test_somebody_else_with_the_link_gives_a_name_that_is_kept_as_claimed(desk: Desk) -> None:
    page = desk.visit(desk.sent("filing").token)
    assert "Answering as Ann Example. Not you?" in page.text
    page.press("acknowledge 2026-12-01", name=" Bob\n\x00Builder ")
    assert desk.last("filing") == ("acknowledged", f"Bob Builder, by {LINK}", "claimed")


def test_a_shared_recipient_and_a_chat_give_a_name_and_see_nobody(desk: Desk) -> None:
    page = desk.visit(desk.sent("filing", to="team@example.org").token)
    assert page.press("acknowledge 2026-12-01").status == 422
    assert len(desk.history("filing")) == 1
    assert "Recorded" in page.press("acknowledge 2026-12-01", name="Carl").text
    assert desk.last("filing") == ("acknowledged", "Carl, by a link sent to team@example.org", "claimed")
    assert "Ann Example" not in page.text
    assert "to 2 recipients" in page.text
    assert not [one for one in page.buttons if one.startswith(("snooze", "assign"))]


def test_one_of_a_series_is_answered_by_itself(desk: Desk) -> None:
    sent = desk.sent("weekly", "every FREQ=MONTHLY from 2026-11-26")
    assert sent.entries[0][1] == "2026-11-26"
    assert "Recorded" in desk.visit(sent.token).press("close fulfilled").text
    assert desk.tracked("weekly").at("2026-11-26").commitment.status == "fulfilled"
    assert desk.tracked("weekly").open


def test_an_answer_is_seen_in_the_next_message_of_the_same_commitment(desk: Desk) -> None:
    sent = desk.sent("audit", "2026-12-05")
    desk.visit(sent.token).press("acknowledge")
    assert desk.last("audit") == ("acknowledged", LINK, "link")
    desk.send(now=at("2026-12-04T09:00"))
    (again,) = [
        one for one in desk.store.ledger.reminders(desk.tracked("audit").id) if one["send_at"] == at("2026-12-04T09:00")
    ]
    assert again["skipped"] is None  # leads go out all the same
    current = desk.tracked("audit").current_acknowledgement
    assert current is not None
    assert current.by == LINK


def pages_of_dead_links(desk: Desk) -> dict[str, tuple[str, int, str]]:
    sent = desk.sent("filing")
    return {
        "another key": (token_of(sent.delivery, *sent.entries[0], key=b"x" * 32), 404, "This link is not known"),
        "another delivery": (token_of(type(sent.delivery)(int=7), *sent.entries[0]), 404, "This link is not known"),
        "a commitment that is gone": (token_of(sent.delivery, 999), 410, "This date does not exist any more"),
        "no token": ("nonsense", 404, "This link is not known"),
    }


def test_a_dead_link_says_why_and_records_nothing(desk: Desk) -> None:
    for token, status, text in pages_of_dead_links(desk).values():
        before = desk.dump()
        page = desk.visit(token)
        assert (page.status, text in page.text, "Nothing was recorded" in page.text) == (status, True, True)
        pressed = page.press("acknowledge 2026-12-01", form="0" * 32, revision="1", stage="overdue")
        assert (pressed.status, text in pressed.text) == (status, True)
        assert desk.dump() == before


def test_a_link_dies_with_somebody_who_has_left(desk: Desk) -> None:
    zoe = Person(key="zoe", name="Zoe", email="zoe@example.org")
    desk.store.people.register([zoe])
    sent = desk.sent("filing", to="Zoe@example.org")
    assert desk.visit(sent.token).status == 200
    desk.store.people.register([replace(zoe, left_at=NOW)])
    page = desk.visit(sent.token)
    assert (page.status, "This link does not work any more" in page.text) == (410, True)


@pytest.mark.parametrize(("to_deputy", "reaches"), [(True, True), (False, False)])
def test_the_link_of_a_deputy_works_on_a_channel_that_does_not_name_them(*, to_deputy: bool, reaches: bool) -> None:
    bo = Person(key="bo", name="Bo", email="bo@example.org")
    channel = ChannelReaders(name="legal", addresses=("ann@example.org",), shared=False, mails_owners=False, zone=None)
    delivery = LinkedDelivery(
        id=UUID(int=1), channel="legal", recipient="Bo@example.org", rendered_at=NOW, printed=(),
        to_deputy=to_deputy,
    )  # fmt: skip
    assert still_reaches(channel, delivery, {"bo": bo}, NOW) == reaches


def test_a_link_dies_with_its_recipient_its_revocation_and_a_month_after_closing(desk: Desk) -> None:
    gone = desk.sent("other", to="zoe@example.org")
    page = desk.visit(gone.token)
    assert (page.status, "This link does not work any more" in page.text) == (410, True)
    sent = desk.sent("filing")
    form = desk.visit(sent.token)
    acting.close(desk.store, "filing", "fulfilled", change(NOW))
    desk.now = NOW + timedelta(days=30) - timedelta(seconds=1)
    assert desk.visit(sent.token).status == 200
    desk.now = NOW + timedelta(days=30)
    assert "This link has expired" in desk.visit(sent.token).text
    assert form.press("reopen", reason="x").status == 410
    desk.now = NOW
    desk.store.link_revocations.revoke("ann@example.org", NOW)
    assert "This link has been revoked" in desk.visit(sent.token).text
    assert form.press("reopen", reason="x").status == 410
    assert not desk.tracked("filing").open


def test_every_letter_of_a_token_counts(desk: Desk) -> None:
    token = desk.sent("filing").token
    before = desk.dump()
    for place in range(len(token)):
        for letter in ("a", "2"):
            changed = token[:place] + (letter if token[place] != letter else "b") + token[place + 1 :]
            desk.now += timedelta(minutes=1)  # wrong links are limited by the minute
            assert desk.visit(changed).status == 404
    assert desk.visit(token.upper()).status == 404
    assert desk.visit(token + "a").status == 404
    assert desk.dump() == before


def test_a_link_answers_its_own_commitment_whatever_form_comes(desk: Desk) -> None:
    one, other = desk.sent("filing"), desk.sent("report")
    form = desk.visit(one.token)
    form.token = other.token
    form.press("acknowledge 2026-12-01")
    assert [desk.last(key)[0] for key in ("filing", "report")] == ["recorded", "acknowledged"]


def test_a_form_from_before_a_change_or_a_stage_is_shown_again_and_does_nothing(desk: Desk) -> None:
    sent = desk.sent("filing")
    page = desk.visit(sent.token)
    acting.move(desk.store, "filing", "2026-12-20", change(NOW))
    again = page.press("acknowledge 2026-12-01")
    assert (again.status, "This has changed since you opened the page" in again.text) == (409, True)
    assert "Sun 20 Dec 2026" in again.text
    assert desk.last("filing")[0] == "moved"
    page = desk.visit(sent.token)
    desk.now = at("2026-12-22T09:00")
    assert page.press("acknowledge").status == 409
    assert desk.last("filing")[0] == "moved"
    assert "Recorded" in desk.visit(sent.token).press("acknowledge 2026-12-24").text


@pytest.mark.parametrize("field", ["form", "revision", "stage"])
@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 40])
def test_a_form_with_other_hidden_fields_does_nothing(desk: Desk, field: str, value: str) -> None:
    page = desk.visit(desk.sent("filing").token)
    assert page.press("acknowledge 2026-12-01", **{field: value}).status == 409
    assert len(desk.history("filing")) == 1


def test_a_database_that_cannot_be_written_is_not_recorded_and_says_so(sqlite_url: str, tmp_path: Path) -> None:
    with opened(sqlite_url, tmp_path) as desk:
        page = desk.visit(desk.sent("filing").token)
        with desk.store.database.write() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        path = desk.store.database.path
        assert path is not None
        desk.store.close()
        path.rename(tmp_path / "away.db")
        failed = page.press("acknowledge 2026-12-01")
        assert (failed.status, "Not recorded. Try again." in failed.text) == (503, True)
        assert "Not available now" in desk.visit(page.token).text
        (tmp_path / "away.db").rename(path)
        with desk.store.database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        assert "Recorded" in page.press("acknowledge 2026-12-01").text


def test_an_expired_link_is_replaced_on_request_once_a_day_by_a_message_to_the_same_recipient(desk: Desk) -> None:
    sent = desk.sent("filing")
    acting.close(desk.store, "filing", "fulfilled", change(NOW))
    desk.send(now=NOW)  # the alert of the end
    desk.now = NOW + timedelta(days=40)
    before = desk.dump()
    page = desk.visit(sent.token)
    assert (page.status, page.buttons) == (410, ["continue", "renew"])
    assert page.press("").status == page.press("acknowledge").status == 410
    assert desk.dump() == before
    for _ in range(2):
        done = page.press("renew")
        assert (done.status, "A new link is on its way" in done.text, "Recorded" in done.text) == (200, True, False)
    (new,) = desk.send(now=desk.now)
    assert new.entries == sent.entries
    assert desk.store.linked_deliveries.find(new.delivery).recipient == "ann@example.org"  # type: ignore[union-attr]
    assert desk.visit(sent.token).status == 410
    assert "Recorded" in desk.visit(new.token).press("reopen", reason="By mistake").text
    assert desk.last("filing") == ("reopened", LINK, "link")


def test_a_program_that_presses_every_button_of_an_expired_link_gets_no_message_sent(desk: Desk) -> None:
    sent = desk.sent("filing")
    acting.close(desk.store, "filing", "fulfilled", change(NOW))
    desk.now = NOW + timedelta(days=40)
    page, before = desk.visit(sent.token), desk.dump()
    assert [page.press(choice).status for choice in page.buttons] == [403, 403]
    assert desk.dump() == before
