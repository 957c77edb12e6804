"""Rows of a listing: aligned in columns where the terminal is wide enough, else each on lines of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP = "  "
HANGING = "    "
LAST_COLUMN = 30  # columns: the last cell may wrap within this width


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a listing, and how it is shown."""

    cells: tuple[str, ...]
    style: str = ""


def print_rows(
    out: Console, rows: Sequence[Row], headings: tuple[str, ...] = (), *, heads: int = 2, indent: str = ""
) -> None:
    """Print rows. No cell is cut: where the columns do not fit, `heads` cells come first and the others below them.

    What is piped has a line for each row.
    """
    table = [Row(headings, "bold"), *rows] if headings else rows
    widths = [max(map(cell_len, column)) for column in zip(*(row.cells for row in table), strict=True)]
    if not out.is_terminal:
        lines = [Text(_aligned(row, widths, indent), row.style) for row in table]
    elif len(indent) + sum(widths[:-1]) + len(GAP) * (len(widths) - 1) + min(widths[-1], LAST_COLUMN) <= out.width:
        start = len(indent) + sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
        lines = [line for row in table for line in _wrapped(out, _aligned(row, widths, indent), row.style, start)]
    else:
        lines = [line for row in table for line in _block(out, row, heads, indent)]
    for first in range(0, len(lines), 1000):  # one by one they take twice as long
        out.print(Text("\n").join(lines[first : first + 1000]), soft_wrap=True)


def _aligned(row: Row, widths: Sequence[int], indent: str) -> str:
    cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row.cells, widths, strict=True))
    return indent + GAP.join(cells).rstrip()


def _block(out: Console, row: Row, heads: int, indent: str) -> Iterator[Text]:
    head = GAP.join(filter(None, row.cells[:heads]))
    yield from _wrapped(out, indent + head, row.style, len(indent + HANGING))
    if rest := " · ".join(filter(None, row.cells[heads:])):
        yield from _wrapped(out, indent + HANGING + rest, row.style, len(indent + HANGING))


def _wrapped(out: Console, line: str, style: str, start: int) -> Iterator[Text]:
    """Yield a line of text in as many lines as it needs; all but the first begin at column `start`."""
    if cell_len(line) <= out.width:
        yield Text(line, style)
        return
    first = Text(line, style).wrap(out, out.width)[0]
    first.rstrip()
    yield first
    rest = line[len(first.plain) :].lstrip()
    for part in Text(rest, style).wrap(out, max(out.width - start, 10)) if rest else ():
        part.rstrip()
        yield Text(" " * start, style) + part
