"""What a load would change: a dry run computes what a real run stores, whatever others change in between."""

import random
from dataclasses import replace

import pytest

from alerts.deadlines.errors import InputError
from alerts.store import file_load
from alerts.store.file_load import FileLoad
from tests import acting
from tests.factories import at, change, close, entries, entry, load, move, party, tracked
from tests.store.conftest import IN_CHUNKS

LATER = at("2025-10-29T09:00")
DAYS = ["2025-11-10", "2025-12-10", "2026-01-20", "undated"]


def history(store, key):
    return [one.what for one in store.ledger.history(tracked(store, key).id)]


def some_file(pick: random.Random, keys: list[str]):
    """Entries in any order, each with a day or a dependency on keys before it."""
    file = []
    for number, key in enumerate(keys):
        before = keys[:number]
        deadline = pick.choice([*DAYS, *(f"P{pick.randint(1, 9)}D after {other}" for other in before[-4:])])
        file.append(entry(key, deadline, title=pick.choice(["One", "Two"]), assumptions=pick.choice([(), ("so",)])))
    pick.shuffle(file)
    return file


def state(one):
    """All that a load decides of a commitment; its answers and the time of its bounds are not."""
    return one.commitment, one.bounds, one.bounds_version, one.revision


def refusal(act):
    try:
        act()
    except InputError as error:
        return str(error)
    return None


@IN_CHUNKS
@pytest.mark.parametrize("seed", range(6))
def test_a_dry_run_computes_what_the_load_then_stores(store, any_chunks, seed):
    pick = random.Random(seed)
    keys = [f"k{number:02}" for number in range(14)]
    load(store, *some_file(pick, keys[:10]))
    for key in pick.sample(keys[:10], 2):
        close(store, key)
    file = [one for one in some_file(pick, keys) if pick.random() < 0.7 or one.commitment.key > "k09"]
    options = {"closed": pick.choice(["name", "keep", "reopen"]), "now": LATER}
    refused = refusal(lambda: load(store, *file, dry_run=True, **options))
    if refused:  # something depends on an entry that this file leaves out
        assert refusal(lambda: load(store, *file, **options)) == refused
        return
    dry = load(store, *file, dry_run=True, **options)
    before = {one.commitment.key: state(one) for one in store.ledger.tracked()}
    real = load(store, *file, **options)
    after = {one.commitment.key: state(one) for one in store.ledger.tracked()}
    planned = {key: state(one) for key, one in dry.planned_state.items()}
    assert after == before | planned
    assert (real.new, real.moved, real.moved_dependants, real.edited) == (
        dry.new, dry.moved, dry.moved_dependants, dry.edited,
    )  # fmt: skip
    assert (real.fields, real.reopened, [one.key for one in real.restated]) == (
        dry.fields, dry.reopened, [one.key for one in dry.restated],
    )  # fmt: skip


@pytest.fixture
def before_it_is_stored(monkeypatch):
    """Let somebody act when a load has been computed and nothing is stored yet."""

    def let(act):
        store_named = FileLoad.store_named

        def later(self, *values):
            monkeypatch.undo()
            act()
            store_named(self, *values)

        monkeypatch.setattr(FileLoad, "store_named", later)

    return let


def test_of_what_somebody_moves_in_between_neither_a_key_nor_a_reference_is_overwritten(store, before_it_is_stored):
    load(store, entry("moved"), entry("reference"), entry("b", "2025-11-10"), entry("c", "P1D after b"))
    file = [entry("moved", "2025-11-20"), entry("b", "P1D after reference"), entry("new", "P2D after reference")]

    def somebody():
        move(store, "moved", "2025-12-24")
        move(store, "reference", "2025-12-10")

    before_it_is_stored(somebody)
    report = load(store, *file, now=LATER)
    assert [one.key for one in report.conflicts] == ["moved"]
    assert tracked(store, "moved").commitment.deadline == "2025-12-24"
    found = [tracked(store, key).bounds.latest for key in ("b", "new", "c")]
    assert found == [at("2025-12-12"), at("2025-12-13"), at("2025-12-13")]
    assert (report.new, [one.key for one in report.moved], [one.key for one in report.moved_dependants]) == (
        ["new"], ["b"], ["c"],
    )  # fmt: skip
    assert [history(store, key) for key in ("b", "c")] == [["recorded", "moved"]] * 2


def test_what_comes_to_depend_on_something_in_between_follows_it(store, before_it_is_stored):
    load(store, entry("a"), entry("b", "P1D after a"))
    before_it_is_stored(lambda: load(store, entry("n", "P1D after b")))
    report = load(store, entry("a", "2025-12-10"), now=LATER)
    assert [one.key for one in report.moved_dependants] == ["b", "n"]
    assert tracked(store, "n").bounds.latest == at("2025-12-13")


def test_what_is_closed_in_between_is_left_closed(store, before_it_is_stored):
    load(store, entry("a"), entry("b", "P1D after a"))
    before_it_is_stored(lambda: close(store, "b"))
    load(store, entry("a", "2025-12-10"), now=LATER)
    assert (history(store, "b"), tracked(store, "b").bounds.latest) == (["recorded", "closed"], at("2025-11-12"))


def test_what_somebody_records_in_between_is_not_recorded_twice(store, before_it_is_stored):
    before_it_is_stored(lambda: load(store, entry("a")))
    report = load(store, entry("a"), entry("b", "P1D after a"), now=LATER)
    assert (report.new, history(store, "a")) == (["b"], ["recorded"])


def test_a_party_that_moves_in_between_decides_the_zone(store, before_it_is_stored):
    load(store, parties=[party("cn", "Asia/Shanghai")])
    before_it_is_stored(lambda: load(store, parties=[party("cn", "America/New_York")]))
    load(store, entry(timezone=None, by=("cn",)), now=LATER)
    assert tracked(store).bounds.latest == at("2025-11-11T05:00")


def test_an_edit_between_the_two_reads_of_a_load_is_not_undone(store, monkeypatch):
    load(store, entry(title="Old", note="old"))
    take = file_load.take_snapshot

    def edit_first(*values, **more):
        monkeypatch.undo()
        acting.edit(store, "truce", lambda one: replace(one, title="By hand"), change(LATER))
        return take(*values, **more)

    monkeypatch.setattr(file_load, "take_snapshot", edit_first)
    load(store, entry(title="Old", note="new"), now=LATER)
    found = tracked(store).commitment
    assert (found.title, found.note) == ("By hand", "new")


@IN_CHUNKS
def test_an_interrupted_load_leaves_dependants_where_their_deadlines_say(store, any_chunks):
    """Each transaction moves what follows from it: none waits for a later one."""
    load(store, entry("a"), entry("z", "2026-02-01"), entry("c", "between a and z"))

    def stop(_done):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load(store, entry("a", "2025-12-10"), entry("z", "2026-03-01"), now=LATER, progress=stop)
    assert store.commitments.recompute(change(LATER)).moved == []


def test_an_undisturbed_load_resolves_each_deadline_once(store, monkeypatch):
    calls = []
    resolve = file_load.ChangeComputation.compute
    monkeypatch.setattr(
        file_load.ChangeComputation, "compute", lambda self, *values: calls.append(values) or resolve(self, *values)
    )
    load(store, *entries(600), entry("x", "P1D after c00000"))
    load(store, *entries(600, "2025-12-10"), entry("x", "P1D after c00000", title="New"), now=LATER)
    assert len(calls) == 4
