"""What `list` prints: a table where the terminal is wide enough, else lines of its own for each commitment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.printed_lines import GAP, packed, print_columns, print_lines, width_of
from alerts.cli.terminal import Style, Terminal, printable
from alerts.views.listing import ListedCommitment

MOST = {"when": 30, "status": 26, "owner": 20}  # columns of a table: longer cells take several lines
LEAST_TITLE = 50  # columns for key and title together, else each commitment takes lines of its own
LEAST_KEY = 16
BOLD: tuple[Style, ...] = ("bold",)
PLAIN: tuple[Style, ...] = ("",)
STYLES: dict[str, Style] = {"overdue": "red", "due": "yellow"}


def print_commitments(out: Terminal, listed: Sequence[ListedCommitment], zone: str) -> None:
    """Print commitments. No text is cut. What is piped has a line for each."""
    owners = any(one.owner for one in listed)
    headings = ("key", "title", "when", "status", *(["owner"] * owners), f"next alert ({zone})")
    rows = [_cells(one, owners=owners) for one in listed]
    if not out.is_terminal:
        print_rows(out, [Row(cells) for cells in rows], headings)
    elif widths := _widths([headings, *rows], headings, out.width):
        styles = [(*PLAIN * 3, _style(one), *PLAIN * (1 + owners)) for one in listed]
        print_columns(out, [(headings, BOLD * len(headings)), *zip(rows, styles, strict=True)], widths, GAP)
    else:
        print_lines(out, (line for one in listed for line in _block(out, one, zone)))


def _widths(rows: Sequence[Sequence[str]], headings: Sequence[str], width: int) -> list[int]:
    """Return the widths of the columns; empty if the terminal is too narrow for a table."""
    columns = zip(headings, zip(*rows, strict=True), strict=True)
    key, title, *others = (min(max(map(width_of, cells)), MOST.get(name, width)) for name, cells in columns)
    room = width - sum(others) - len(GAP) * (len(headings) - 1)
    if room < min(LEAST_TITLE, key + title):
        return []
    key = min(key, max(LEAST_KEY, room // 3, room - title))
    return [key, min(title, room - key), *others]


def _block(out: Terminal, one: ListedCommitment, zone: str) -> Iterator[str]:
    for line in packed([printable(one.title)], "", out.width, indent="", hanging="    "):
        yield out.styled(line, "bold")
    for line in packed([one.when, one.status], " · ", out.width, indent="  ", hanging="    "):
        yield out.styled(line, _style(one))
    at = one.next_alert + f" {zone}" * one.next_alert[-1:].isdigit()
    yield from packed([one.key, one.owner, f"next alert {at}"], " · ", out.width, indent="  ", hanging="    ")


def _cells(one: ListedCommitment, *, owners: bool) -> tuple[str, ...]:
    """Return the cells of a row, without the owner where nobody has one."""
    return one.key, printable(one.title), one.when, one.status, *([one.owner] * owners), one.next_alert


def _style(one: ListedCommitment) -> Style:
    return STYLES.get(one.stage or "", "" if one.is_open else "dim")
