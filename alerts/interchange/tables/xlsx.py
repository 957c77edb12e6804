"""Commitments from an Excel workbook (ECMA-376)."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import openpyxl

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.file_contents import File, Known
from alerts.interchange.tables.cell_values import Cell, UnusableCell
from alerts.interchange.tables.columns import TableLayout
from alerts.interchange.tables.number_formats import shown_precision
from alerts.interchange.tables.table_rows import Row, read_sheets
from alerts.interchange.whole_files import read_bytes

UNPACKED = 512 * 2**20  # bytes: the limit for an unpacked workbook
MOST_NAMED = 30  # sheets
NEVER_CALCULATED = "has a formula that was never calculated: open the file in a spreadsheet program and save it"


def read(path: Path, *, known: Known, progress: Callable[[int], None], layout: TableLayout) -> File:
    """Read the first sheet, or those that `layout` names; see `alerts.interchange.gather`."""
    return read_sheets(str(path), layout.sheets, lambda one: rows(path, one.sheet), known=known, progress=progress)


def rows(path: Path, sheet: str | None) -> Iterator[Row]:
    """Yield the rows of a sheet with their numbers. Raises InputError if the file cannot be read to its end."""
    data = read_bytes(path)
    try:
        require_unpacked(str(path), data, UNPACKED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of a workbook other than its cells
            cached, written = (
                _sheet(openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=only), path, sheet)
                for only in (True, False)
            )
            for number, (values, formulas) in enumerate(zip_longest(cached.iter_rows(), written.iter_rows()), 1):
                yield number, [_value(*pair) for pair in zip_longest(values or (), formulas or ())]
    except InputError:
        raise
    except zipfile.BadZipFile:
        raise InputError(f"{path}: is not an .xlsx workbook, or one with a password: save it again as .xlsx") from None
    except Exception as error:  # a damaged workbook can raise anything
        raise InputError(f"{path}: is damaged ({type(error).__name__}): open it and save it again as .xlsx") from error


def require_unpacked(path: str, data: bytes, largest: int) -> None:
    """Raise InputError for a workbook that unfolds to more bytes. No part unfolds to more than it states."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(part.file_size for part in packed.infolist()) > largest:
            raise InputError(f"{path}: unfolds to more than {largest // 2**20} MB: split it into several files")


def sheet_names(path: Path) -> list[str]:
    """Return the names of the sheets with cells, in their order. Raises InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(io.BytesIO(read_bytes(path)), read_only=True)
            return [sheet.title for sheet in workbook.worksheets]
    except InputError:
        raise
    except Exception as error:  # a damaged workbook can raise anything
        raise InputError(f"{path}: is not a workbook that can be read ({type(error).__name__})") from error


def _sheet(workbook: Any, path: Path, name: str | None) -> Any:
    names = [sheet.title for sheet in workbook.worksheets]
    if not names:
        raise InputError(f"{path}: has no sheet with cells")
    if name is not None and name not in names:
        near = did_you_mean(name, names)
        more = "" if near else f"; it has {', '.join(names[:MOST_NAMED])}"
        raise InputError(f'{path}: has no sheet "{name}"{near}{more}')
    sheet = workbook[name or names[0]]
    sheet.reset_dimensions()  # some programs write wrong dimensions
    return sheet


def _value(cached: Any, written: Any) -> Cell:
    """Return the value of a cell as it is shown; for a formula, its last calculated value."""
    value: Cell = getattr(cached, "value", None)
    if value is None and getattr(written, "data_type", None) == "f":
        return UnusableCell(NEVER_CALCULATED)
    if getattr(cached, "data_type", None) == "e":
        return UnusableCell(f"has the error {value}: correct it")
    return _as_shown(value, cached.number_format) if isinstance(value, datetime) else value


def _as_shown(value: datetime, number_format: str) -> Cell:
    """Return a date with the precision that its cell shows; what is hidden is refused where it would decide."""
    match shown_precision(number_format):
        case "day":
            return value.date()
        case "month" if value.day == 1:
            return f"{value:%Y-%m}"
        case "year" if (value.month, value.day) == (1, 1):
            return f"{value:%Y}"
        case "month" | "year" as precision:
            whole = f"{value:%Y-%m}" if precision == "month" else f"{value:%Y}"
            return UnusableCell(
                f"shows only the {precision} {whole} and holds {value:%Y-%m-%d}: write {whole}, or format it as a date"
            )
        case "part":
            return UnusableCell(f"holds {value:%Y-%m-%d} and does not show its year: format the cell as a date")
    return value
