"""A standard stream as what is printed sees it: whether a person reads it, how wide it is, and its styles.

`printed_lines` composes the lines. A Console of rich would do no more, and a command would take longer to start.
"""

from __future__ import annotations

import os
import sys
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TextIO

USUAL_WIDTH = 80  # columns, where a terminal does not say
Style = Literal["", "bold", "dim", "red", "yellow", "cyan"]
CODES: dict[Style, int] = {"bold": 1, "dim": 2, "red": 31, "yellow": 33, "cyan": 36}  # ECMA-48, 8.3.117
WITHOUT_STYLES = ("dumb", "unknown")  # terminals
NOT_PRINTED = dict.fromkeys((*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " ")


def printable(text: str) -> str:
    """Return a text without what would move the cursor or turn the direction of the line."""
    return text if text.isprintable() else text.translate(NOT_PRINTED)


class Terminal:
    """Standard output, standard error, or another stream; with a width and styles of its own where they are given."""

    def __init__(
        self,
        file: TextIO | None = None,
        *,
        stderr: bool = False,
        width: int | None = None,
        is_terminal: bool | None = None,
        has_styles: bool | None = None,
    ) -> None:
        self._file, self._stderr, self._width = file, stderr, width
        self._is_terminal, self._has_styles = is_terminal, has_styles

    @property
    def file(self) -> TextIO:
        """Return the stream that is written to."""
        return self._file or (sys.stderr if self._stderr else sys.stdout) or _nowhere()

    @cached_property
    def is_terminal(self) -> bool:
        """Return whether a person reads it. FORCE_COLOR says that one does (https://force-color.org)."""
        if self._is_terminal is not None:
            return self._is_terminal
        return bool(os.environ["FORCE_COLOR"]) if "FORCE_COLOR" in os.environ else self.file.isatty()

    @cached_property
    def has_styles(self) -> bool:
        """Return whether it shows bold and dim text."""
        if self._has_styles is not None:
            return self._has_styles
        return self.is_terminal and os.environ.get("TERM", "").lower() not in WITHOUT_STYLES

    @cached_property
    def has_colors(self) -> bool:
        """Return whether it shows colors. NO_COLOR says that it must not (https://no-color.org)."""
        return self.has_styles and not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int:
        """Return how many columns it has. COLUMNS states them."""
        if self._width:
            return self._width
        stated = os.environ.get("COLUMNS", "")
        if stated.isdigit() and int(stated):
            return int(stated)
        try:
            return os.get_terminal_size(self.file.fileno()).columns or USUAL_WIDTH
        except (OSError, ValueError):
            return USUAL_WIDTH

    def styled(self, text: str, style: Style) -> str:
        """Return a text in a style, where it is shown."""
        is_shown = self.has_styles if style in ("bold", "dim") else self.has_colors
        return f"\x1b[{CODES[style]}m{text}\x1b[0m" if text and style and is_shown else text

    def print(self, text: str, style: Style = "") -> None:
        """Write a text and the end of its line. It is not wrapped, so that what is copied is whole."""
        self.file.write("\n".join(self.styled(printable(line), style) for line in text.split("\n")) + "\n")


@cache
def _nowhere() -> TextIO:
    """Return what takes the place of a standard stream that was closed when the program started."""
    return Path(os.devnull).open("w", encoding="utf-8")
