"""Rows of a listing: aligned in columns where the terminal is wide enough, else each on lines of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.cli.printed_lines import GAP, packed, padded, print_lines, width_of, wrapped
from alerts.cli.terminal import Style, Terminal, printable
from alerts.deadlines.values import frozen

HANGING = "    "
LAST_COLUMN = 30  # columns: the last cell may wrap within this width


@frozen
class Row:
    """A row of a listing, and how it is shown."""

    cells: tuple[str, ...]
    style: Style = ""


def print_rows(
    out: Terminal, rows: Sequence[Row], headings: tuple[str, ...] = (), *, heads: int = 2, indent: str = ""
) -> None:
    """Print rows. No cell is cut: where the columns do not fit, `heads` cells come first and the others below them.

    What is piped has a line for each row.
    """
    table = [Row(tuple(map(printable, row.cells)), row.style) for row in rows]
    table = [Row(headings, "bold"), *table] if headings else table
    widths = [max(map(width_of, column)) for column in zip(*(row.cells for row in table), strict=True)]
    start = len(indent) + sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    if not out.is_terminal:
        print_lines(out, (_aligned(row.cells, widths, indent) for row in table))
    elif start + min(widths[-1], LAST_COLUMN) <= out.width:
        print_lines(out, (line for row in table for line in _in_columns(out, row, widths, indent, start)))
    else:
        print_lines(out, (line for row in table for line in _block(out, row, heads, indent)))


def _aligned(cells: Sequence[str], widths: Sequence[int], indent: str) -> str:
    return (indent + GAP.join(map(padded, cells, widths))).rstrip()


def _in_columns(out: Terminal, row: Row, widths: Sequence[int], indent: str, start: int) -> Iterator[str]:
    first, *others = wrapped(row.cells[-1], out.width - start)
    yield out.styled(_aligned((*row.cells[:-1], first), widths, indent), row.style)
    yield from (out.styled(" " * start + line, row.style) for line in others)


def _block(out: Terminal, row: Row, heads: int, indent: str) -> Iterator[str]:
    below = indent + HANGING
    lines = packed(row.cells[:heads], GAP, out.width, indent=indent, hanging=below)
    lines += packed(row.cells[heads:], " · ", out.width, indent=below, hanging=below)
    yield from (out.styled(line, row.style) for line in lines)
