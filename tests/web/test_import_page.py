"""Uploads of registers over HTTP: what they would change, what is wrong with them, and their load."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from alerts.core.actors import Actor
from alerts.store.commitment_store import Commitments
from alerts.store.store_error import StoreError
from alerts.web.intake.import_steps import run_import
from alerts.web.intake.import_values import ImportRequest
from tests.factories import at, close, entry, load, move, party
from tests.injections import INJECTIONS
from tests.web.answering import Desk, opened
from tests.web.test_due_page import Tags
from tests.web.uploading import HEADINGS, Import, opened_page, workbook

pytestmark = pytest.mark.usefixtures("forked_uploads")
KNOWN = frozenset(
    "html head meta title link script body a header nav ul li p main h1 h2 h3 strong form div label input select "
    "option button section ol aside dl dt dd span code".split()
)
TWO = HEADINGS + "audit,Audit report,2027-03-31,ann,single\nlease,Lease,2026-11-20,bob,single\n"


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A server on SQLite: another test goes through all of it on PostgreSQL."""
    with opened(sqlite_url, tmp_path) as found:
        yield found


@pytest.fixture
def page(desk: Desk) -> Import:
    return opened_page(desk)


def without_uploads(desk: Desk) -> dict[str, list[object]]:
    return {name: rows for name, rows in desk.dump().items() if name != "uploads"}


def test_a_look_shows_what_a_load_would_do_and_the_load_does_it(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as desk:
        before = without_uploads(desk)
        seen = opened_page(desk).upload(TWO, name="nonsense.pdf")
        assert seen.status == 200
        for text in ("2 would be added", "New audit Audit report Wed 31 Mar 2027", "New lease Lease Fri 20 Nov 2026",
                     "1 alert goes out within a minute of the load"):  # fmt: skip
            assert text in seen.text, text
        assert without_uploads(desk) == before
        done = seen.press("load", name="Ann")
        assert (done.status, "Loaded into the register Contracts" in done.text) == (200, True)
        assert desk.tracked("audit").commitment.owner == "ann"
        assert desk.last("audit") == ("recorded", "Ann, by a page on this machine", "local")
        assert desk.store.uploads.registers() == {"Contracts": 2}
        again = opened_page(desk).upload(TWO)
        assert "Nothing changes: all of it is tracked already." in again.text
        assert "2 left alone" in again.text


def test_a_register_is_compared_with_what_was_loaded_from_it(page: Import) -> None:
    desk = page.desk
    page.upload(TWO).press("load")
    load(desk.store, entry("reply", "P10D after audit", title="Reply", tags=("single",)), now=at("2026-11-01"))
    changed = HEADINGS + "audit,Audit report,2027-04-30,ann,single\nnew,New,2027-05-01,,single\n"
    seen = page.upload(changed)
    for text in ("1 would be added", "1 would be moved", "1 move along", "1 no longer in it", "reply",
                 "Moved audit Audit report Wed 31 Mar 2027 → Fri 30 Apr 2027",
                 "lease. Left open unless you tick it."):  # fmt: skip
        assert text in seen.text, text
    seen.press("load")
    assert desk.tracked("lease").open
    done = page.upload(changed).press("load", close_missing="yes")
    assert "1 closed" in done.text
    assert not desk.tracked("lease").open
    assert desk.history("lease")[-1].reason == "no longer in the register Contracts"
    back = page.upload(TWO)
    assert "lease: closed as withdrawn, and listed again" in back.text
    assert back.press("load", reopen="yes").status == 200
    assert desk.tracked("lease").open


def test_another_register_leaves_the_first_alone_and_says_what_it_takes_over(page: Import) -> None:
    page.upload(TWO).press("load")
    load(page.desk.store, entry("mine", "2027-01-01"), now=at("2026-11-01"))
    other = page.upload(HEADINGS + "audit,Audit,2027-03-31,ann,single\nmine,Mine,2027-01-01,,\n", "Leases")
    assert "no longer in it" not in other.text
    assert "audit : the register Contracts" in other.text
    assert "mine : recorded by hand" in other.text


def test_problems_stand_with_their_rows_and_nothing_can_be_loaded(page: Import) -> None:
    before = without_uploads(page.desk)
    rows = HEADINGS + "a,First,31 feb 2027,ann,x\nb,,2027-03-31,zed,x\nc,Third,2027-03-31,ann,x\n"
    found = page.upload(rows)
    assert found.status == 422
    for text in (
        "Cell C2: deadline: `31 feb 2027`", "is not a real date", "Row 2 key a title First deadline 31 feb 2027",
        "Cell B3: title: is empty, expected text", "Row 3 key b title (empty)",
    ):  # fmt: skip
        assert text in found.text, (text, found.text)
    assert 'class="wrong"><dt>deadline</dt><dd class="lines">31 feb 2027' in found.answer.text
    assert "Third" not in found.text
    assert 'value="load"' not in found.answer.text
    assert found.press("load").status == 422
    assert without_uploads(page.desk) == before
    rows = rows.replace("31 feb", "28 feb").replace("b,,", "b,Second,")
    assert 'Cell D3: owner: nobody here has the name or key "zed"' in found.upload(rows).text
    mended = found.upload(rows.replace("zed", "bob"))
    assert (mended.status, "3 would be added" in mended.text) == (200, True)


def kept(page: Import) -> dict[str, str]:
    """Return the fields of the form for another file that keep what was chosen for the columns."""
    form = page.answer.text.partition("</aside>")[2]
    found = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form))
    return {name: text for name, text in found.items() if name not in ("form", "token")}


def test_a_spreadsheet_with_its_own_headings_is_read_by_columns_that_can_be_chosen(page: Import) -> None:
    table = workbook(
        ("Supply contract 2026",),
        ("Ref No", "What", "Due date", "Responsible", "Status", "Remark"),
        ("R-1", "Deliver the report", date(2027, 3, 31), "Ann Example", "Open", "two copies"),
        ("R-2", "Pay the fee", date(2027, 4, 30), "Bob", "Open", ""),
        ("R-3", "Sign", date(2026, 4, 30), "Bob", "Done", ""),
    )
    seen = page.upload(table)
    assert seen.status == 200, seen.text
    for text in ("2 would be added", "New contracts-R-1 Deliver the report Wed 31 Mar 2027", "contracts-R-2",
                 "Closed rows are left out", "Status: Done", "Ref No such as R-1"):  # fmt: skip
        assert text in seen.text, (text, seen.text)
    chosen = {"columns": "chosen", "key": "Ref No", "column-1": "title", "column-2": "deadline", "column-3": "owner"}
    again = seen.press("look", **chosen, **{"column-5": "note"})
    assert again.status == 200
    assert again.press("load", **chosen, **{"column-5": "note"}).status == 200
    stored = page.desk.tracked("contracts-R-1").commitment
    assert (stored.title, stored.owner, stored.note) == ("Deliver the report", "ann", "two copies")
    mended = again.upload(table, **kept(again))
    assert "Nothing changes" in mended.text, "what was chosen holds for the next file with these headings"
    other = again.upload(workbook(("Ref", "Title", "Due"), ("Z-1", "Other", date(2027, 1, 1))), **kept(again))
    assert "New contracts-Z-1 Other" in other.text
    twice = seen.press("look", **chosen, **{"column-5": "title"})
    assert "What and Remark are both chosen as the title" in twice.text
    none = seen.press("look", columns="chosen", key="Ref No")
    assert "Choose the column that has the title and the one that has the deadline." in none.text
    assert none.status == 422


def test_parties_that_a_table_names_first_are_declared_with_it(page: Import) -> None:
    load(page.desk.store, entry("x", "2027-01-01"), now=at("2026-10-01"), parties=[party("acme", name="Acme Ltd")])
    table = (
        HEADINGS.replace("owner,tags", "by,to") + "a,A,2027-01-15,Acme Ltd,Contoso GmbH\nb,B,2027-01-16,acme,Acme Ldt\n"
    )
    seen = page.upload(table)
    assert seen.status == 200, seen.text
    assert "New party: Contoso GmbH" in seen.text
    assert "New party: Acme Ldt; did you mean 'Acme Ltd'?" in seen.text
    seen.press("load")
    assert page.desk.store.ledger.parties()["contoso-gmbh"].name == "Contoso GmbH"
    stored = page.desk.tracked("a").commitment
    assert (stored.by, stored.to) == (("acme",), ("contoso-gmbh",))


def test_dates_that_can_be_read_in_two_ways_are_asked_about(page: Import) -> None:
    table = "Ref,Title,Due date\nA-1,First,03/04/2027\nA-2,Second,05/06/2027\n"
    found = page.upload(table)
    assert found.status == 422
    assert "How are dates written?" in found.text
    chosen = {"columns": "chosen", "key": "Ref", "column-1": "title", "column-2": "deadline"}
    options = [one for one in ("DD/MM/YYYY", "MM/DD/YYYY") if one in found.text]
    assert len(options) == 2, found.text
    seen = found.press("look", **chosen, date="DD/MM/YYYY")
    assert "Sat 3 Apr 2027" in seen.text


def test_calendars_yaml_and_json_are_read_by_what_they_hold(page: Import) -> None:
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:visit@example.org\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;VALUE=DATE:20270115\r\nSUMMARY:Visit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"  # fmt: skip  # noqa: E501
    assert "visit@example.org" in page.upload(calendar, "Calendar").text
    yaml = "parties:\n- {key: acme, name: Acme}\ncommitments:\n- {key: y, title: Y, deadline: 2027-01-15, by: [acme]}\n"
    assert page.upload(yaml, "Yaml").press("load").status == 200
    assert page.desk.store.ledger.parties()["acme"].name == "Acme"
    wrong = page.upload(yaml.replace("2027-01-15", "soon"), "Yaml")
    assert "Line 4: deadline" in wrong.text
    assert "- {key: y, title: Y" in wrong.text
    listed = json.dumps({"commitments": [{"key": "j", "title": "J", "deadline": "2027-01-15"}]})
    assert "1 would be added" in page.upload(listed, "Json").text


NOT_READ = [
    (b"", "Choose a file first."),
    (b"%PDF-1.7", "is a PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old .xls workbook, or one with a password"),
    (b"PK\x03\x04 broken", "is damaged"),
    (b"\n\n,,,\n", "has no row of headings"),
    (HEADINGS.encode(), "has headings and no rows"),
    (b'key,title,deadline\n\xff\xfe,"x', "the quote that is opened in this row is never closed"),
    (b"commitments:\n- [a, b]\n", "expected a mapping"),
]


@pytest.mark.parametrize(("content", "text"), NOT_READ, ids=[text for _, text in NOT_READ])
def test_what_cannot_be_read_is_said_with_what_to_do(page: Import, content: bytes, text: str) -> None:
    found = page.upload(content)
    assert (found.status, text in found.text) == (422, True), found.text
    assert "/tmp" not in found.text


def test_an_upload_declares_and_changes_nobody(page: Import) -> None:
    before = without_uploads(page.desk)
    for person in ("{key: eve, name: Eve, email: eve@example.org}", "{key: ann, name: Ann, email: eve@example.org}"):
        found = page.upload(f"people:\n- {person}\ncommitments:\n- {{key: y, title: Y, deadline: 2027-01-15}}\n")
        assert found.status == 422
        assert "the settings" in found.text
    assert without_uploads(page.desk) == before


def test_a_load_is_done_once(page: Import) -> None:
    seen = page.upload(TWO)
    assert ["Loaded" in seen.press("load").text for _ in range(3)] == [True, True, True]
    assert len(page.desk.history("audit")) == 1
    move(page.desk.store, "audit", "2027-06-30", now=at("2026-11-28"))
    assert "Loaded" in seen.press("load").text
    assert page.desk.tracked("audit").commitment.deadline == "2027-06-30", "the same form again changes nothing"


def test_what_has_changed_since_the_look_is_shown_again_before_it_is_loaded(page: Import) -> None:
    page.upload(TWO).press("load")
    seen = page.upload(TWO.replace("2027-03-31", "2027-04-30"))
    close(page.desk.store, "audit", now=at("2026-11-28"))
    found = seen.press("load")
    assert (found.status, "Something has changed since the preview" in found.text) == (409, True)
    assert not page.desk.tracked("audit").open
    assert found.press("load").status == 200


def test_what_was_moved_by_hand_and_by_the_file_is_said_with_its_row(page: Import) -> None:
    page.upload(TWO).press("load")
    move(page.desk.store, "audit", "2027-06-30", now=at("2026-11-28"))
    found = page.upload(TWO.replace("2027-03-31", "2027-04-30"))
    assert found.status == 422
    assert "write that, or change it on its page first" in found.text
    assert "Row 2 key audit" in found.text


def test_an_upload_is_kept_for_an_hour(page: Import) -> None:
    seen = page.upload(TWO)
    page.desk.now += timedelta(hours=1)
    found = seen.press("load")
    assert (found.status, "kept for an hour" in found.text) == (410, True)
    assert page.desk.store.commitments.statuses(["audit"]) == {}


def test_a_database_that_fails_is_no_fault_of_the_file(page: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("database is locked")

    services = page.desk.server.services
    request = ImportRequest(
        settings=services.settings, actor=Actor.at_machine(), now=page.desk.now, register="R", content=TWO.encode()
    )
    monkeypatch.setattr(Commitments, "load", fail)
    with pytest.raises(StoreError):
        run_import(services.store, request)


REGISTERS = [
    ("", "name a new one"),
    ("/etc/passwd", "begins with a letter"),
    ("-", "begins with"),
    ("x" * 81, "80 char"),
]


@pytest.mark.parametrize(("name", "text"), REGISTERS)
def test_a_register_has_a_name(page: Import, name: str, text: str) -> None:
    found = page.upload(TWO, name)
    assert (found.status, text in found.text) == (422, True)


def test_a_form_of_another_site_or_without_our_token_loads_nothing(page: Import) -> None:
    seen = page.upload(TWO)
    assert seen.press("load", headers={"Origin": "https://evil.example.org"}).status == 403
    for typed in ({"token": ""}, {"token": "0" * 64}, {"form": "0" * 32}):
        assert seen.press("load", **typed).status == 403
    assert page.desk.server.post("/import", data=seen.hidden | {"choice": "load"}).status_code == 403
    assert page.desk.store.commitments.statuses(["audit"]) == {}
    assert seen.press("load", hash="0" * 64).status == 410
    assert seen.press("load", hash="../../x").status == 422


def test_injected_text_is_text_wherever_an_upload_is_shown(page: Import) -> None:
    some = [text for text in INJECTIONS if text.isprintable() and text.strip()]
    load(page.desk.store, entry("x", "2027-01-01"), now=at("2026-10-01"), parties=[party("acme")])
    for number, chunk in enumerate(some[start : start + 45] for start in range(0, len(some), 45)):
        rows: list[tuple[object, ...]] = [("key", "title", "deadline", "owner", "tags", "note")]
        rows += [(f"k{number}-{place}", text, "2027-01-01", "ann", text, text) for place, text in enumerate(chunk)]
        seen = page.upload(
            workbook(*rows), chunk[0] if chunk[0][:1].isalnum() else "Injected", new_register="R" + chunk[1][:70]
        )
        wrong = page.upload(workbook(*((*row[:2], row[1], *row[3:]) for row in rows)), "R")
        headed = page.upload(workbook(tuple(chunk[:9]), tuple(chunk[9:18]), tuple(chunk[18:27])), "R")
        for found in (seen, wrong, headed, seen.press("load")):
            tags = Tags(found.answer.text)
            assert tags.tags <= KNOWN, tags.tags - KNOWN
            assert set(tags.live) == set(), tags.live
