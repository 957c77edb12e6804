"""Change sets computed from values alone: the order, what follows from what, and what is wrong."""

from dataclasses import replace

from alerts.core.change_computation import ChangeComputation
from alerts.core.change_set import Snapshot
from alerts.core.deadline_resolver import DeadlineResolver, needs_of
from alerts.core.tracked import Tracked
from tests.factories import NOW, at, change, commitment, entry

LATER = at("2025-10-29T09:00")
RESOLVER = DeadlineResolver({}, "UTC")


def stored(*deadlines: tuple[str, str]) -> dict[str, Tracked]:
    """Commitments as they stand, each after what it depends on."""
    found: dict[str, Tracked] = {}
    for number, (key, deadline) in enumerate(deadlines, 1):
        one = commitment(key, deadline)
        bounds = RESOLVER.bounds(one, {other: tracked.bounds for other, tracked in found.items()})
        found[key] = Tracked(id=number, commitment=one, bounds=bounds, bounds_version=1, recorded_at=NOW)
    return found


def stamp_of(one: Tracked):
    return one.revision, one.bounds.fingerprint, one.bounds.earliest, one.bounds.latest


def computation(tracked: dict[str, Tracked], *file):
    """A computation of a file, and what is tracked of its entries."""
    wanted = {one.commitment.key: one for one in file}
    snapshot = Snapshot(
        dependants={key: one for key, one in tracked.items() if key not in wanted and needs_of(one.commitment)},
        bounds={key: one.bounds for key, one in tracked.items()},
        stamps={key: stamp_of(one) for key, one in tracked.items()},
        dependencies={
            key: tuple(sorted(needs_of(one.commitment))) for key, one in tracked.items() if needs_of(one.commitment)
        },
        resolver=RESOLVER,
        keys=tuple(tracked),
    )
    here = {key: (one, stamp_of(one)) for key, one in tracked.items() if key in wanted}
    return ChangeComputation(wanted, snapshot, change(LATER)), here


CHAIN = stored(
    ("a", "2025-11-10"), ("z", "2025-11-20"), ("b", "P1D after a"), ("c", "between a and z"), ("d", "P1D after c"),
)  # fmt: skip


def test_what_follows_from_two_moves_moves_once_and_names_the_first():
    found, here = computation(CHAIN, entry("z", "2025-12-20"), entry("a", "2025-12-10"))
    change_set = found.compute(found.order, here)
    assert [one.key for one in change_set.moved] == ["a", "z"]
    causes = {one.key: one.revision.cause for one in change_set.following}
    assert causes == {"b": "a", "c": "a", "d": "a"}
    assert [one.after.bounds_version for one in change_set.following] == [2, 2, 2]
    assert found.problems == []


def test_what_also_depends_on_a_later_change_set_follows_again_in_that():
    found, here = computation(CHAIN, entry("a", "2025-12-10"), entry("z", "2025-12-20"))
    first = found.compute(["a"], here, pending={"z"})
    assert [one.key for one in first.following] == ["b"]  # `c` would end before it begins
    assert [one.key for one in found.problems] == ["c"]
    second = found.compute(["z"], here)
    assert [one.key for one in second.following] == ["c", "d"]
    assert found.problems == []


def test_what_a_change_set_leaves_is_what_the_next_one_reads():
    found, here = computation(CHAIN, entry("a", "2025-12-10"), entry("z", "2025-12-20"), entry("n", "P1D after a"))
    first = found.compute(["a"], here, pending={"z", "n"})
    second = found.compute(["n"], here, pending={"z"})
    assert (first.read["a"], second.read["a"]) == (stamp_of(CHAIN["a"]), stamp_of(first.moved[0].after))
    assert (second.read["n"], [one.entry.commitment.key for one in second.new]) == (None, ["n"])


def test_all_that_depends_on_what_moves_is_expected_to():
    found, here = computation(CHAIN, entry("a", "2025-12-01"), entry("b", "2025-11-11"))
    change_set = found.compute(["a"], here, pending={"b"})
    assert change_set.followers == {"b", "c"}  # `b` still does as it is stored


def test_a_file_that_states_what_is_stored_changes_nothing():
    found, here = computation(CHAIN, entry("a"), entry("b", "P1D after a"))
    change_set = found.compute(found.order, here)
    assert (change_set.moved, change_set.following, change_set.new) == ((), (), ())
    assert [(one.fields, one.revision, one.refresh) for one in change_set.edited] == [((), None, False)] * 2


def test_bounds_that_begin_at_another_instant_than_stored_are_refreshed():
    found, here = computation(CHAIN, entry("a"))
    tracked, stamp = here["a"]
    shifted = (stamp[0], stamp[1], at("2025-11-10T05:00"), stamp[3])
    (one,) = found.compute(found.order, {"a": (tracked, shifted)}).edited
    assert (one.refresh, one.revision) == (True, None)


def test_what_is_closed_keeps_its_bounds_and_what_is_stated_open_is_reopened_first():
    closed = {"a": replace(CHAIN["a"], commitment=replace(CHAIN["a"].commitment, status="fulfilled"))}
    still = entry("a", "2025-12-10")
    found, here = computation(closed, replace(still, commitment=replace(still.commitment, status="fulfilled")))
    (kept,) = found.compute(found.order, here).edited
    assert (kept.after.bounds, kept.fields) == (CHAIN["a"].bounds, ("deadline",))
    found, here = computation(closed, still)
    change_set = found.compute(found.order, here)
    numbers = [one.revision.number for one in (*change_set.reopened, *change_set.moved)]
    assert (numbers, change_set.moved[0].after.bounds_version, change_set.moved[0].after.open) == ([2, 3], 3, True)


def test_what_depends_on_a_problem_is_no_further_problem():
    file = [entry("x", "P1D after nothing"), entry("y", "P1D after x"), entry("w", "P1D after w")]
    found, here = computation(CHAIN, *file, entry("a", "2025-12-10"))
    found.compute(found.order, here)
    assert [(one.key, one.message.split(": ")[1]) for one in found.problems] == [
        ("x", "deadline depends on 'nothing', which is not tracked; known"),
        ("w", "deadlines depend on each other in a circle"),
        ("c", "deadline `between a and z`"),
    ]
