"""Frozen values: they do what frozen data classes do, and mypy keeps them as they are."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from alerts.deadlines.values import frozen


@frozen(kw_only=True)
class Ours:
    """A value."""

    name: str
    tags: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict, compare=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """The same, as `dataclasses` makes it."""

    name: str
    tags: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict, compare=False)
    secret: str = field(default="", repr=False)


@frozen
class Empty:
    """A value without fields."""


@frozen
class Named(Empty):
    """A value that says itself what it is."""

    name: str

    def __repr__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return 7


@pytest.mark.parametrize(
    "other", [{"name": "a"}, {"name": "b"}, {"name": "a", "tags": ("x",)}, {"name": "a", "secret": "s"}]
)
def test_values_are_equal_where_those_of_data_classes_are(other: dict[str, Any]) -> None:
    assert (Ours(name="a") == Ours(**other)) is (Theirs(name="a") == Theirs(**other))
    assert (hash(Ours(name="a")) == hash(Ours(**other))) is (hash(Theirs(name="a")) == hash(Theirs(**other)))
    assert repr(Ours(**other)) == repr(Theirs(**other)).replace("Theirs", "Ours")


def test_what_does_not_count_is_not_compared() -> None:
    assert Ours(name="a", counts={"x": 1}) == Ours(name="a")
    assert Ours(name="a") != Theirs(name="a")
    assert Empty() == Empty() != Named("a")
    assert {Empty(): 1}[Empty()] == 1


def test_what_a_class_states_itself_stays() -> None:
    assert (repr(Named("x")), hash(Named("x"))) == ("x", 7)
    assert Named("x") == Named("x") != Named("y")


def test_a_value_has_its_fields_and_no_others() -> None:
    one = Ours(name="a")
    with pytest.raises(AttributeError):
        one.other = "b"  # type: ignore[attr-defined]
    assert replace(one, name="b") == Ours(name="b")
    assert [f.name for f in fields(one)] == list(asdict(one)) == ["name", "tags", "counts", "secret"]
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


def test_the_type_checker_takes_it_as_frozen() -> None:
    stated = vars(frozen)["__dataclass_transform__"]
    assert (stated | stated["kwargs"])["frozen_default"]  # Python 3.12 takes it out of what it does not know
