"""Lines of listings: no text is cut, and thousands are written at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from alerts.cli.terminal import Style, Terminal, printable

GAP = "  "
MANY = 1000  # lines that are written at once


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """Return a text with spaces up to a width."""
    return text + " " * (width - width_of(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of a width, broken at spaces, or within what is longer than a line."""
    if width_of(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer) <= width:
            line = longer
            continue
        lines += [line] if line else []
        *whole, line = _chopped(word, width) or [""]
        lines += whole
    return [*lines, line]


def _chopped(word: str, width: int) -> list[str]:
    from rich.cells import chop_cells

    return chop_cells(word, width)


def packed(parts: Iterable[str], gap: str, width: int, *, indent: str, hanging: str) -> list[str]:
    """Return parts in as few lines as they need. A part is broken only where it is longer than a line.

    `indent` begins the first line, `hanging` the others.
    """
    lines, line, is_empty = list[str](), indent, True
    room = max(width - len(hanging), 10)
    for part in filter(None, parts):
        longer = line + ("" if is_empty else gap) + part
        if width_of(longer) <= width:
            line, is_empty = longer, False
            continue
        if not is_empty:
            lines.append(line)
        start = line if is_empty else hanging
        for piece in wrapped(part, room):
            lines.append(start + piece)
            start = hanging
        line, is_empty = lines.pop(), False
    return lines if is_empty else [*lines, line]


def print_lines(out: Terminal, lines: Iterable[str]) -> None:
    """Write lines as they are."""
    rest = iter(lines)
    while some := list(islice(rest, MANY)):
        out.file.write("\n".join(some) + "\n")


def print_facts(out: Terminal, facts: Iterable[tuple[str, str]]) -> None:
    """Write each label with its text next to it; of several lines, and of what is too long, the rest below that."""
    known = [(label, printable_lines(text)) for label, text in facts if text]
    start = max((len(label) for label, _ in known), default=0) + len(GAP)
    room = max(out.width - start, 10) if out.is_terminal else None
    for label, lines in known:
        parts = [part for line in lines for part in (wrapped(line, room) if room else [line])]
        heads = [out.styled(padded(label, start), "dim"), *([" " * start] * (len(parts) - 1))]
        print_lines(out, (head + part for head, part in zip(heads, parts, strict=True)))


def printable_lines(text: str) -> list[str]:
    """Return the lines of a text, each of them printable."""
    return [printable(line) for line in text.splitlines()]


def print_columns(
    out: Terminal, rows: Iterable[tuple[Sequence[str], Sequence[Style]]], widths: Sequence[int], gap: str
) -> None:
    """Write rows in columns. Each has its cells and their styles. A first cell that is too long has its own line."""
    print_lines(out, (line for cells, styles in rows for line in _row(out, cells, styles, widths, gap)))


def _row(
    out: Terminal, cells: Sequence[str], styles: Sequence[Style], widths: Sequence[int], gap: str
) -> Iterator[str]:
    if width_of(cells[0]) > widths[0]:
        yield from (out.styled(line, styles[0]) for line in wrapped(cells[0], out.width))
        cells = ("", *cells[1:])
    columns = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, columns))):
        line, missing = "", 0
        for column, style, width in zip(columns, styles, widths, strict=True):
            cell = column[number] if number < len(column) else ""
            if cell:  # so that no line ends with spaces
                line += " " * missing + out.styled(cell, style)
                missing = 0
            missing += width - width_of(cell) + len(gap)
        yield line
