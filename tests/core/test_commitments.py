"""What hangs on what, and whose zone counts."""

from __future__ import annotations

import random
from graphlib import TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.core.chosen_zones import choose_zone
from alerts.core.commitments import Commitment, Party
from alerts.core.dependency_order import DependencyCycleError, dependency_order
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice


@pytest.mark.parametrize(
    ("depends_on", "circle"),
    [
        ({"a": ["a"]}, "a → a"),
        ({"a": ["b"], "b": ["a"]}, "a → b → a"),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "b → c → b"),
        ({"x": [], "y": ["x", "z"], "z": ["x", "y"]}, "y → z → y"),
        ({"a": ["b", "c"], "b": ["d"], "c": ["a"], "d": []}, "a → c → a"),
    ],
)
def test_a_circle_is_an_error_that_names_it(depends_on: dict[str, list[str]], circle: str) -> None:
    with pytest.raises(InputError, match=f": {circle}; change one of them$"):
        dependency_order(depends_on)


def test_a_circle_of_a_thousand_is_found_without_a_deep_stack() -> None:
    with pytest.raises(InputError, match=r"k0 → k1 → .* → k999 → k0"):
        dependency_order({f"k{n}": [f"k{(n + 1) % 1000}"] for n in range(1000)})


def test_each_comes_after_those_that_it_hangs_on_and_strangers_are_left_out() -> None:
    assert dependency_order({"c": ["b", "stranger"], "b": ["a"], "a": []}) == ["a", "b", "c"]
    assert dependency_order({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []})[0::3] == ["a", "d"]
    assert dependency_order({}) == []


@pytest.mark.parametrize("seed", range(50))
def test_the_order_is_that_of_a_sorter_of_all(seed: int) -> None:
    pick = random.Random(seed)
    keys = [f"k{number}" for number in range(12)]
    needs = {key: pick.sample([*keys[:number], "stranger"], min(number, pick.choice([0, 0, 0, 1, 2])))
             for number, key in enumerate(keys)}  # fmt: skip
    pick.shuffle(keys)
    known = {key: [other for other in needs[key] if other != "stranger"] for key in keys}
    expected = list(TopologicalSorter(known).static_order())
    assert dependency_order({key: needs[key] for key in keys}) == expected
    assert dependency_order({key: needs[key] for key in keys if needs[key]}, dict.fromkeys(keys)) == expected


def test_a_chain_of_twenty_resolves_in_order() -> None:
    deadlines = {f"k{n}": f"P1D after k{n - 1}" for n in range(20, 0, -1)} | {"k0": "2025-11-10"}
    known: dict[str, Bounds] = {}
    for key in dependency_order({f"k{n}": [f"k{n - 1}"] if n else [] for n in range(20, -1, -1)}):
        known[key] = resolve(parse(deadlines[key]), ZoneChoice("UTC"), known)
    assert str(known["k20"].earliest) == "2025-11-30 00:00:00+00:00"


GRAPHS = st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefgh"), max_size=3), max_size=7)


def reached_from(key: str, depends_on: dict[str, list[str]]) -> set[str]:
    """Return all that a key depends on, by however many steps."""
    found: set[str] = set()
    todo = list(depends_on[key])
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += depends_on.get(other, [])
    return found


@settings(max_examples=150, deadline=None)
@given(GRAPHS)
def test_the_order_is_topological_and_a_circle_is_reported_exactly_where_there_is_one(
    depends_on: dict[str, list[str]],
) -> None:
    if any(key in reached_from(key, depends_on) for key in depends_on):
        with pytest.raises(DependencyCycleError) as caught:
            dependency_order(depends_on)
        circle = caught.value.keys
        assert circle[0] == circle[-1]
        assert all(other in depends_on[one] for one, other in pairwise(circle))
    else:
        order = dependency_order(depends_on)
        assert sorted(order) == sorted(depends_on)
        assert all(order.index(one) > order.index(o) for one in order for o in depends_on[one] if o in depends_on)


PARTIES = {
    "us": Party(key="us", name="United States", timezone="America/New_York"),
    "cn": Party(key="cn", name="China", timezone="Asia/Shanghai"),
    "eu": Party(key="eu", name="European Union"),
}


@pytest.mark.parametrize(
    ("by", "stated", "fallback", "zone", "assumed"),
    [
        (("cn",), "Asia/Seoul", "Europe/Brussels", "Asia/Seoul", None),
        (("cn",), None, "Europe/Brussels", "Asia/Shanghai", "China"),
        (("us", "cn"), None, "Europe/Brussels", "Europe/Brussels", "default"),
        (("eu",), None, "Europe/Brussels", "Europe/Brussels", "default"),
        (("us", "cn"), None, None, None, None),
        (("eu",), None, None, None, None),
        ((), None, None, None, None),
    ],
)
def test_the_zone_is_the_commitments_else_its_one_obligors_else_the_settings_else_unknown(
    by: tuple[str, ...], stated: str | None, fallback: str | None, zone: str | None, assumed: str | None
) -> None:
    promise = Commitment(key="k", title="A promise", deadline="2025-11-10", by=by, timezone=stated)
    found = choose_zone(promise, PARTIES, fallback)
    assert found.name == zone
    assert (assumed in found.assumed_from) if assumed and found.assumed_from else found.assumed_from is assumed
