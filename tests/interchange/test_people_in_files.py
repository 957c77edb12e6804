"""People in files, and the owners that files name."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.core.commitments import Person
from alerts.deadlines.errors import InputError
from alerts.interchange import gather
from alerts.interchange.file_contents import refuse
from tests.interchange.conftest import Write

ANA = Person(key="ana", name="Ana", email="ana@example.org", timezone="Europe/Madrid")
DECLARED = "people: [{key: ana, name: Ana, email: ana@example.org, timezone: Europe/Madrid}]\n"


@pytest.fixture
def yaml(here: Path) -> Write:
    def write(text: str) -> Path:
        Path("x.yaml").write_text(text)
        return Path("x.yaml")

    return write


def lines(path: Path, **known: set[str]) -> list[str]:
    found = gather(path, **known)  # type: ignore[arg-type]  # keyword by keyword
    with pytest.raises(InputError) as caught:
        refuse(found.problems)
    return str(caught.value).splitlines()


def entry(owner: str) -> str:
    return f"commitments:\n  - key: a\n    title: A\n    deadline: undated\n    owner: {owner}\n"


def test_an_owner_may_be_declared_after_its_use(yaml: Write) -> None:
    found = gather(yaml(entry("ana") + DECLARED))
    assert (found.people, found.problems, found.entries[0].commitment.owner) == ((ANA,), (), "ana")


def test_an_owner_whom_nobody_declares_is_an_error_with_its_line_and_the_nearest(yaml: Write) -> None:
    assert lines(yaml(entry("anna") + DECLARED)) == [
        "x.yaml:5: owner: no person has the key \"anna\": declare them under `people:`; did you mean 'ana'?"
    ]
    assert lines(yaml(entry("bo")), people={"ana"}) == [
        'x.yaml:5: owner: no person has the key "bo": declare them under `people:`; known: ana'
    ]


def test_a_person_of_the_settings_is_declared_by_no_file(yaml: Write) -> None:
    assert lines(yaml(DECLARED + entry("ana")), people={"ana"}, people_in_settings={"ana"}) == [
        'x.yaml:1: the person "ana" is declared in the settings: take one of the two away'
    ]


def test_a_person_is_declared_once_and_has_an_address(yaml: Write) -> None:
    assert lines(yaml("people: [{key: ana, name: Ana, email: ana}]\n" + entry("ana"))) == [
        (
            "x.yaml:1: email: not a mail address: expected one such as desk@example.org or Desk <desk@example.org>, "
            "found `ana`"
        )
    ]
    assert lines(yaml(DECLARED.rstrip("]\n") + ", {key: ana, name: B, email: b@example.org}]\n")) == [
        'x.yaml:1: the key "ana" is used twice, first on line 1'
    ]


def test_the_owners_of_tables_are_known_too(csv: Write, xlsx: Write) -> None:
    said = 'owner: no person has the key "bo": declare them under `people:`; known: ana'
    assert lines(csv("key,title,deadline,owner", "a,A,undated,bo"), people={"ana"}) == [f"x.csv:D2: {said}"]
    sheet = xlsx(["key", "title", "deadline", "owner"], ["a", "A", "undated", "bo"])
    assert lines(sheet, people={"ana"}) == [f"x.xlsx:D2: {said}"]
    assert gather(csv("key,title,deadline,owner", "a,A,undated,ana"), people={"ana"}).problems == ()


def test_the_owners_of_calendars_are_known_too(here: Path) -> None:
    todo = "BEGIN:VTODO\nUID:a\nSUMMARY:A\nX-ALERTS-OWNER:bo\nEND:VTODO\n"
    Path("x.ics").write_text(f"BEGIN:VCALENDAR\n{todo}END:VCALENDAR\n")
    assert lines(Path("x.ics"), people={"ana"}) == [
        'x.ics:2: owner: no person has the key "bo": declare them under `people:`; known: ana'
    ]


@pytest.mark.parametrize("stated", ["role: admin", "shared: true", "deputy: bo", "left: 2027-03-31"])
def test_a_file_gives_nobody_a_role(yaml: Write, stated: str) -> None:
    name = stated.partition(":")[0]
    assert lines(yaml(DECLARED.replace("name: Ana,", f"name: Ana, {stated},"))) == [
        f'x.yaml:1: "{name}" can be stated in the settings only: remove it here'
    ]
