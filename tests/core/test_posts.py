"""How posts are made to fit: the longest lines are cut first, then sections are left out, and always visibly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.core.posts import Line, Post, Run, Section, fit, octets, plain_sections, shortened, utf16


def write(section: Section) -> str:
    return "\n".join(line.text for line in section)


def section(*texts: str) -> Section:
    return tuple(Line((Run(text),)) for text in texts)


def post(*sections: Section) -> Post:
    return Post(title="Due", sections=sections, more="alerts show x")


def test_what_fits_stays_as_it_is() -> None:
    told = post(section("a", "b"), section("c"))
    assert told.fitted(write, section=100, whole=300) == ["a\nb", "c"]


def test_the_longest_line_is_cut_and_the_others_stay() -> None:
    said = fit(section("Due Monday", "x" * 1000, "Who: China"), write, len, 200, Run("alerts show x"))
    assert said.startswith("Due Monday\nxxx")
    assert said.endswith("x…\nWho: China\n… shortened: alerts show x")
    assert len(said) == 200


def test_where_lines_are_too_many_the_last_are_left_out() -> None:
    said = fit(section(*(f"line {number}" for number in range(100))), write, len, 100, Run("more"))
    assert said.startswith("line 0\nline 1\n")
    assert said.endswith("\n… shortened: more")
    assert len(said) <= 100


def test_large_sections_are_cut_before_any_is_left_out() -> None:
    told = post(section("a" * 5000), section("b" * 5000), section("small"), section("commands"))
    first, second, small, commands = told.fitted(write, section=3000, whole=2000)
    assert first.endswith("a…\n… shortened: alerts show x")
    assert second.endswith("b…\n… shortened: alerts show x")
    assert (small, commands) == ("small", "commands")
    assert 1900 < len(first + second + small + commands) <= 2000


def test_what_is_left_out_is_pointed_to_and_the_commands_stay() -> None:
    told = post(*(section(f"item {number}", "x" * 400) for number in range(100)), section("commands"))
    texts = told.fitted(write, section=3000, whole=6000, between=2)
    assert texts[0].startswith("item 0\n")
    assert texts[-2:] == ["… there is more than one message holds: alerts show x", "commands"]
    assert sum(len(text) + 2 for text in texts) <= 6000


@pytest.mark.parametrize("count", [1, 4, 5, 6, 20])
def test_no_more_sections_than_there_may_be(count: int) -> None:
    texts = post(*(section("x") for _ in range(count)), section("commands")).fitted(
        write, section=100, whole=1000, sections=5
    )
    assert len(texts) == min(count + 1, 5)
    assert ("more than one message" in texts[-2]) == (count > 4)
    assert texts[-1] == "commands"


def test_a_post_of_nothing_is_nothing() -> None:
    assert post().fitted(write, section=100, whole=1000) == []
    assert post((), ()).fitted(write, section=100, whole=1000) == []


sections = st.lists(st.lists(st.text(max_size=900), max_size=8).map(lambda texts: section(*texts)), max_size=12)


@given(sections, st.integers(300, 900), st.integers(1500, 5000), st.sampled_from([len, utf16, octets]))
def test_whatever_is_said_keeps_to_the_limits(parts: list[Section], most: int, whole: int, size) -> None:  # type: ignore[no-untyped-def]
    texts = post(*parts).fitted(write, size, section=most, whole=whole, sections=6, between=2)
    assert len(texts) <= 6
    assert all(size(text) <= most for text in texts)
    assert sum(size(text) + 2 for text in texts) <= whole


@given(st.text(max_size=400), st.integers(10, 100))
def test_a_title_is_cut_visibly_and_never_within_a_sign(text: str, limit: int) -> None:
    said = shortened(text, limit, write=lambda part: part.replace("&", "&amp;"))
    whole = " ".join(text.split()).replace("&", "&amp;")
    assert len(said) <= limit
    assert said == whole or (said.endswith("…") and whole.startswith(said[:-1]))
    assert "&" not in said.replace("&amp;", "")


def test_plain_text_is_read_with_its_labels() -> None:
    state, see, other = (
        line for part in plain_sections("State      dead\nSee        alerts list\n\nx y") for line in part
    )
    assert state.runs == (Run("State:", bold=True), Run(" "), Run("dead"))
    assert see.runs[-1] == Run("alerts list", code=True)
    assert other.runs == (Run("x y"),)
