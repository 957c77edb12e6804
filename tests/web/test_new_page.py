"""The form of a new commitment over HTTP: what it shows before anything is recorded, and what it records."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import requests

from tests.factories import at, entry, load, party, source
from tests.injections import INJECTIONS
from tests.web.answering import Desk, visited
from tests.web.test_due_page import Tags, text_of

KNOWN = frozenset(
    "html head meta title link script body a header nav ul li p main h1 h2 h3 strong form div label input textarea "
    "select option button details summary section ol aside dl dt dd span datalist".split()
)
AUDIT = {"title": "Audit report", "deadline": "31 March 2027"}


@dataclass
class Form:
    """The form as it was opened; typed fields and a button make the next one."""

    desk: Desk
    answer: requests.Response

    @property
    def text(self) -> str:
        return text_of(self.answer.text)

    @property
    def meaning(self) -> str:
        """Return the text of the part that says what the form means."""
        return text_of(self.answer.text.partition('id="preview"')[2].partition('<div class="buttons">')[0])

    def press(self, choice: str, *, headers: dict[str, str] | None = None, **typed: str) -> Form:
        hidden = visited(self.desk.server, "", self.answer).hidden
        body = hidden | typed | {"choice": choice}
        return Form(self.desk, self.desk.server.post("/new", data=body, headers=headers))


@pytest.fixture
def form(desk: Desk) -> Form:
    load(
        desk.store,
        entry("filing", "2026-12-15", title="Filing", owner="ann"),
        now=at("2026-10-01"),
        parties=[party("cn", name="Contoso Ltd", timezone="Asia/Tokyo")],
        sources=[source("brief", title="The brief")],
    )
    return Form(desk, desk.server.get("/new"))


def test_a_preview_says_what_a_deadline_means_and_records_nothing(form: Form) -> None:
    before = form.desk.dump()
    found = form.press(
        "preview", title="Reply", deadline="within 10 days of 2026-12-01", owner="ann", tags="single", by="Contoso Ltd"
    )
    assert found.answer.status_code == 200
    for text in (
        "Tue 1 Dec 2026 to Fri 11 Dec 2026", "Overdue from Sat 12 Dec 2026 00:00 Asia/Tokyo", "Key reply",
        "How this date was worked out", "Assumed", "that of Contoso Ltd, who owes it (assumed)",
        "First alerts", "7 days before to desk",
    ):  # fmt: skip
        assert text in found.meaning, text
    assert form.desk.dump() == before
    assert 'value="within 10 days of 2026-12-01"' in found.answer.text, "what was typed is still there"


def test_what_is_tracked_leads_to_its_page_with_what_happens_next(form: Form) -> None:
    done = form.press(
        "track", **AUDIT, owner="ann", priority="high", tags="single, paper", by="Contoso Ltd; Acme", to="cn",
        note="Two copies.", source="Contract of May", source_locator="Section 4", source_quote="by the end of March",
        name="Bob",
    )  # fmt: skip
    assert (done.answer.status_code, done.answer.headers["Location"]) == (303, "/c/audit-report?tracked=1")
    found = form.desk.tracked("audit-report").commitment
    assert (found.deadline, found.owner, found.priority, found.tags) == (
        "2027-03-31",
        "ann",
        "high",
        ("single", "paper"),
    )
    assert (found.by, found.to, found.note) == (("cn", "acme"), ("cn",), "Two copies.")
    assert found.source
    assert (found.source.key, found.source.locator, found.source.quote) == (
        "contract-of-may", "Section 4", "by the end of March",
    )  # fmt: skip
    assert form.desk.store.ledger.parties()["acme"].name == "Acme"
    assert form.desk.store.ledger.parties()["cn"].timezone == "Asia/Tokyo", "what was declared stays as it was"
    assert form.desk.last("audit-report") == ("recorded", "Bob, by a page on this machine", "local")
    page = text_of(form.desk.server.get(done.answer.headers["Location"]).text)
    for text in ("it is tracked from now on", "Wed 31 Mar 2027", "Next alert Wed 24 Mar 2027", "Two copies."):
        assert text in page, text


@pytest.mark.parametrize(
    ("deadline", "stated"),
    [
        ("30 days before The  supply contract of May", "30 days before supply"),
        ("within 10 days of “the supply contract of may”", "within 10 days of supply"),
        ("30 days before filing", "30 days before filing"),
        ("30 days before Twice", None),
    ],
)
def test_a_deadline_may_name_another_commitment_by_its_title(form: Form, deadline: str, stated: str | None) -> None:
    twice = [entry(key, "2027-05-01", title="Twice") for key in ("one", "two")]
    load(
        form.desk.store, entry("supply", "2027-03-31", title="The supply contract of May"), *twice, now=at("2026-10-01")
    )
    found = form.press("preview", title="Give notice", deadline=deadline)
    assert f"Read as {stated} " in found.meaning if stated else "is not tracked" in found.meaning


def test_a_form_is_recorded_once_and_a_preview_keeps_it(form: Form) -> None:
    first = form.press("preview", **AUDIT)
    places = [first.press("track", **AUDIT).answer.headers["Location"] for _ in range(3)]
    places.append(form.press("track", **AUDIT).answer.headers["Location"])
    assert set(places) == {"/c/audit-report?tracked=1"}
    assert len(form.desk.history("audit-report")) == 1
    again = Form(form.desk, form.desk.server.get("/new")).press("track", **AUDIT)
    assert again.answer.headers["Location"] == "/c/audit-report-2?tracked=1", "another form may state the same"


WRONG = [
    ({"title": "", "deadline": "2027-03-31"}, "title", "is empty, expected text"),
    ({"title": "x", "deadline": ""}, "deadline", "expected a deadline such as 2025-11-10"),
    ({"title": "x", "deadline": "31 feb 2027"}, "deadline", "there is no such date as 31 feb 2027"),
    ({"title": "x", "deadline": "next friday"}, "deadline", "depends on the day on which it is read"),
    ({"title": "x", "deadline": "P1D after filling"}, "deadline", "did you mean &#39;filing&#39;?"),
    ({"title": "x", "deadline": "2027-03-31", "key": "filing"}, "key", "filing is tracked already: choose another key"),
    ({"title": "x", "deadline": "2027-03-31", "key": "a b"}, "key", "expected a key of up to 100 letters"),
    ({"title": "x", "deadline": "2027-03-31", "timezone": "Mars"}, "timezone", "Mars"),
    ({"title": "x", "deadline": "2027-03-31", "priority": "mad"}, "priority", "expected one of low, normal"),
    ({"title": "x", "deadline": "2027-03-31", "owner": "zed"}, "owner", "Choose a person of the list."),
    ({"title": "x", "deadline": "2027-03-31", "owner": "cem"}, "owner", "Cem left on"),
    ({"title": "x", "deadline": "2027-03-31", "source_quote": "y"}, "source", "Name the source"),
    ({"title": "x" * 501, "deadline": "2027-03-31"}, "title", "is longer than 500 characters"),
    ({"title": "x", "deadline": "2027-03-31", "name": "n" * 81}, "name", "at most"),
]  # fmt: skip


def test_what_is_wrong_is_said_at_its_field_in_the_words_of_the_command_line(form: Form) -> None:
    before = form.desk.dump()
    for typed, field, text in WRONG:
        for choice in ("track", "preview") if field != "name" else ("track",):
            found = form.press(choice, **typed)
            problem = re.search(rf'<p class="problem" id="{field}-problem">(.*?)</p>', found.answer.text)
            assert (found.answer.status_code, bool(problem)) == (422, True), (typed, found.text)
            assert problem
            assert text in problem[1], (typed, problem[1])
    assert form.desk.dump() == before


def test_new_names_are_named_with_the_nearest_that_is_known(form: Form) -> None:
    found = form.press("preview", **AUDIT, by="Contosso Ltd", source="https://example.org/contract")
    assert "New party: Contosso Ltd; did you mean 'Contoso Ltd'?" in found.meaning
    assert "New source: https://example.org/contract" in found.meaning
    form.press("track", **AUDIT, source="https://example.org/contract")
    (url,) = [one.url for key, one in form.desk.store.ledger.sources().items() if key.startswith("example")]
    assert url == "https://example.org/contract"


def test_a_past_date_and_one_that_reaches_nobody_are_said_before_they_are_recorded(form: Form) -> None:
    found = form.press("preview", title="Old", deadline="2026-03-31")
    assert "That date has passed: Tue 31 Mar 2026" in found.meaning
    assert "No rule matches old: no alerts" in found.meaning
    assert "No alert is scheduled." in found.meaning


def test_a_series_and_what_counts_from_another_commitment_are_previewed(form: Form) -> None:
    found = form.press("preview", title="Report", deadline="every month on the 15th from 2026-12-01", tags="single")
    assert "every month" in found.meaning
    assert "7 days before to desk" in found.meaning
    after = form.press("preview", title="After", deadline="10 days after filing", owner="ann")
    assert "Fri 25 Dec 2026" in after.meaning


@pytest.mark.parametrize(("headers", "status"), [({"Origin": "https://evil.example.org"}, 403), ({}, 303)])
def test_a_form_that_another_site_sends_records_nothing(form: Form, headers: dict[str, str], status: int) -> None:
    before = form.desk.dump()
    assert form.press("track", headers=headers, **AUDIT).answer.status_code == status
    assert (form.desk.dump() == before) == (status == 403)


def test_a_form_without_our_token_keeps_what_was_typed_and_records_nothing(form: Form) -> None:
    before = form.desk.dump()
    for typed in ({"token": ""}, {"token": "0" * 64}, {"form": "0" * 32}, {"form": ""}):
        found = form.press("track", **AUDIT, **typed)
        assert (found.answer.status_code, "Nothing was recorded" in found.text) == (403, True)
        assert 'value="Audit report"' in found.answer.text
    assert form.desk.dump() == before
    assert found.press("track", **AUDIT).answer.status_code == 303, "the page that says so has a form that works"


def test_where_the_database_cannot_be_written_to_it_says_that_nothing_was_recorded(form: Form, monkeypatch) -> None:
    from alerts.store.store_error import StoreError
    from alerts.web.pages import new_page

    def fail(*_: object, **__: object) -> None:
        raise StoreError("database is locked")

    monkeypatch.setattr(new_page, "add", fail)
    found = form.press("track", **AUDIT)
    assert (found.answer.status_code, "Not recorded" in found.text) == (503, True)


def test_injected_text_is_text_in_every_field(form: Form) -> None:
    fields = ("title", "deadline", "by", "to", "tags", "note", "source", "source_locator", "source_quote", "key",
              "timezone", "owner", "kind", "priority", "name")  # fmt: skip
    for text in INJECTIONS[::5]:
        if not text.isprintable():
            continue
        for typed in (dict.fromkeys(fields, text), AUDIT | dict.fromkeys(("by", "to", "tags", "note", "source"), text)):
            found = form.press("preview", **typed)
            assert found.answer.status_code in (200, 422), (text, found.text)
            tags = Tags(found.answer.text)
            assert tags.tags <= KNOWN
            assert set(tags.live) == {("src", "/static/preview.js")}
