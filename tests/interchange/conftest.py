"""A folder in which files stand by their short names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from alerts.deadlines.errors import InputError
from alerts.interchange import gather
from alerts.interchange.file_contents import refuse
from alerts.interchange.tables.columns import TableLayout
from alerts.interchange.tables.columns_file import read_columns

Write = Callable[..., Path]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def csv(here: Path) -> Write:
    """Write a CSV file of rows of text as they stand, in an encoding."""

    def write(*rows: str, encoding: str = "utf-8", end: str = "\r\n") -> Path:
        path = Path("x.csv")
        path.write_bytes("".join(row + end for row in rows).encode(encoding))
        return path

    return write


@pytest.fixture
def xlsx(here: Path) -> Write:
    """Write a workbook of one sheet of values."""

    def write(*rows: list[Any], **formats: str) -> Path:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        for row in rows:
            sheet.append(row)
        for cell, number_format in formats.items():
            sheet[cell].number_format = number_format
        path = Path("x.xlsx")
        book.save(path)
        return path

    return write


@pytest.fixture
def columns(here: Path) -> Callable[[str], TableLayout]:
    def write(text: str) -> TableLayout:
        path = Path("map.yaml")
        path.write_text(text)
        return read_columns(path)

    return write


def wrong(path: Path, layout: TableLayout | None = None) -> list[str]:
    """The lines of all that is wrong with a file."""
    found = gather(path, parties={"us", "cn"}, sources={"brief"}, people={"desk"}, layout=layout)
    with pytest.raises(InputError) as caught:
        refuse(found.problems, unread=found.unread)
    return str(caught.value).splitlines()


def stated(path: Path, layout: TableLayout | None = None) -> list[Any]:
    """The commitments of a file in which nothing is wrong."""
    found = gather(path, parties={"us", "cn"}, sources={"brief"}, people={"desk"}, layout=layout)
    refuse(found.problems, unread=found.unread)
    return [entry.commitment for entry in found.entries]
