"""A copy of a table as a workbook in which the cells with problems are marked, each with a comment that says why."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from alerts.deadlines.errors import InputError
from alerts.interchange.cells import defuse
from alerts.interchange.tables.columns import Columns, TableLayout
from alerts.interchange.whole_files import read_bytes

FILL = PatternFill("solid", fgColor="FFFFC7CE")  # the red with which spreadsheets mark bad cells
AUTHOR = "alerts"
COMMENT_SIZE = 360, 120  # pixels


def write_marked(table: Path, marks: Iterable[tuple[str, str]], target: Path, layout: TableLayout) -> int:
    """Write the copy; returns how many cells are marked. `marks` are cells (`B17`, `Sheet!B17`, or `17`) with texts.

    Raises InputError where it cannot be written. Pictures and charts are not copied.
    """
    workbook = _opened(table, layout)
    default = workbook[layout.sheets[0].sheet or workbook.worksheets[0].title]
    texts: dict[tuple[str, str], list[str]] = {}
    for place, text in marks:
        sheet, _, cell = place.rpartition("!")
        texts.setdefault((sheet or default.title, cell if not cell.isdigit() else f"A{cell}"), []).append(text)
    for (sheet, cell), lines in texts.items():
        marked = workbook[sheet][cell]
        marked.fill = FILL
        comment = Comment("\n".join(dict.fromkeys(lines)), AUTHOR)
        comment.width, comment.height = COMMENT_SIZE
        marked.comment = comment
    try:
        with target.open("xb") as file:
            workbook.save(file)
    except FileExistsError:
        raise InputError(f"{target}: already exists: name another file, or remove it") from None
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    return len(texts)


def _opened(table: Path, layout: TableLayout) -> Any:
    """Return a table as a workbook that can be changed."""
    if table.suffix.lower() == ".xlsx":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of a workbook other than its cells
            return openpyxl.load_workbook(io.BytesIO(read_bytes(table)))
    from alerts.interchange.tables import csv

    workbook = openpyxl.Workbook()
    for number, row in csv.rows(table, layout.sheets[0] if layout.sheets else Columns(), layout.encoding, []):
        for place, cell in enumerate(row, 1):
            if cell not in (None, ""):
                workbook.worksheets[0].cell(number, place, defuse(str(cell)))
    return workbook
