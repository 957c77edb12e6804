"""What a stream shows: a terminal, its width and its styles, as the environment states them."""

from __future__ import annotations

import io
import os
import pty

import pytest

from alerts.cli.terminal import CODES, Style, Terminal, printable


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "stream", "red", "bold"),
    [
        ({}, Screen(), "\x1b[31mlate\x1b[0m", "\x1b[1mlate\x1b[0m"),
        ({}, io.StringIO(), "late", "late"),
        ({"FORCE_COLOR": "1"}, io.StringIO(), "\x1b[31mlate\x1b[0m", "\x1b[1mlate\x1b[0m"),
        ({"FORCE_COLOR": ""}, Screen(), "late", "late"),
        ({"NO_COLOR": "1"}, Screen(), "late", "\x1b[1mlate\x1b[0m"),
        ({"NO_COLOR": ""}, Screen(), "\x1b[31mlate\x1b[0m", "\x1b[1mlate\x1b[0m"),
        ({"TERM": "dumb"}, Screen(), "late", "late"),
        ({"TERM": "xterm"}, Screen(), "\x1b[31mlate\x1b[0m", "\x1b[1mlate\x1b[0m"),
    ],
)
def test_styles_are_shown_where_a_terminal_has_them(
    environment: dict[str, str], stream: io.StringIO, red: str, bold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = Terminal(stream)
    assert (out.styled("late", "red"), out.styled("late", "bold")) == (red, bold)


@pytest.mark.parametrize("style", ["", *CODES])
def test_no_style_changes_the_text(style: Style) -> None:
    shown = Terminal(has_styles=True).styled("late", style)
    assert shown.removeprefix(f"\x1b[{CODES.get(style)}m").removesuffix("\x1b[0m") == "late"
    assert Terminal(has_styles=True).styled("", style) == ""


def test_the_width_is_that_of_the_terminal_unless_it_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "w") as stream:
        assert Terminal(stream).width == 80  # a terminal that states no size
    assert Terminal(io.StringIO()).width == 80
    monkeypatch.setenv("COLUMNS", "132")
    assert Terminal(io.StringIO()).width == 132
    monkeypatch.setenv("COLUMNS", "wide")
    assert Terminal(io.StringIO()).width == 80
    assert Terminal(width=40).width == 40


def test_what_is_printed_moves_no_cursor_and_keeps_its_lines() -> None:
    stream = Screen()
    Terminal(stream, has_styles=True).print("one\x1b[2J\rtwo\nthree", "dim")
    assert stream.getvalue() == "\x1b[2mone [2J two\x1b[0m\n\x1b[2mthree\x1b[0m\n"
    assert printable("a\u202eb\tc") == "a b c"
