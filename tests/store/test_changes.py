"""Moving, closing and acknowledging: each a revision, and whatever hangs on it follows in the same transaction."""

import pytest

from alerts.core.rules import Overdue
from alerts.deadlines.errors import InputError
from tests import acting
from tests.factories import acknowledge, at, change, close, entry, load, move, plan_at, remind, rule, source, tracked

LATER = at("2025-10-29T09:00")


def history(store, key: str):
    return store.ledger.history(tracked(store, key).id)


def test_a_move_is_a_revision_that_says_who_when_why_and_from_where(store):
    load(store, entry(deadline="2025-11-10"), sources=[source("brief")])
    report = move(store, "truce", "2025-12-10", LATER, by="ana", reason="they said so", source="brief")
    last = history(store, "truce")[-1]
    assert (last.number, last.what, last.recorded_by, last.recorded_at) == (2, "moved", "ana", LATER)
    assert (last.reason, last.source, last.cause, last.bounds_version) == ("they said so", "brief", None, 2)
    assert (last.before.latest, last.after.latest) == (at("2025-11-11"), at("2025-12-11"))
    assert [one.key for one in report.moved] == ["truce"]


def test_what_hangs_on_it_moves_too_at_all_removes_and_names_the_cause(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("c", "P1D after b"), entry("else", "2025-11-10"))
    report = move(store, "a", "2025-12-10", LATER)
    assert [one.key for one in report.moved_dependants] == ["b", "c"]
    assert tracked(store, "c").bounds.latest == at("2025-12-13")
    assert [(one.what, one.cause, one.recorded_at) for one in history(store, "c")[1:]] == [("moved", "a", LATER)]
    assert tracked(store, "c").bounds_version == 2
    assert len(history(store, "else")) == 1


def test_what_hangs_on_it_twice_moves_once(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("c", "between a and b"))
    move(store, "a", "2025-12-10")
    assert tracked(store, "c").bounds_version == 2
    assert tracked(store, "c").bounds.latest == at("2025-12-12")


def test_a_move_that_fails_half_way_moves_nothing(store, monkeypatch):
    load(store, entry("a"), entry("b", "P1D after a"))

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("alerts.store.occurrence_rows.end_acknowledgements", fail)
    with pytest.raises(ZeroDivisionError):
        move(store, "a", "2025-12-10")
    assert tracked(store, "a").commitment.deadline == "2025-11-10"
    assert len(history(store, "a")) == 1


def test_what_is_closed_does_not_follow(store):
    load(store, entry("a"), entry("b", "P1D after a"))
    close(store, "b")
    assert move(store, "a", "2025-12-10").moved_dependants == []
    assert tracked(store, "b").bounds.latest == at("2025-11-12")


def test_a_move_onto_another_commitment_hangs_on_it_from_then_on(store):
    load(store, entry("a"), entry("b", "2025-11-10"))
    move(store, "b", "P1D after a")
    move(store, "a", "2025-12-10")
    assert tracked(store, "b").bounds.latest == at("2025-12-12")
    move(store, "b", "2025-11-10")
    move(store, "a", "2025-12-20")
    assert tracked(store, "b").bounds.latest == at("2025-11-11")


def test_there_and_back_are_two_moves(store):
    load(store, entry(deadline="2025-11-10"))
    move(store, "truce", "2025-12-10")
    move(store, "truce", "2025-11-10")
    assert [(one.what, one.bounds_version) for one in history(store, "truce")] == [
        ("recorded", 1), ("moved", 2), ("moved", 3),
    ]  # fmt: skip


def test_other_words_for_the_same_bounds_are_an_edit(store):
    load(store, entry(deadline="by 2025-11-10"))
    report = move(store, "truce", "until 2025-11-10")
    assert (report.moved, report.edited) == ([], ["truce"])
    assert tracked(store).bounds_version == 1


@pytest.mark.parametrize(
    ("deadline", "more", "said"),
    [
        ("someday", {}, "column 1: expected a deadline"),
        ("P1D after nobody", {}, "'nobody', which is not tracked"),
        ("P1D after truce", {}, "circle: truce → truce"),
        ("2025-12-10", {"source": "breif"}, "no source has the key 'breif'.*brief"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(store, deadline, more, said):
    load(store, entry(deadline="2025-11-10"), sources=[source("brief")])
    with pytest.raises(InputError, match=said):
        move(store, "truce", deadline, **more)
    assert len(history(store, "truce")) == 1


def test_closing_is_a_revision_and_an_end(store):
    load(store, entry())
    close(store, "truce", "breached", LATER)
    last = history(store, "truce")[-1]
    assert (last.what, last.detail, last.recorded_at) == ("closed", "breached", LATER)
    assert not tracked(store).open


def test_what_has_ended_is_not_closed_moved_or_acknowledged_again(store):
    load(store, entry())
    close(store, "truce", "fulfilled")
    with pytest.raises(InputError, match=r"closed \(fulfilled\): it cannot be closed"):
        close(store, "truce", "breached")
    with pytest.raises(InputError, match="cannot be moved any more"):
        move(store, "truce", "2025-12-10")
    with pytest.raises(InputError, match="cannot be acknowledged any more"):
        acknowledge(store, "truce")
    assert len(history(store, "truce")) == 2


@pytest.mark.parametrize("act", [close, acknowledge, lambda store, key: move(store, key, "2025-12-10")])
def test_a_key_that_there_is_not_is_refused_with_the_nearest(store, act):
    load(store, entry("truce"))
    with pytest.raises(InputError, match=r"no commitment has the key 'trice'.*truce"):
        act(store, "trice")


def test_an_acknowledgement_says_who_when_and_until(store):
    load(store, entry())
    acting.acknowledge(store, "truce", at("2025-11-20"), change(LATER, "ana"))
    seen = tracked(store).acknowledged
    assert (seen.by, seen.at, seen.until) == ("ana", LATER, at("2025-11-20"))
    acting.acknowledge(store, "truce", None, change(LATER, "bo"))
    assert (tracked(store).acknowledged.by, tracked(store).acknowledged.until) == ("bo", None)
    assert [one.what for one in history(store, "truce")] == ["recorded", "acknowledged", "acknowledged"]


def test_a_move_takes_the_acknowledgement_away_from_all_that_moves(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("else"))
    for key in ("a", "b", "else"):
        acknowledge(store, key)
    move(store, "a", "2025-12-10")
    assert [tracked(store, key).current_acknowledgement is None for key in ("a", "b", "else")] == [True, True, False]


def test_an_edit_leaves_the_acknowledgement(store):
    load(store, entry(title="Old"))
    acknowledge(store, "truce")
    load(store, entry(title="New"))
    assert tracked(store).acknowledged is not None


def test_recomputing_what_has_not_changed_writes_no_revision(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("shut"))
    close(store, "shut")
    report = store.commitments.recompute(change(LATER, "alerts"))
    assert (report.moved, report.moved_dependants, report.edited) == ([], [], [])
    assert [len(history(store, key)) for key in ("a", "b", "shut")] == [1, 1, 2]
    move(store, "a", "2025-12-10")  # what hangs on what is still known
    assert tracked(store, "b").bounds_version == 2


def test_what_was_silenced_stays_so_after_a_move_there_and_back(store):
    desk = rule(remind=remind(overdue=Overdue()))
    load(store, entry(deadline="2025-11-10"))
    plan_at(store, at("2025-11-11T09:00"), desk)
    acknowledge(store, "truce", now=at("2025-11-11T10:00"))
    plan_at(store, at("2025-11-11T10:01"), desk)
    move(store, "truce", "2025-12-01", at("2025-11-14T10:00"))
    move(store, "truce", "2025-11-10", at("2025-11-14T10:05"))
    assert plan_at(store, at("2025-11-14T10:06"), desk) == 0
    assert plan_at(store, at("2025-11-15T09:00"), desk) == 1  # the date was touched: it speaks again
