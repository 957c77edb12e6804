"""Editors and programs that change one commitment at the same moment, through two servers of one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, TypeVar

import pytest
import requests

from tests.factories import at, entry, load
from tests.web.answering import Desk
from tests.web.programs import Program
from tests.web.running import started
from tests.web.test_commitment_page import Opened, page
from tests.web.test_due_page import text_of
from tests.web.test_several_page import confirm, show

T = TypeVar("T")
EDITORS = 8
KEYS = ("audit", "filing", "reply")


@pytest.fixture
def desks(desk: Desk) -> Iterator[list[Desk]]:
    """Two servers, each with its own connections to one database."""
    load(
        desk.store,
        entry("audit", "2026-11-20", title="Audit", owner="ann"),
        entry("filing", "2026-12-15", title="Filing"),
        entry("reply", "2026-12-18", title="Reply"),
        now=at("2026-10-01"),
    )
    with started(desk.server.services.settings, (), lambda: desk.now) as other:
        yield [desk, replace(desk, server=other)]


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Return what some calls answer that begin together."""
    together = Barrier(len(calls))

    def call(one: Callable[[], T]) -> T:
        together.wait(30)
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def stated(desk: Desk, key: str) -> list[Any]:
    """Return the numbers of the revisions, which have no gap and no number twice."""
    return [one.number for one in desk.history(key)]


REPLACES: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "", {"title": "Other"}),
    ("PATCH", "", {"note": "Other."}),
    ("POST", "/move", {"deadline": "2026-12-20", "reason": "Later."}),
    ("POST", "/move", {"deadline": "2026-12-24", "reason": "Later still."}),
    ("POST", "/assign", {"owner": "bob"}),
    ("POST", "/assign", {"owner": "kim"}),
    ("POST", "/close", {"as": "fulfilled"}),
    ("POST", "/acknowledge", {}),
]


def test_of_programs_that_change_what_they_read_one_is_recorded_and_each_other_learns_of_it(desks: list[Desk]) -> None:
    programs = [Program(one, name=f"program-{number}") for number, one in enumerate(desks)]

    def call(number: int) -> Callable[[], requests.Response]:
        method, path, body = REPLACES[number]
        return lambda: programs[number % 2].call(method, f"/commitments/filing{path}", body, If_Match='"1"')

    found = at_once([call(number) for number in range(len(REPLACES))])
    assert sorted(one.status_code for one in found) == [200] + [412] * 7, [one.text for one in found]
    late = [one for one in found if one.status_code == 412]
    assert {one.headers["ETag"] for one in late} == {'"2"'}
    assert {tuple(change["number"] for change in one.json()["changes"]) for one in late} == {(2,)}
    assert stated(desks[0], "filing") == [1, 2]


def test_notes_of_programs_that_replace_nothing_are_all_kept(desks: list[Desk]) -> None:
    programs = [Program(one, name=f"program-{number}") for number, one in enumerate(desks)]
    texts = [f"Note {number}." for number in range(EDITORS)]

    def call(number: int) -> Callable[[], requests.Response]:
        body = {"text": texts[number]}
        return lambda: programs[number % 2].call("POST", "/commitments/filing/note", body)

    found = at_once([call(number) for number in range(EDITORS)])
    assert {one.status_code for one in found} == {200}
    assert sorted((desks[0].tracked("filing").commitment.note or "").split("\n")) == texts
    assert stated(desks[0], "filing") == list(range(1, EDITORS + 2))


def test_each_editor_who_comes_late_sees_what_came_before_and_loses_nothing(desks: list[Desk]) -> None:
    texts = [f"Note {number}." for number in range(EDITORS)]
    waiting = {text: page(desks[number % 2], "filing") for number, text in enumerate(texts)}
    while waiting:
        found = at_once([press(one, text) for text, one in waiting.items()])
        statuses = sorted(one.answer.status_code for one in found)
        assert statuses == [200] + [409] * (len(found) - 1)
        kept = desks[0].tracked("filing").commitment.note or ""
        for text, one in list(zip(list(waiting), found, strict=True)):
            if one.answer.status_code == 200:
                del waiting[text]
                assert text in kept
            else:
                assert "Meanwhile: Edited: note" in one.text
                assert f">{text}</textarea>" in one.answer.text
                assert kept.splitlines()[-1] in one.text
                waiting[text] = one
    assert sorted((desks[0].tracked("filing").commitment.note or "").split("\n")) == texts


def press(one: Opened, text: str) -> Callable[[], Opened]:
    return lambda: one.press("note", note=text)


def test_of_two_who_answer_several_each_commitment_has_the_answer_of_one(desks: list[Desk]) -> None:
    shown = [show(desk, "assign", KEYS, person=person) for desk, person in zip(desks, ("bob", "kim"), strict=True)]
    found = at_once([lambda: confirm(desks[0], shown[0]), lambda: confirm(desks[1], shown[1])])
    assert {one.status_code for one in found} == {200}
    texts = [text_of(one.text) for one in found]
    owners = [desks[0].tracked(key).commitment.owner for key in KEYS]
    assert [stated(desks[0], key) for key in KEYS] == [[1, 2]] * 3
    for text, person in zip(texts, ("bob", "kim"), strict=True):
        left = sum(owner != person for owner in owners)
        assert text.count("Left out: it has changed since the preview") == left
        assert (f"for {3 - left} of 3" in text) == (left < 3)


def test_of_an_editor_of_several_one_of_a_page_and_a_program_one_is_recorded(desks: list[Desk]) -> None:
    shown, opened, program = show(desks[0], "move", ("filing",), days="7"), page(desks[1], "filing"), Program(desks[1])
    body = {"owner": "bob"}
    several, noted, assigned = at_once(
        [
            lambda: confirm(desks[0], shown),
            lambda: opened.press("note", note="Call first.").answer,
            lambda: program.call("POST", "/commitments/filing/assign", body, If_Match='"1"'),
        ]
    )
    recorded = ["for 1 of 1" in text_of(several.text), noted.status_code == 200, assigned.status_code == 200]
    assert sum(recorded) == 1, recorded
    assert recorded[0] or "Left out: it has changed since the preview" in text_of(several.text)
    assert recorded[1] or noted.status_code == 409
    assert recorded[2] or assigned.status_code == 412
    assert stated(desks[0], "filing") == [1, 2]
