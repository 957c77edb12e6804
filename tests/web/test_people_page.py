"""`/people`: what an admin sees of people, sessions and tokens, and that a session ends at a press."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.core.commitments import Person
from alerts.store.feeds import FeedFilter
from alerts.store.people import People, put
from tests.factories import at, entry, load
from tests.injections import INJECTIONS
from tests.web.answering import NOW, Desk
from tests.web.signing_in import Site, site_of, text_of
from tests.web.test_due_page import KNOWN, Tags, groups


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    with site_of(sqlite_url, tmp_path) as found:
        yield found


def number_of(site: Site, person: str) -> int:
    (found,) = [one.id for one in site.store.sessions.lasting(site.now) if one.person == person]
    return found


def test_it_says_who_may_do_what_and_who_has_signed_in(site: Site) -> None:
    ann = site.signed_in("ann")
    site.signed_in("kim")
    with site.store.database.write() as connection:
        put(connection, [Person(key="dee", name="Dee", email="dee@example.org")], of_settings=False)
    site.now += timedelta(hours=1)
    found = text_of(ann.get("/people"))
    for text in (
        "Ann Example Ann@Example.org Admin ann Signed in since Sat 28 Nov 2026 09:30, here from 127.0.0.1, until Sat",
        "until Sat 28 Nov 2026 21:30 End",
        "Bob bob@example.org Editor bob Has not signed in",
        "Kim kim@example.org Viewer kim Signed in since Sat 28 Nov 2026 09:30 from 127.0.0.1",
        "Team team@example.org Admin team · cannot sign in: several people have this address",
        "Tim twins@example.org Admin tim · cannot sign in",
        "Cem cem@example.org Admin cem · left on Fri 20 Nov 2026",
        "Dee dee@example.org Viewer dee · declared by a file",
        "Last sign-ins Kim Sat 28 Nov 2026 09:30",
    ):
        assert text in found, text


def test_a_session_ends_at_the_press_of_a_button(site: Site) -> None:
    ann, kim = site.signed_in("ann"), site.signed_in("kim")
    choice = {"choice": f"end {number_of(site, 'kim')}"}
    held = ann.fields("/people")
    assert "Recorded : that session has ended." in text_of(ann.post("/people", held | choice))
    assert kim.get("/plan").status_code == 303
    assert ann.get("/plan").status_code == 200
    again = text_of(ann.post("/people", held | choice))
    assert "That session had already ended." in again
    assert "Kim Sat 28 Nov 2026 09:30 from 127.0.0.1, ended Sat 28 Nov 2026 09:30 by Ann Example" in again
    assert "Last signed in Sat 28 Nov 2026 09:30" in again


def test_the_people_of_files_are_read_once_however_many_there_are(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = site.signed_in("ann")
    with site.store.database.write() as connection:
        some = [Person(key=f"d{n}", name=f"D{n}", email=f"d{n}@example.org") for n in range(20)]
        put(connection, some, of_settings=False)
    read, reads = People.of_files, list[int]()

    def counted(people: People) -> dict[str, Person]:
        reads.append(1)
        return read(people)

    monkeypatch.setattr(People, "of_files", counted)
    assert "D19 d19@example.org Viewer d19 · declared by a file" in text_of(ann.get("/people"))
    assert len(reads) == 1


@pytest.mark.parametrize(
    "choice", ["", "end", "end x", "end -1", "end 1 2", "end ٣", "end 99999999999999999999", "close 1"]
)
def test_a_press_that_means_nothing_ends_nothing(site: Site, choice: str) -> None:
    ann = site.signed_in("ann")
    assert ann.post("/people", ann.fields("/people") | {"choice": choice}).status_code == 200
    assert ann.get("/people").status_code == 200


def test_a_form_of_somebody_else_ends_nothing(site: Site) -> None:
    ann, kim = site.signed_in("ann"), site.signed_in("kim")
    choice = {"choice": f"end {number_of(site, 'ann')}"}
    assert kim.post("/people", kim.fields("/plan") | choice).status_code == 403
    assert ann.post("/people", kim.fields("/plan") | choice).status_code == 403
    assert ann.get("/plan").status_code == 200


def test_it_lists_what_programs_and_calendars_read_with_and_no_token(site: Site) -> None:
    token = site.store.api_tokens.add("sap", "write", by="x", now=NOW)
    feed = site.store.feeds.add("ann", "Ann's", FeedFilter(), alarms=False, by="x", now=NOW)
    site.store.feeds.end(site.store.feeds.all(NOW)[0], NOW)
    answer = site.signed_in("ann").get("/people")
    assert "sap reads and records, by the API until Sun 28 Nov 2027 09:30, not used yet" in text_of(answer)
    assert "Ann's calendar of ann revoked, not used yet" in text_of(answer)
    assert token not in answer.text
    assert feed not in answer.text
    assert re.findall("[0-9a-f]{64}", answer.text) == re.findall('(?<=name="token" value=")[0-9a-f]{64}', answer.text)


def test_where_nobody_signs_in_it_says_so(desk: Desk) -> None:
    found = text_of(desk.server.get("/people"))
    assert "Nobody signs in here" in found
    assert "Ann Example ann@example.org Viewer" in found


def test_injected_text_is_text(site: Site) -> None:
    some = [text for text in INJECTIONS[::9] if text.isprintable() and text.strip()]
    with site.store.database.write() as connection:
        people = [Person(key=f"p{n}", name=text, email=f"p{n}@example.org") for n, text in enumerate(some)]
        put(connection, people, of_settings=False)
    for text in some:
        site.store.api_tokens.add(text, "read", by=text, now=NOW)
    found = Tags(site.signed_in("ann").get("/people").text)
    assert found.live == []
    assert found.tags <= KNOWN | {"code"}
    site.signed_in("p0").get("/")


def test_what_somebody_owns_comes_first_and_can_be_had_alone(site: Site) -> None:
    load(
        site.store,
        entry("one", "2026-12-01", title="One", owner="bob"),
        entry("two", "2026-12-02", title="Two", owner="kim"),
        entry("three", "2026-12-03", title="Three", owner="bob"),
        now=at("2026-10-01"),
    )
    kim = site.signed_in("kim")
    assert groups(kim.get("/").text)["next_week"] == ["two", "one", "three"]
    assert "1 Mine" in text_of(kim.get("/"))
    assert groups(kim.get("/?mine=1").text) == {"next_week": ["two"]}
    assert 'name="mine" value="1"' in kim.get("/?mine=1").text
    assert groups(site.signed_in("ann").get("/?mine=1").text) == {}
