"""Who may do what: the shell everything, a link what the settings allow, a person what their role allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from alerts.actions.absence import end_absence, record_absence
from alerts.actions.acknowledge import ListedAnswer, acknowledge, acknowledge_listed
from alerts.actions.add import add
from alerts.actions.close import close
from alerts.actions.edit import assign, edit, note, with_values
from alerts.actions.move import move, preview_move
from alerts.actions.preconditions import NotAsShownError
from alerts.actions.reopen import reopen
from alerts.actions.silence import add_silence, end_silence
from alerts.actions.snooze import snooze
from alerts.actions.withdraw_answers import withdraw_answers
from alerts.core.absences import Absence
from alerts.core.actors import Actor, Request, Shown
from alerts.core.changes import Change
from alerts.core.commitments import Person
from alerts.core.permissions import ACTIONS, Action, NotAllowedError, RecordedBeforeError
from alerts.core.silences import Silence
from alerts.deadlines.errors import InputError
from alerts.store import Store, tables
from tests.factories import NOW, at, commitment, entry, load, tracked

LATER, LEAD = at("2025-11-12T09:00"), at("2025-11-09T09:00")
AWAY = Absence(person="ann", starts_at=NOW, ends_at=LATER, zone="UTC", recorded_by="desk")
QUIET = Silence(match={"key": ("truce",)}, since=NOW, until=LATER, reason="The office moves.", by="desk")
DO: dict[Action, Callable[[Store, Change], Any]] = {
    "acknowledge": lambda store, change: acknowledge(store, "truce", None, change),
    "snooze": lambda store, change: snooze(
        store, "truce", at("2025-11-01"), change, recipient="ann@example.org", lead=LEAD
    ),
    "snooze for everybody": lambda store, change: snooze(store, "truce", at("2025-11-01"), change, recipient=None),
    "take back": lambda store, change: withdraw_answers(store, "answered", change),
    "note": lambda store, change: note(store, "truce", "Called the desk.", change),
    "move": lambda store, change: move(store, "truce", "2025-12-01", change),
    "close": lambda store, change: close(store, "truce", "fulfilled", change),
    "reopen": lambda store, change: reopen(store, "closed", change),
    "assign": lambda store, change: assign(store, "truce", "ann", change),
    "edit": lambda store, change: edit(store, "truce", lambda now: with_values(now, {"title": "New"}), change),
    "away": lambda store, change: record_absence(store, AWAY, change),
    "silence": lambda store, change: add_silence(store, QUIET, change),
    "add": lambda store, change: add(store, commitment("new"), change),
}


def change_of(actor: Actor, **more: Any) -> Change:
    return Change.of(actor, NOW, **more)


SHELL = Change(now=NOW, by="desk")
LINK = Actor.by_link("ann@example.org", frozenset({"acknowledge", "snooze", "note"}))


@pytest.fixture
def tried(store: Store) -> Store:
    load(
        store,
        entry("truce"),
        entry("answered"),
        entry("closed"),
        people=[Person(key="ann", name="Ann", email="a@example.org")],
    )
    acknowledge(store, "answered", None, SHELL)
    close(store, "closed", "fulfilled", SHELL)
    return store


def dump(store: Store) -> list[Any]:
    tracked_now = [(one, store.ledger.history(one.id)) for one in store.ledger.tracked(closed=True)]
    return [tracked_now, store.absences.all(NOW).recorded, store.silences.lasting(NOW)]


def test_each_action_is_tried():
    assert set(DO) == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_shell_may_do_everything(tried, action):
    before = dump(tried)
    DO[action](tried, SHELL)
    assert dump(tried) != before


@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_do_nothing_changes_nothing(tried, action):
    before = dump(tried)
    with pytest.raises(NotAllowedError, match=action):
        DO[action](tried, change_of(Actor(name="bob", proof="link")))
    assert dump(tried) == before


def test_a_preview_needs_the_same_permission(tried):
    with pytest.raises(NotAllowedError):
        preview_move(tried, "truce", "2025-12-01", change_of(LINK))


def test_a_snooze_by_a_link_ends_before_the_last_lead(tried):
    whom, lead = "ann@example.org", at("2025-11-03T09:00")
    for until, known in ((lead, lead), (at("2025-11-01"), None)):
        with pytest.raises(InputError, match="before the last reminder"):
            snooze(tried, "truce", until, change_of(LINK), recipient=whom, lead=known)
        snooze(tried, "truce", until, SHELL, recipient=whom, lead=known)
    snooze(tried, "truce", at("2025-11-02"), change_of(LINK), recipient=whom, lead=lead)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_link_may_do_what_the_settings_allow_and_take_back_what_it_answered(tried, action):
    if action in ("acknowledge", "snooze", "note", "take back"):
        DO[action](tried, change_of(LINK))
    else:
        with pytest.raises(NotAllowedError):
            DO[action](tried, change_of(LINK))


def test_a_link_that_may_only_note_takes_nothing_back():
    assert Actor.by_link("ann@example.org", frozenset({"note"})).allowed == {"note"}


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("viewer", set(ACTIONS)),
        ("editor", set()),
        ("admin", set()),
    ],
)
def test_a_role_allows_what_it_should(role, refused):
    assert set(ACTIONS) - Actor.signed_in("Ann", role).allowed == refused


def test_what_a_link_records_says_so(tried):
    acknowledge(tried, "truce", None, change_of(LINK))
    last = tried.ledger.history(tracked(tried).id)[-1]
    assert (last.recorded_by, last.proof) == ("a link sent to ann@example.org", "link")
    claimed = Actor.by_link("ann@example.org", frozenset({"note"}), claimed="Bob")
    note(tried, "truce", "Ann is away.", change_of(claimed))
    last = tried.ledger.history(tracked(tried).id)[-1]
    assert (last.recorded_by, last.proof) == ("Bob, by a link sent to ann@example.org", "claimed")


def test_what_depends_on_a_move_has_its_proof(tried):
    load(tried, entry("after", "P1D after truce"))
    move(tried, "truce", "2025-12-01", change_of(Actor.by_link("ann@example.org", frozenset({"move"}))))
    assert tried.ledger.history(tracked(tried, "after").id)[-1].proof == "link"


def shown(store: Store, key: str = "truce", form: str = "f1", **more: Any) -> Shown:
    return Shown(**{"form": form, "revision": tracked(store, key).revision, "stage": "ahead"} | more)


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action not in ("add", "away", "silence", "take back", "reopen")]
)
def test_an_answer_to_what_has_changed_since_changes_nothing(tried, action):
    stale = shown(tried)
    note(tried, "truce", "Somebody was quicker.", SHELL)
    before = dump(tried)
    with pytest.raises(NotAsShownError):
        DO[action](tried, Change(now=NOW, by="desk", shown=stale))
    assert dump(tried) == before


@pytest.mark.parametrize("key", ["answered", "closed"])
def test_taking_back_and_reopening_are_refused_as_well_where_something_has_changed(tried, key):
    stale = Change(now=NOW, by="desk", shown=shown(tried, key, revision=1))
    with pytest.raises(NotAsShownError):
        withdraw_answers(tried, key, stale) if key == "answered" else reopen(tried, key, stale)


def test_an_answer_at_another_stage_than_was_shown_changes_nothing(tried):
    with pytest.raises(NotAsShownError):
        acknowledge(tried, "truce", None, Change(now=LATER, by="desk", shown=shown(tried)))
    acknowledge(tried, "truce", None, Change(now=LATER, by="desk", shown=shown(tried, stage="overdue")))
    assert tracked(tried).acknowledged.stage == "overdue"


def test_a_form_is_recorded_once_and_says_so_when_it_comes_again(tried):
    change = Change(now=NOW, by="desk", shown=shown(tried))
    acknowledge(tried, "truce", None, change)
    before = dump(tried)
    with pytest.raises(RecordedBeforeError):
        acknowledge(tried, "truce", None, change)
    assert dump(tried) == before


def test_a_silence_needs_the_permission_to_end_as_well(tried):
    add_silence(tried, QUIET, SHELL)
    with pytest.raises(NotAllowedError):
        end_silence(tried, QUIET.id, change_of(LINK))
    assert end_silence(tried, QUIET.id, change_of(Actor.by_link("ann@example.org", frozenset({"silence"})))) == QUIET


def test_a_request_of_a_silence_is_recorded_once_and_says_what_came_of_it(tried):
    first = Change(now=NOW, by="desk", request=Request(id="f1", at=NOW, content="a"))
    add_silence(tried, QUIET, first)
    with pytest.raises(RecordedBeforeError) as caught:
        add_silence(tried, replace(QUIET, since=at("2025-11-01")), first)
    assert caught.value.result == QUIET.id
    other = replace(first, request=Request(id="f1", at=NOW, content="b"))
    with pytest.raises(InputError, match="used for another request"):
        add_silence(tried, replace(QUIET, reason="Other."), other)
    assert tried.silences.lasting(NOW) == [QUIET]
    end = replace(first, request=Request(id="f2", at=NOW))
    end_silence(tried, QUIET.id, end)
    with pytest.raises(RecordedBeforeError):
        end_silence(tried, QUIET.id, end)


def test_a_request_of_an_absence_is_recorded_once_and_one_absence_is_ended_by_itself(tried):
    first = Change(now=NOW, by="desk", request=Request(id="f1", at=NOW))
    number = record_absence(tried, AWAY, first)
    assert end_absence(tried, number, SHELL) == replace(AWAY, number=number)
    with pytest.raises(RecordedBeforeError) as caught:
        record_absence(tried, AWAY, first)
    assert caught.value.result == str(number)
    assert tried.absences.all(NOW).recorded == []
    with pytest.raises(InputError, match=f"no present absence has the number {number}"):
        end_absence(tried, number, SHELL)
    others = [record_absence(tried, replace(AWAY, ends_at=at(day)), SHELL) for day in ("2025-11-20", "2025-11-21")]
    assert record_absence(tried, replace(AWAY, ends_at=at("2025-11-20")), SHELL) == others[0]
    end_absence(tried, others[0], SHELL)
    assert [one.number for one in tried.absences.all(NOW).recorded] == others[1:]
    with pytest.raises(NotAllowedError):
        end_absence(tried, others[1], change_of(LINK))


def test_a_request_is_forgotten_after_ninety_days(tried):
    for number, day in enumerate(("2025-11-01", "2026-01-30", "2026-01-31")):
        change = Change(now=at(day), by="desk", request=Request(id=f"f{number}", at=at(day)))
        add_silence(tried, replace(QUIET, since=at(day), until=at("2026-02-02") if number else LATER), change)
    with tried.database.read() as connection:
        assert sorted(connection.execute(select(tables.requests.c.id)).scalars()) == ["f1", "f2"]


def test_a_list_is_acknowledged_whole_or_not_at_all(tried):
    load(tried, entry("weekly", "every FREQ=WEEKLY from 2025-10-03"))
    names = ["2025-10-03", "2025-10-10"]
    number = tracked(tried, "weekly").revision

    def answers(form: str, revision: int) -> list[ListedAnswer]:
        seen = [("truce", "", "ahead", 1), *(("weekly", name, "overdue", revision) for name in names)]
        return [
            ListedAnswer(
                key=key,
                occurrence=name,
                until=None,
                change=change_of(LINK, shown=Shown(form=form, revision=number, stage=stage, occurrence=name)),
            )
            for key, name, stage, number in seen
        ]

    before = dump(tried)
    with pytest.raises(NotAsShownError):
        acknowledge_listed(tried, answers("f1", number + 1))
    assert dump(tried) == before
    acknowledge_listed(tried, answers("f2", number))
    assert tracked(tried).acknowledged
    weekly = tracked(tried, "weekly")
    assert [weekly.at(name).acknowledged is not None for name in names] == [True, True]
    assert weekly.revision == number + 2
    with pytest.raises(RecordedBeforeError):
        acknowledge_listed(tried, answers("f2", number))


def test_a_preview_says_what_a_move_means_and_writes_nothing(tried):
    load(tried, entry("after", "P1D after truce"))
    before = dump(tried)
    report = preview_move(tried, "truce", "2025-12-01", SHELL)
    assert [one.key for one in (*report.moved, *report.moved_dependants)] == ["truce", "after"]
    assert dump(tried) == before
