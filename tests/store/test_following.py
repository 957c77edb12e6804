"""What hangs on other deadlines: it follows whatever the chunks, a dry run foretells it, what is closed stays put."""

import pytest
from sqlalchemy import func, select

from alerts.deadlines.errors import InputError
from alerts.store import tables
from tests.factories import at, change, close, entries, entry, load, move, party, tracked
from tests.store.conftest import IN_CHUNKS

LATER = at("2025-10-29T09:00")


def stands(store) -> dict[str, object]:
    """Where all that is tracked stands."""
    return {one.commitment.key: one.bounds.latest for one in store.ledger.tracked()}


def is_settled(store) -> bool:
    """Whether all that is open stands where its deadline says, as of now."""
    report = store.commitments.recompute(change(LATER))
    return not report.moved and not report.moved_dependants


def revisions(store) -> int:
    with store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(tables.revisions))


A, B = entry("a"), entry("b", "P1D after a")
MOVED = entry("a", "2025-12-10")
FOLLOWING = {
    "alone": ([A, B], [MOVED]),
    "with the file": ([A, B], [B, MOVED]),
    "at two removes": ([A, B, entry("c", "P1D after b")], [MOVED]),
    "through one that the file left as it was": (
        [A, B, entry("c", "P1D after b")],
        [MOVED, B, entry("c", "P1D after b", title="New")],
    ),
    "onto one that only follows": (
        [A, B, entry("c", "2025-11-20")],
        [MOVED, B, entry("c", "between 2025-12-01 and b")],
    ),
    "a new one onto one that only follows": ([A, B], [MOVED, entry("c", "P1D after b")]),
    "between two that move": (
        [entry("a", "2025-01-01"), entry("z", "2025-02-01"), entry("c", "between a and z")],
        [entry("a", "2026-01-01"), entry("z", "2026-02-01")],
    ),
    "between two that move back": (
        [entry("z", "2026-02-01"), entry("a", "2026-01-01"), entry("c", "between a and z"), entry("d", "P1D after c")],
        [entry("z", "2025-02-01"), entry("a", "2025-01-01")],
    ),
}


@IN_CHUNKS
@pytest.mark.parametrize(("stored", "file"), FOLLOWING.values(), ids=FOLLOWING)
def test_what_hangs_on_others_stands_where_it_would_had_all_been_loaded_at_once(store, any_chunks, stored, file):
    load(store, *stored)
    load(store, *file, now=LATER)
    assert is_settled(store)
    followed = stands(store)
    for one in store.ledger.tracked():
        assert one.bounds_version <= 3
    fresh = {each.commitment.key: each for each in (*stored, *file)}
    with store.database.write() as connection:
        connection.execute(tables.commitments.delete())
    load(store, *fresh.values())
    assert stands(store) == followed


@IN_CHUNKS
@pytest.mark.parametrize(("stored", "file"), FOLLOWING.values(), ids=FOLLOWING)
def test_a_dry_run_foretells_all_that_the_load_then_does(store, any_chunks, stored, file):
    load(store, *stored)
    before, revised = stands(store), revisions(store)
    dry = load(store, *file, now=LATER, dry_run=True)
    assert (stands(store), revisions(store)) == (before, revised)
    real = load(store, *file, now=LATER)
    assert (dry.new, dry.edited, dry.unchanged) == (real.new, real.edited, real.unchanged)
    assert [(one.key, one.before, one.after) for one in dry.moved] == [
        (one.key, one.before, one.after) for one in real.moved
    ]
    assert [(one.key, one.after) for one in dry.moved_dependants] == [
        (one.key, one.after) for one in real.moved_dependants
    ]


def test_a_dry_run_says_what_would_follow(store):
    load(store, A, B)
    (one,) = load(store, MOVED, now=LATER, dry_run=True).moved_dependants
    assert (one.key, one.before.latest, one.after.latest) == ("b", at("2025-11-12"), at("2025-12-12"))


def test_a_dry_run_knows_what_an_earlier_chunk_would_have_stored(store):
    report = load(store, *entries(600), entry("x", "P1D after c00000"), dry_run=True)
    assert len(report.new) == 601
    assert stands(store) == {}


def test_a_party_that_would_move_to_another_zone_is_foretold_too(store):
    stated = entry(timezone=None, by=("cn",))
    load(store, stated, B, A, parties=[party("cn", "Asia/Shanghai")])
    report = load(store, stated, parties=[party("cn", "America/New_York")], now=LATER, dry_run=True)
    assert [(one.key, one.after.latest) for one in report.moved] == [("truce", at("2025-11-11T05:00"))]
    assert store.ledger.parties()["cn"].timezone == "Asia/Shanghai"
    assert tracked(store).bounds.latest == at("2025-11-10T16:00")


@pytest.mark.parametrize("more", [[], [entry("new")]], ids=["in what is recomputed", "in what is loaded"])
def test_a_zone_whose_load_was_interrupted_is_applied_by_repeating_it(store, monkeypatch, more):
    stated = entry(timezone=None, by=("cn",))
    load(store, stated, parties=[party("cn", "Asia/Shanghai")])
    file = {"parties": [party("cn", "America/New_York")], "now": LATER}

    def stop(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("alerts.store.commitment_store.Commitments.recompute", stop)
        with pytest.raises(ZeroDivisionError):
            load(store, stated, *more, **file, **({"progress": stop} if more else {}))
    report = load(store, stated, *more, **file)
    assert [one.key for one in report.moved] == ["truce"]
    assert tracked(store).bounds.latest == at("2025-11-11T05:00")
    assert store.ledger.parties()["cn"].timezone == "America/New_York"
    assert load(store, stated, *more, **file).moved == []


def test_what_is_closed_does_not_hold_up_what_it_hung_on(store):
    load(store, entry("a"), entry("b", "between a and 2025-11-20"))
    close(store, "b")
    move(store, "a", "2025-12-10")
    assert tracked(store, "a").bounds.latest == at("2025-12-11")
    load(store, entry("a", "2025-12-10"), now=LATER)  # the file catches up
    load(store, entry("a", "2025-12-20"), now=LATER)
    assert tracked(store, "a").bounds.latest == at("2025-12-21")


def test_what_hangs_on_something_closed_stays_with_it(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("c", "P1D after b"))
    close(store, "b")
    assert move(store, "a", "2025-12-10").moved_dependants == []
    assert tracked(store, "c").bounds.latest == at("2025-11-13")
    assert is_settled(store)


def test_a_file_that_moves_what_is_closed_is_named_and_its_deadline_and_bounds_stay(store):
    load(store, entry())
    close(store, "truce")
    report = load(store, entry(deadline="2025-12-10"), now=LATER)
    found = tracked(store)
    assert (report.moved, report.edited, [one.key for one in report.restated]) == ([], [], ["truce"])
    assert (found.commitment.deadline, found.bounds.latest, found.bounds_version) == ("2025-11-10", at("2025-11-11"), 1)
    history = [(one.what, one.detail) for one in store.ledger.history(found.id)]
    assert history == [("recorded", None), ("closed", "fulfilled")]


@IN_CHUNKS
def test_what_hangs_on_something_closed_goes_by_the_bounds_that_it_keeps(store, any_chunks):
    load(store, entry("a"))
    close(store, "a")
    assert load(store, MOVED, B, now=LATER, dry_run=True).new == ["b"]
    load(store, MOVED, B, now=LATER)
    assert tracked(store, "b").bounds.latest == at("2025-11-12")
    assert is_settled(store)


@pytest.mark.parametrize(
    ("kept", "stated", "holds"), [("2025-12-10", "2025-11-01", 0), ("2025-11-01", "2025-12-10", 1)]
)
def test_what_hangs_on_something_closed_is_checked_by_the_bounds_that_it_keeps(store, kept, stated, holds):
    load(store, entry("a", kept))
    close(store, "a")
    file = [entry("a", stated), entry("b", "between a and 2025-11-20")]
    if holds:
        assert load(store, *file, now=LATER).new == ["b"]
    else:
        with pytest.raises(InputError, match=r"^seeds.yaml:b: .*ends before it begins"):
            load(store, *file, now=LATER)
        assert tracked(store, "a").commitment.deadline == kept
    assert is_settled(store)


def test_a_circle_is_said_at_the_place_of_one_that_is_in_it(store):
    """`summit` is the end of another key, and in no circle."""
    with pytest.raises(InputError, match=r"^seeds.yaml:(busan-summit|x): .*circle"):
        load(store, entry("summit"), entry("busan-summit", "P1D after x"), entry("x", "P1D after busan-summit"))
