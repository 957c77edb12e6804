"""Edits by hand: a revision with before and after of each field, which no unchanged file undoes."""

from dataclasses import replace

import pytest

from alerts.core.commitments import Citation, Person
from alerts.core.field_changes import field_changes
from alerts.deadlines.errors import InputError
from tests import acting
from tests.factories import (
    NOW,
    at,
    change,
    claim,
    close,
    commitment,
    entry,
    load,
    move,
    party,
    plan_at,
    remind,
    rule,
    settle,
    source,
    tracked,
)

LATER = at("2025-10-29T09:00")
ANA = Person(key="ana", name="Ana", email="ana@example.org")
MOVED = rule(remind=remind(moved=True))


def edit(store, key="truce", now=LATER, reason=None, **fields):
    return acting.edit(store, key, lambda one: replace(one, **fields), change(now, reason=reason))


def changes(store, key="truce"):
    history = store.ledger.history(tracked(store, key).id)
    return [str(one) for one in field_changes(history).get(history[-1].number, ())]


def test_an_edit_keeps_what_each_field_was_and_what_it_is(store):
    load(store, entry(title="Old", note="Ask."), people=[ANA])
    report = edit(store, title="New", note=None, owner="ana", tags=("a", "b"))
    assert (report.edited, report.moved) == (["truce"], [])
    assert changes(store) == ["title: `Old` → `New`", "owner: nothing → `ana`", "tags: nothing → `a`, `b`",
                              "note: `Ask.` → nothing"]  # fmt: skip
    last = store.ledger.history(tracked(store).id)[-1]
    assert (last.what, last.recorded_by, last.recorded_at, last.bounds_version) == ("edited", "desk", LATER, 1)


def test_of_long_texts_that_begin_alike_the_difference_is_shown(store):
    long = "The desk reads the notice of the ministry before it answers the counterpart; "
    load(store, entry(note=long + "old end"))
    edit(store, note=long + "new end")
    (found,) = changes(store)
    assert "old end" in found
    assert "new end" in found


def test_before_and_after_are_known_of_a_load_and_a_move_as_well(store):
    load(store, entry(title="Old"), sources=[source("brief")])
    load(store, entry(title="New"), now=LATER)
    assert changes(store) == ["title: `Old` → `New`"]
    move(store, "truce", "2025-12-10", LATER, source="brief")
    assert changes(store) == ["deadline: `2025-11-10` → `2025-12-10`", "source: nothing → `brief`"]


def test_a_file_that_stayed_the_same_does_not_undo_an_edit_and_one_that_changed_is_in_conflict(store):
    load(store, entry(title="Old"))
    edit(store, title="New")
    assert load(store, entry(title="Old"), now=LATER).unchanged == 1
    assert tracked(store).commitment.title == "New"
    with pytest.raises(InputError) as caught:
        load(store, entry(title="Other"), now=LATER)
    assert str(caught.value) == (
        "seeds.yaml:truce: title: the file says `Other` now and `Old` before, but it was edited to `New` meanwhile: "
        "write that, or `alerts edit truce --title Other` first"
    )
    edit(store, title="Other")
    assert load(store, entry(title="Other"), now=LATER).conflicts == []


def test_an_edit_of_the_zone_moves_it_and_what_depends_on_it_and_says_why(store):
    load(store, entry("a", timezone="UTC"), entry("b", "P1D after a", timezone=None))
    plan_at(store, NOW, MOVED)
    report = edit(store, "a", timezone="Asia/Seoul")
    assert [one.key for one in (*report.moved, *report.moved_dependants)] == ["a", "b"]
    plan_at(store, LATER, MOVED)
    told = [one for found in claim(store, LATER) for one in found.contexts if one.reminder.kind == "moved"]
    assert {(one.reminder.commitment, one.change.cause, one.change.reason) for one in told} == {
        ("a", None, "its time zone was changed from UTC to Asia/Seoul"),
        ("b", "a", "its time zone was changed from UTC to Asia/Seoul"),
    }


def test_an_edit_that_moves_nothing_has_no_reason_but_the_one_that_is_given(store):
    load(store, entry(deadline="2025-11-10[Asia/Seoul]"))
    edit(store, timezone="Europe/Paris")
    last = store.ledger.history(tracked(store).id)[-1]
    assert (last.what, last.reason) == ("edited", None)


def test_an_edit_of_the_obligor_moves_it_to_their_zone(store):
    load(store, entry(timezone=None, by=("us",)), parties=[party("us", "America/New_York"), party("kr", "Asia/Seoul")])
    report = edit(store, by=("kr",), reason="taken over")
    assert len(report.moved) == 1
    assert store.ledger.history(tracked(store).id)[-1].reason == "taken over"


def test_an_edit_of_what_a_rule_matches_brings_it_under_that_rule(store):
    load(store, entry(deadline="2025-11-05"))
    high = rule("high", match={"priority": ("critical",)}, remind=remind(before=("P7D",)))
    settle(store, high)
    assert plan_at(store, at("2025-10-29T09:00"), high) == 0
    edit(store, priority="critical", now=at("2025-10-29T09:01"))
    assert plan_at(store, at("2025-10-29T09:02"), high) == 1


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"owner": "anna"}, "no person has the key 'anna'; did you mean 'ana'?"),
        ({"by": ("uz",)}, "no party has the key 'uz'; known: us"),
        ({"source": Citation(key="brif")}, "no source has the key 'brif'; did you mean 'brief'?"),
        ({"earlier_sources": (Citation(key="brif"),)}, "no source has the key 'brif'; did you mean 'brief'?"),
    ],
)
def test_what_is_not_known_is_refused_and_nothing_is_stored(store, fields, refusal):
    load(store, entry(), people=[ANA], parties=[party("us")], sources=[source("brief")])
    before = tracked(store)
    with pytest.raises(InputError) as caught:
        edit(store, **fields)
    assert str(caught.value) == refusal
    assert tracked(store) == before


def test_who_has_left_cannot_become_the_owner_and_one_who_owns_it_already_stays(store):
    gone = Person(
        key="cem",
        name="Cem Kaya",
        email="cem@example.org",
        timezone="Asia/Tokyo",
        deputy="ana",
        left_at=at("2025-10-01T15:00"),
    )
    load(store, entry(owner="cem"), entry("other"), people=[ANA, gone])
    assert edit(store, title="Still hers").edited
    refusal = "Cem Kaya left on Thu 2 Oct 2025: name another owner, such as the deputy ana"
    with pytest.raises(InputError, match=refusal):
        edit(store, "other", owner="cem")
    with pytest.raises(InputError, match=refusal):
        acting.add(store, commitment("third", owner="cem"), change(at("2025-10-01T15:00")))
    acting.add(store, commitment("third", owner="cem"), change(at("2025-10-01T14:59")))
    with pytest.raises(InputError) as caught:
        edit(store, "other", owner="cemm")
    assert str(caught.value) == "no person has the key 'cemm'; known: ana"


def test_an_edit_to_what_it_is_changes_nothing(store):
    load(store, entry(title="Old"))
    report = edit(store, title="Old")
    assert (report.edited, report.moved, tracked(store).revision) == ([], [], 1)


def test_what_is_closed_can_be_noted_and_stays_closed_where_it_was(store):
    load(store, entry())
    close(store, "truce")
    edit(store, note="It went well.", timezone="Asia/Seoul")
    found = tracked(store)
    assert (found.commitment.status, found.commitment.note) == ("fulfilled", "It went well.")
    assert found.bounds.latest == at("2025-11-11")
