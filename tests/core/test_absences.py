"""Who is away or has left, who stands in, and which absences would leave nobody."""

from __future__ import annotations

import pytest

from alerts.core.absences import Absence, Absences, Absentee, deputy_cycle
from alerts.core.commitments import Person
from tests.factories import at

NOW = at("2026-12-21T12:00")
BACK = at("2027-01-04T00:00")


def person(key, deputy=None, left_at=None):
    return Person(key=key, name=key.title(), email=f"{key}@example.org", deputy=deputy, left_at=left_at)


def away(who, to=None, start=NOW, end=BACK):
    return Absence(person=who, starts_at=start, ends_at=end, zone="Europe/Madrid", deputy=to)


def absences(*people, recorded=()):
    return Absences(people={one.key: one for one in people}, recorded=recorded)


def who(found, key="ana", now=NOW):
    return [
        (one.person.key, [absent.name for absent in one.on_behalf_of]) for one in found.deputies(found.people[key], now)
    ]


def test_an_absence_includes_its_start_and_not_its_end():
    assert [away("ana").includes(when) for when in (NOW, BACK)] == [True, False]


def test_nobody_stands_in_for_somebody_who_is_there():
    assert who(absences(person("ana", "bo"), person("bo"))) == []


def test_chains_are_followed_past_those_who_have_left():
    people = (person("ana", "bo"), person("bo", "cy", left_at=NOW), person("cy", "di"), person("di"))
    assert who(absences(*people, recorded=[away("ana")])) == [("cy", ["Ana", "Bo"])]
    both = [away("ana"), away("cy")]
    assert who(absences(*people, recorded=both)) == [("cy", ["Ana", "Bo"]), ("di", ["Ana", "Bo", "Cy"])]


def test_a_circle_ends_where_it_meets_itself():
    people = (person("ana"), person("bo", "ana"))
    assert who(absences(*people, recorded=[away("ana", "bo"), away("bo")])) == [("bo", ["Ana"])]


def test_a_deputy_whom_nobody_declares_stands_in_for_nobody():
    assert who(absences(person("ana"), recorded=[away("ana", "gone")])) == []


def test_two_absences_at_once_have_both_deputies_and_the_later_return():
    found = absences(
        person("ana"), person("bo"), person("cy"), recorded=[away("ana", "bo"), away("ana", "cy", end=at("2027-01-02"))]
    )
    assert [key for key, _ in who(found)] == ["bo", "cy"]
    assert found.absentee(found.people["ana"], NOW) == Absentee(name="Ana", back_at=BACK, zone="Europe/Madrid")


def test_who_has_left_is_not_away_and_has_the_deputy_of_the_settings():
    found = absences(person("ana", "bo", left_at=NOW), person("bo"), person("cy"), recorded=[away("ana", "cy")])
    assert found.absentee(found.people["ana"], NOW) == Absentee(name="Ana")
    assert who(found) == [("bo", ["Ana"])]


@pytest.mark.parametrize(
    ("fresh", "cycle"),
    [
        (away("bo", "ana"), ("bo", "ana", "bo")),
        (away("bo", "cy"), ()),
        (away("bo", "ana", start=BACK, end=at("2027-02-01")), ()),
        (away("bo", "ana", start=at("2026-12-01"), end=at("2027-02-01")), ("bo", "ana", "bo")),
        (away("cy", "di", end=at("2028-01-01")), ("cy", "di", "cy")),
        (away("cy", "di", end=at("2027-01-02")), ()),
    ],
)
def test_an_absence_that_would_close_a_circle_at_any_time_is_found(fresh, cycle):
    people = (person("ana"), person("bo"), person("cy"), person("di", "cy", left_at=at("2027-06-01")))
    assert absences(*people, recorded=[away("ana", "bo")]).cycle_of(fresh) == cycle


def test_deputies_of_the_settings_in_a_circle_are_found():
    assert deputy_cycle({"ana": "bo", "bo": "cy", "di": "ana"}) == ()
    assert deputy_cycle({"di": "ana", "ana": "bo", "bo": "ana"}) == ("ana", "bo", "ana")
    assert deputy_cycle({"ana": "ana"}) == ("ana", "ana")


def test_an_absentee_is_stored_and_read_back():
    for one in (Absentee(name="Ana"), Absentee(name="Ana", back_at=BACK, zone="Asia/Tokyo")):
        assert Absentee.from_json(one.to_json()) == one
