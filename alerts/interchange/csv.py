"""Commitments from a CSV file (RFC 4180) as spreadsheets write it, and CSV files that they can read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from alerts.core.commitments import Commitment
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import FIELDS, cells_of, defuse, join
from alerts.interchange.columns import Columns
from alerts.interchange.file_contents import File, Known
from alerts.interchange.table_rows import Row, Table
from alerts.interchange.whole_files import read_bytes

SEPARATORS = ",;\t"
LONGEST_CELL = 2**20  # characters
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def read(path: Path, *, known: Known, progress: Callable[[int], None], columns: Columns) -> File:
    """Read a table of commitments; see `alerts.interchange.gather`."""
    return Table(str(path), columns, known, progress).read(_rows(path, columns))


def _rows(path: Path, columns: Columns) -> Iterator[Row]:
    """Yield the rows with their numbers. Raises InputError if the file cannot be read to its end."""
    text = _decoded(path)
    separator = None
    if text[:4].lower() == "sep=" and text[5:6] in "\r\n":  # some spreadsheets write this line and hide it
        separator, text = text[4], text.partition("\n")[2]
    separator = separator or _separator(text, columns)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{path}:{number}: is not CSV: {_say(str(error))}") from None
        yield number, row


def _say(error: str) -> str:
    if "unexpected end of data" in error:
        return "the quote that is opened in this row is never closed"
    if "expected after" in error:
        return 'a quote within a cell must be doubled (""), and nothing may follow the closing one'
    if "field larger" in error:
        return f"a cell of more than {LONGEST_CELL:,} characters; is a quote never closed?"
    return error


def _decoded(path: Path) -> str:
    data = read_bytes(path)
    separator, encoding = next(
        ((separator, name) for separator, name in BOMS if data.startswith(separator)), (b"", "utf-8")
    )
    try:
        text = data[len(separator) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, len(separator) + error.start) + 1
        raise InputError(f"{path}:{line}: is not {encoding.upper()} text: save it as `CSV UTF-8`") from None
    if (found := text.find("\0")) >= 0:
        line = text.count("\n", 0, found) + 1
        raise InputError(f"{path}:{line}: holds the control character U+0000: save it as `CSV UTF-8`")
    return text


def _separator(text: str, columns: Columns) -> str:
    """Return the separator with which most headings are known, else the one that gives most cells."""

    def known(separator: str) -> tuple[int, int]:
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            cells = next((row for row in reader if any(cell.strip() for cell in row)), [])
        except csv.Error:
            return 0, 0
        return sum(1 for cell in cells if columns.field_of(cell)), len(cells)

    return max(SEPARATORS, key=known)


def write(commitments: Iterable[Commitment]) -> str:
    """Write a table with a column for each field, and the byte order mark that Excel needs to recognize UTF-8.

    A cell that a spreadsheet would take for a formula gets a leading apostrophe, which reading removes.
    """
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    for commitment in commitments:
        cells = cells_of(commitment)
        texts = [cells.get(name, "") for name in FIELDS]
        writer.writerow([defuse(text if isinstance(text, str) else join(text)) for text in texts])
    return out.getvalue()
