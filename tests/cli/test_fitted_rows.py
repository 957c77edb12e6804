"""Rows of a listing at every width: nothing is cut, and columns are aligned."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.terminal import Terminal

HEADINGS = ("at (UTC)", "commitment", "alert", "rule", "channels")
ROWS = [
    Row(("Tue 1 Dec 2026 09:00", "reports 2026-12-31", "30 days before", "truce-desk", "desk-mail, policy-chat")),
    Row(("within a minute", "租约", "153 days overdue", "owners-of-everything-that-is-due", "desk-mail"), "red"),
    Row(("Mon 30 Nov 2026 08:00", "–", "summary", "mondays [all]", "desk-mail-of-the-policy-team")),
]


def printed(width: int, *, terminal: bool = True) -> list[str]:
    out = Terminal(io.StringIO(), is_terminal=terminal, has_styles=False, width=width)
    print_rows(out, ROWS, HEADINGS, heads=3)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 120, 160])
def test_no_line_is_too_long_and_no_text_is_lost(width: int) -> None:
    lines = printed(width)
    assert max(map(cell_len, lines)) <= width
    found = "".join("".join(lines).split())
    for row in ROWS:
        assert all("".join(cell.split()) in found for cell in row.cells)


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_a_name_is_never_broken_where_there_is_room_for_it(width: int) -> None:
    text = "\n".join(printed(width))
    names = [name for row in ROWS for cell in row.cells for name in cell.split()]
    assert all(name in text for name in names)


def test_columns_are_aligned_where_they_fit_and_in_a_pipe() -> None:
    for lines in (printed(160), printed(20, terminal=False)):
        assert len(lines) == 1 + len(ROWS)
        starts = {
            cell_len(line[: line.index(cell)]) for line, cell in zip(lines[1:], ("truce", "owners", "mon"), strict=True)
        }
        assert starts == {cell_len(lines[0][: lines[0].index("rule")])}


def test_where_columns_do_not_fit_the_first_cells_come_first() -> None:
    assert printed(60)[:4] == [
        "at (UTC)  commitment  alert",
        "    rule · channels",
        "Tue 1 Dec 2026 09:00  reports 2026-12-31  30 days before",
        "    truce-desk · desk-mail, policy-chat",
    ]


def test_a_long_last_cell_wraps_below_itself() -> None:
    out = Terminal(io.StringIO(), is_terminal=True, has_styles=False, width=40)
    print_rows(out, [Row(("a", "b", "one two three four five six seven eight nine ten"))], indent="  ")
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue().splitlines() == [
        "  a  b  one two three four five six",
        "        seven eight nine ten",
    ]
