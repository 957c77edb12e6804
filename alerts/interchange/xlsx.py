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
from openpyxl.styles.numbers import is_datetime

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.columns import Columns
from alerts.interchange.file_contents import File, Known
from alerts.interchange.table_rows import Cell, Row, Table
from alerts.interchange.whole_files import read_bytes

UNPACKED = 512 * 2**20  # bytes: the limit for an unpacked workbook


def read(path: Path, *, known: Known, progress: Callable[[int], None], columns: Columns) -> File:
    """Read the first sheet, or the one that `columns` names; see `alerts.interchange.gather`."""
    return Table(str(path), columns, known, progress).read(_rows(path, columns.sheet))


def _rows(path: Path, sheet: str | None) -> Iterator[Row]:
    """Yield the rows with their numbers. Raises InputError if the file cannot be read to its end."""
    data = read_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise InputError(f"{path}: unfolds to more than {UNPACKED // 2**20} MB: split it into several files")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of a workbook other than its cells
            cached, written = (
                _sheet(openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=only), path, sheet)
                for only in (True, False)
            )
            for number, (values, formulas) in enumerate(zip_longest(cached.iter_rows(), written.iter_rows()), 1):
                yield number, [_value(path, number, *pair) for pair in zip_longest(values or (), formulas or ())]
    except InputError:
        raise
    except zipfile.BadZipFile:
        raise InputError(f"{path}: is not an .xlsx workbook, or one with a password: save it anew as .xlsx") from None
    except Exception as error:  # a damaged workbook can raise anything
        raise InputError(f"{path}: is damaged ({type(error).__name__}): open it and save it anew as .xlsx") from error


def _sheet(workbook: Any, path: Path, name: str | None) -> Any:
    names = [sheet.title for sheet in workbook.worksheets]
    if not names:
        raise InputError(f"{path}: has no sheet with cells")
    if name is not None and name not in names:
        raise InputError(f'{path}: has no sheet "{name}"{did_you_mean(name, names)}')
    sheet = workbook[name or names[0]]
    sheet.reset_dimensions()  # some programs write wrong dimensions
    return sheet


def _value(path: Path, number: int, cached: Any, written: Any) -> Cell:
    """Return the value of a cell as it is shown; for a formula, its last calculated value."""
    value: Cell = getattr(cached, "value", None)
    if value is None and getattr(written, "data_type", None) == "f":
        raise InputError(
            f"{path}:{number}: column {written.column_letter} has a formula that was never worked out: "
            "open the file in a spreadsheet program and save it"
        )
    if getattr(cached, "data_type", None) == "e":
        raise InputError(f"{path}:{number}: column {cached.column_letter} has the error {value}: put it right")
    if isinstance(value, datetime) and is_datetime(cached.number_format.lower()) == "date":
        return value.date()
    return value
