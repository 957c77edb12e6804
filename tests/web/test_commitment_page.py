"""The page of a commitment over HTTP: what it shows, what its buttons record, and what they refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

import pytest
import requests

from alerts.actions.edit import note
from alerts.core.silences import Silence
from tests.factories import at, change, close, entry, load, move, party, source
from tests.injections import INJECTIONS
from tests.patience import EXACT
from tests.web.answering import NOW, Desk, visited
from tests.web.test_due_page import Tags, text_of

CITED = {"key": "brief", "locator": "Section 2", "quote": "until November"}
KNOWN = frozenset(
    "html head meta title link body a header nav ul li p main h1 h2 h3 strong form div label input button details "
    "summary select option span section ol aside dl dt dd textarea blockquote".split()
)


@dataclass
class Opened:
    """A page that was opened, and what its form carries."""

    desk: Desk
    path: str
    answer: requests.Response

    @property
    def text(self) -> str:
        return text_of(self.answer.text).replace(" :", ":")

    def press(self, choice: str, *, headers: dict[str, str] | None = None, **typed: str) -> Opened:
        """Press a button with some fields filled in."""
        hidden = visited(self.desk.server, "", self.answer).hidden
        body = hidden | typed | {"choice": choice}
        return Opened(self.desk, self.path, self.desk.server.post(self.path, data=body, headers=headers))


def page(desk: Desk, key: str, query: str = "") -> Opened:
    path = f"/c/{key}{query}"
    return Opened(desk, path, desk.server.get(path))


@pytest.fixture
def tracked(desk: Desk) -> Desk:
    load(
        desk.store,
        entry("filing", "2026-12-15", title="Filing", owner="ann", tags=("single",), by=("cn",), note="Form 12."),
        entry("reply", "P10D after filing", title="Reply", owner="bob"),
        entry("visit", "P1D after reply", title="Visit"),
        entry("late", "2026-11-20", title="Late", owner="bob", tags=("single",)),
        entry("monthly", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-10-01", title="Statistics", tags=("single",)),
        now=at("2026-10-01"),
        parties=[party("cn")],
        sources=[source("brief", url="https://example.org/brief")],
    )  # fmt: skip
    return desk


def test_it_shows_all_that_is_known(tracked: Desk) -> None:
    silence = Silence(match={"tags": ("single",)}, since=NOW, until=at("2026-12-04"), reason="We move.", by="x")
    tracked.store.silences.add(silence)
    move(tracked.store, "filing", "2026-12-16", now=at("2026-11-02"), reason="Asked for.")
    found = page(tracked, "filing")
    assert found.answer.status_code == 200
    for text in (
        "Filing Wed 16 Dec 2026", "Not acknowledged", "Silenced until Fri 4 Dec 2026 00:00 UTC (We move.)", "Form 12.",
        "How this date was worked out As stated: 2026-12-16 Wed 16 Dec 2026",
        "What moves with it Reply Sat 26 Dec 2026 Visit Sun 27 Dec 2026 counts from reply",
        "Who gets the next alert",
        "Wed 9 Dec 2026 09:00 7 days before desk (rule single)",
        "cems owner is ann, the rule matches cem",
        "Moved: Tue 15 Dec 2026 → Wed 16 Dec 2026 (Asked for.) Mon 2 Nov 2026 00:00, desk",
        "Recorded",
    ):  # fmt: skip
        assert text in found.text, text
    assert "It counts from Filing Wed 16 Dec 2026" in page(tracked, "reply").text


def test_of_many_dependants_and_changes_it_shows_some(desk: Desk) -> None:
    some = [entry(f"c{number}", "P10D after filing", title="T" * 500) for number in range(130)]
    load(desk.store, entry("filing", "2026-12-15", tags=("single",)), *some, now=at("2026-10-01"))
    for number in range(104):
        note(desk.store, "filing", f"Note {number}.", change(at("2026-10-02")))
    found = page(desk, "filing")
    assert found.text.count("Edited: note") == 100
    assert "And 5 earlier: alerts show filing" in found.text
    assert found.text.count("Fri 25 Dec 2026") == 100
    assert "And 30 more." in found.text
    assert len(found.answer.content) < 100_000
    preview = found.press("preview", new_date="2026-12-18")
    assert preview.answer.text.count('<li><a href="/c/c') == 100
    assert "And 30 more." in preview.text


def test_what_is_not_tracked_has_no_page(tracked: Desk) -> None:
    for path in ("nothing", "filing/x", "filing?on=2026-12-15", "monthly?on=2026-12-01", "%00", "%f0%9f%92%a3"):
        assert page(tracked, path).answer.status_code == 404, path


CHOICES = [
    ("late", "acknowledge 2026-12-02", {}, "acknowledged", "acknowledged by"),
    ("late", "acknowledge date", {"pause_date": "2027-02-01"}, "acknowledged", "until Tue 2 Feb 2027 00:00"),
    ("filing", "acknowledge", {}, "acknowledged", "Acknowledged by"),
    ("filing", "snooze date", {"snooze_date": "2026-12-05"}, "snoozed", "until Sun 6 Dec 2026 00:00"),
    ("late", "snooze date", {"snooze_date": "2026-12-05", "past_due": "yes"}, "snoozed", "until Sun 6 Dec 2026"),
    ("filing", "note", {"note": "Call first."}, "edited", "Call first."),
    ("filing", "move", {"new_date": "2026-12-18", "reason": "Later."}, "moved", "Fri 18 Dec 2026"),
    ("filing", "close breached", {"close_reason": "Too late."}, "closed", "Closed: breached"),
    ("filing", "assign", {"person": "bob"}, "edited", "owner: Bob"),
    ("monthly", "close fulfilled", {}, "closed", "Mon 30 Nov 2026"),
]  # fmt: skip


def test_each_button_records_through_the_same_actions(desk: Desk) -> None:
    stated = {
        "filing": {"deadline": "2026-12-15", "title": "Filing", "owner": "ann"},
        "late": {"deadline": "2026-11-20", "title": "Late", "tags": ("single",)},
        "monthly": {"deadline": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-11-01", "title": "Statistics"},
    }
    keys = [f"{choice[0]}-{number}" for number, choice in enumerate(CHOICES)]
    entries = [entry(key, **stated[choice[0]]) for key, choice in zip(keys, CHOICES, strict=True)]
    load(desk.store, *entries, now=at("2026-10-01"))
    for key, (_, choice, typed, what, shown) in zip(keys, CHOICES, strict=True):
        found = page(desk, key).press(choice, name="Ann", **typed)
        assert (found.answer.status_code, "Recorded" in found.text) == (200, True), choice
        assert desk.last(key) == (what, "Ann, by a page on this machine", "local"), choice
        assert shown in page(desk, key).text, choice


def test_what_was_recorded_can_be_taken_back(tracked: Desk) -> None:
    page(tracked, "late").press("acknowledge 2026-12-02")
    assert tracked.last("late") == ("acknowledged", "a page on this machine", "local")
    page(tracked, "late").press("undo")
    assert tracked.last("late")[0] == "unacknowledged"
    page(tracked, "late").press("close withdrawn")
    assert "Say why" in page(tracked, "late").press("reopen").text
    page(tracked, "late").press("reopen", reason="By mistake.")
    assert tracked.last("late")[0] == "reopened"


def test_the_latest_move_or_handover_is_taken_back_as_it_was_stated(tracked: Desk) -> None:
    assert "restore" not in buttons(tracked, "visit")
    page(tracked, "reply").press("move", new_date="2026-12-30", reason="Later.")
    assert "Undo the move back to 10 days after filing" in page(tracked, "reply").text
    page(tracked, "reply").press("restore")
    assert "Undo the move back to Wed 30 Dec 2026" in page(tracked, "reply").text
    assert tracked.tracked("reply").commitment.deadline == "P10D after filing"
    assert (tracked.history("reply")[-1].reason, tracked.last("visit")[0]) == ("taken back", "moved")
    page(tracked, "monthly").press("assign", person="bob")
    assert "Undo the handover back to no owner" in page(tracked, "monthly").text
    page(tracked, "monthly").press("restore")
    assert tracked.tracked("monthly").commitment.owner is None
    page(tracked, "monthly").press("note", note="Seen.")
    assert "restore" not in buttons(tracked, "monthly"), "something else was changed since"
    before = tracked.dump()
    assert page(tracked, "monthly").press("restore").answer.status_code == 409
    assert tracked.dump() == before


def test_it_leads_to_the_form_of_what_counts_from_it(tracked: Desk) -> None:
    way = "/new?deadline=30%20days%20before%20filing"
    assert f'href="{way}"' in page(tracked, "filing").answer.text
    assert "/new?deadline" not in page(tracked, "monthly").answer.text
    assert 'value="30 days before filing"' in tracked.server.get(way).text


def buttons(desk: Desk, key: str) -> list[str]:
    return visited(desk.server, "", page(desk, key).answer).buttons


def test_a_new_date_is_shown_with_what_moves_along_before_it_is_recorded(tracked: Desk) -> None:
    before = tracked.dump()
    shown = page(tracked, "filing").press("preview", new_date="2026-12-18", reason="Later.")
    assert "Moves along Reply: Fri 25 Dec 2026" in shown.text
    assert "Fri 25 Dec 2026 → Mon 28 Dec 2026" in shown.text
    assert tracked.dump() == before
    done = shown.press("move", new_date="2026-12-18", reason="Later.")
    assert "Recorded: moved" in done.text
    assert [tracked.last(key)[0] for key in ("filing", "reply", "visit")] == ["moved", "moved", "moved"]


WRONG = [
    ("late", "acknowledge date", {"pause_date": "2026-11-01"}, "Choose a day from today on, within ten years."),
    ("late", "acknowledge date", {"pause_date": "2046-11-28"}, "Choose a day from today on, within ten years."),
    ("filing", "snooze date", {"snooze_date": "9999-12-31"}, "Choose a day from today on, within ten years."),
    ("late", "acknowledge date", {}, "Choose a date first."),
    ("late", "snooze date", {"snooze_date": "2026-12-05"}, "It is overdue."),
    ("filing", "snooze date", {"snooze_date": "2027-01-05"}, "It is overdue by the end of that day."),
    ("filing", "note", {"note": " "}, "Write the note first."),
    ("filing", "note", {"note": "x" * 2001}, "Shorten the text"),
    ("filing", "preview", {"new_date": "2026-12-15"}, "This is the date that it has already."),
    ("filing", "move", {"new_date": "soon"}, "Choose a date first."),
    ("filing", "assign", {"person": "nobody"}, "Choose a person first."),
    ("filing", "assign", {"person": "cem"}, "Cem left on"),
    ("filing", "close fulfilled", {"name": "n" * 81}, "Enter a name of 80 characters at most."),
]  # fmt: skip


def test_what_is_wrong_is_said_in_the_form_and_nothing_is_recorded(tracked: Desk) -> None:
    before = tracked.dump()
    for key, choice, typed, text in WRONG:
        found = page(tracked, key).press(choice, **typed)
        assert (found.answer.status_code, text in found.text) == (422, True), (choice, found.text[:300])
        for name, value in typed.items():
            assert name == "person" or value.strip()[:50] in unescape(found.answer.text), (
                "what was typed is still there"
            )
    for choice in ("", "nothing", "close", "close cancelled"):
        assert "Recorded:" not in page(tracked, "filing").press(choice).text
    assert tracked.dump() == before


def test_of_two_editors_the_second_sees_both_and_nothing_is_lost(tracked: Desk) -> None:
    first, second = page(tracked, "filing"), page(tracked, "filing")
    assert first.press("note", note="First.").answer.status_code == 200
    found = second.press("preview", new_date="2026-12-18", reason="Second.")
    assert found.answer.status_code == 409
    assert "Meanwhile: Edited: note" in found.text
    assert "First." in found.text
    assert 'value="2026-12-18"' in found.answer.text
    assert len(tracked.history("filing")) == 2
    again = found.press("move", new_date="2026-12-18", reason="Second.")
    assert again.answer.status_code == 200
    assert tracked.last("filing")[0] == "moved"
    assert tracked.tracked("filing").commitment.note == "Form 12.\nFirst."


def test_a_form_is_recorded_once(tracked: Desk) -> None:
    form = page(tracked, "filing")
    assert [form.press("note", note="Once.").answer.status_code for _ in range(3)] == [200, 200, 200]
    assert len(tracked.history("filing")) == 2


def test_a_series_is_answered_date_by_date(tracked: Desk) -> None:
    found = page(tracked, "monthly")
    assert "Overdue Statistics Sat 31 Oct 2026" in found.text
    assert "/c/monthly?on=2026-11-30" in found.answer.text
    page(tracked, "monthly", "?on=2026-11-30").press("close fulfilled")
    series = tracked.tracked("monthly")
    assert [series.at(name).commitment.status for name in ("2026-10-31", "2026-11-30")] == ["open", "fulfilled"]
    page(tracked, "monthly").press("close fulfilled")
    assert tracked.tracked("monthly").at("2026-10-31").commitment.status == "fulfilled"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_that_another_site_sends_records_nothing(tracked: Desk, headers: dict[str, str]) -> None:
    before = tracked.dump()
    found = page(tracked, "filing").press("close withdrawn", headers=headers)
    assert (found.answer.status_code, found.answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert tracked.dump() == before


def test_a_form_without_our_token_records_nothing(tracked: Desk) -> None:
    before = tracked.dump()
    for typed in ({"token": ""}, {"token": "0" * 64}, {"form": "0" * 32}, {"form": ""}, {"token": "ünï"}):
        found = page(tracked, "filing").press("close withdrawn", **typed)
        assert (found.answer.status_code, "Nothing was recorded" in found.text) == (403, True)
        assert "<option" in found.answer.text
    assert tracked.dump() == before
    assert page(tracked, "filing").press("note", headers={"Sec-Fetch-Site": "same-origin"}, note="x").answer.ok


def test_a_form_of_one_commitment_does_nothing_to_another(tracked: Desk) -> None:
    form = page(tracked, "filing")
    form.path = "/c/late"
    found = form.press("close withdrawn", revision="7")
    assert found.answer.status_code == 409
    assert tracked.tracked("late").open


def test_where_the_database_cannot_be_written_to_it_says_that_nothing_was_recorded(tracked: Desk, monkeypatch) -> None:
    from alerts.store.store_error import StoreError
    from alerts.web import give_answer

    def fail(*_: object, **__: object) -> None:
        raise StoreError("database is locked")

    form = page(tracked, "filing")
    monkeypatch.setattr(give_answer, "note", fail)
    found = form.press("note", note="x")
    assert (found.answer.status_code, "Not recorded" in found.text) == (503, True)


def test_what_is_closed_shows_its_history_and_can_be_reopened_only(tracked: Desk) -> None:
    close(tracked.store, "filing", now=NOW)
    found = page(tracked, "filing")
    assert "Closed: fulfilled" in found.text
    choices = set(re.findall(r'name="choice" value="([^"]*)"', found.answer.text))
    assert choices == {"reopen"}


def test_injected_text_is_text_in_every_field(desk: Desk) -> None:
    some = [text for text in INJECTIONS[:: 11 if EXACT else 23] if text.isprintable() and text.strip()]
    stated = [
        entry(
            f"i{number}", "2026-11-01", title=text, note=text, tags=(text,), by=(text,), owner=text, assumptions=(text,)
        )
        for number, text in enumerate(some)
    ]
    load(desk.store, *stated, now=at("2026-10-01"), parties=[party(text) for text in some])
    for number, text in enumerate(some):
        found = page(desk, f"i{number}").press("acknowledge 2026-12-02", name=text[:80])
        assert found.answer.status_code == 200
        tags = Tags(found.answer.text)
        assert tags.tags <= KNOWN
        assert tags.live == []
        again = page(desk, f"i{number}").press("snooze date", **dict.fromkeys(("note", "reason", "new_date"), text))
        assert Tags(again.answer.text).live == []
