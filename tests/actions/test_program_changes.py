"""What a program states of its changes: which revision it has read, whose commitments alone it may change, and once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.actions.add import add
from alerts.actions.edit import assign, edit, with_values
from alerts.actions.move import move
from alerts.actions.preconditions import NotAsShownError
from alerts.core.actors import Actor, Request
from alerts.core.changes import Change
from alerts.core.commitments import Person
from alerts.core.permissions import NotAllowedError, RecordedBeforeError
from alerts.deadlines.errors import InputError
from alerts.store import Store
from alerts.store.recorded_requests import OtherRequestError
from tests.actions.test_permissions import DO, SHELL, dump, tried
from tests.factories import NOW, commitment, entry, load, tracked

__all__ = ["tried"]  # a fixture
OTHERS = {"take back": "answered", "reopen": "closed"}
ON = {name: OTHERS.get(name, "truce") for name in DO if name not in ("add", "away", "silence")}
PROGRAM = Actor.by_token("sap", "write", "ann")


def owned(store: Store, *keys: str) -> None:
    for key in keys:
        edit(store, key, lambda now: with_values(now, {"owner": "ann"}), SHELL)


@pytest.mark.parametrize(("action", "key"), ON.items())
def test_a_change_of_a_revision_that_is_not_the_latest_changes_nothing(tried, action, key):
    latest, before = tracked(tried, key).revision, dump(tried)
    for stated in (frozenset({latest - 1, latest + 1}), frozenset()):
        with pytest.raises(NotAsShownError):
            DO[action](tried, replace(SHELL, revisions=stated))
    assert dump(tried) == before
    DO[action](tried, replace(SHELL, revisions=frozenset({latest, latest - 1})))
    assert dump(tried) != before


@pytest.mark.parametrize(("action", "key"), ON.items())
def test_what_another_owner_has_is_not_known_to_a_program_of_one_owner(tried, action, key):
    before = dump(tried)
    with pytest.raises(InputError, match=f"^no commitment has the key '{key}'$"):
        DO[action](tried, Change.of(PROGRAM, NOW))
    assert dump(tried) == before
    owned(tried, key)
    before = dump(tried)
    if action != "assign":  # to whom it belongs already
        DO[action](tried, Change.of(PROGRAM, NOW))
        assert dump(tried) != before


def test_a_program_of_one_owner_names_no_other_owner(tried):
    load(tried, people=[Person(key="ann", name="Ann", email="a@example.org"), Person(key="bob", name="B", email="b@x")])
    owned(tried, "truce")
    before = dump(tried)
    for owner in ("bob", ""):
        with pytest.raises(NotAllowedError, match="token sap is for what ann owns"):
            assign(tried, "truce", owner, Change.of(PROGRAM, NOW))
    for owner in ("bob", None):
        with pytest.raises(NotAllowedError):
            add(tried, replace(commitment("new"), owner=owner), Change.of(PROGRAM, NOW))
    assert dump(tried) == before
    add(tried, replace(commitment("new"), owner="ann"), Change.of(PROGRAM, NOW))


def test_a_program_of_one_owner_counts_from_nothing_of_others(tried):
    """The date that it gets would tell that of the other."""
    ann = Change.of(PROGRAM, NOW)
    load(tried, entry("hidden", "2026-03-03"), people=[Person(key="ann", name="Ann", email="a@example.org")])
    owned(tried, "truce")
    before = dump(tried)
    for key in ("hidden", "nothing"):
        with pytest.raises(InputError, match=f"^no commitment has the key '{key}'$"):
            add(tried, replace(commitment("new", f"P1D after {key}"), owner="ann"), ann)
        with pytest.raises(InputError, match=f"^no commitment has the key '{key}'$"):
            move(tried, "truce", f"P1D after {key}", ann)
    assert dump(tried) == before
    add(tried, replace(commitment("new", "P1D after truce"), owner="ann"), ann)
    move(tried, "new", "P1D after hidden", SHELL)
    move(tried, "new", "P2D after hidden", ann)


@pytest.mark.parametrize("action", [action for action in DO if action not in ("away", "silence")])
def test_a_request_is_recorded_once_and_another_one_needs_a_key_of_its_own(tried, action):
    first = replace(SHELL, request=Request(id="f1", at=NOW, content="a"))
    DO[action](tried, first)
    before = dump(tried)
    with pytest.raises(RecordedBeforeError):
        DO[action](tried, first)
    with pytest.raises(OtherRequestError):
        DO[action](tried, replace(SHELL, request=Request(id="f1", at=NOW, content="b")))
    assert dump(tried) == before


def test_a_request_that_was_refused_can_be_made_again(tried):
    first = replace(SHELL, request=Request(id="f1", at=NOW, content="a"))
    with pytest.raises(InputError, match="no person has the key 'bob'"):
        assign(tried, "truce", "bob", first)
    assign(tried, "truce", "ann", first)
    assert tracked(tried).commitment.owner == "ann"


def test_an_edit_that_changes_nothing_is_a_request_as_well(tried):
    first = replace(SHELL, request=Request(id="f1", at=NOW, content="a"))
    edit(tried, "truce", lambda now: now, first)
    with pytest.raises(RecordedBeforeError):
        edit(tried, "truce", lambda now: with_values(now, {"title": "New"}), first)


def test_what_moves_along_may_be_of_another_owner(tried):
    load(tried, entry("after", "P1D after truce"))
    owned(tried, "truce")
    DO["move"](tried, Change.of(PROGRAM, NOW))
    assert tried.ledger.history(tracked(tried, "after").id)[-1].cause == "truce"
