"""Commitments from a CSV file (RFC 4180) as spreadsheets write it, and CSV files that they can read."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from alerts.core.commitments import Commitment
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import FIELDS, cells_of, defuse, join
from alerts.interchange.file_contents import File, Known
from alerts.interchange.tables.columns import Columns, TableLayout, plain
from alerts.interchange.tables.table_rows import Row, read_sheets
from alerts.interchange.whole_files import read_bytes

SEPARATORS = ",;\t"
LONGEST_CELL = 2**20  # characters
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def read(path: Path, *, known: Known, progress: Callable[[int], None], layout: TableLayout) -> File:
    """Read a table of commitments; see `alerts.interchange.gather`."""
    if len(layout.sheets) > 1:
        raise InputError(f"{path}: is CSV and has one sheet, and --columns describes {len(layout.sheets)}")
    notes: list[str] = []
    return read_sheets(
        str(path),
        layout.sheets,
        lambda columns: rows(path, columns, layout.encoding, notes),
        known=known,
        progress=progress,
        notes=notes,
    )


def rows(path: Path, columns: Columns, encoding: str | None, notes: list[str]) -> Iterator[Row]:
    """Yield the rows with their numbers. Raises InputError if the file cannot be read to its end.

    A note is added where the encoding is an assumption.
    """
    text = _decoded(path, encoding, notes)
    separator = None
    if text[:4].lower() == "sep=" and text[5:6] in "\r\n":  # some spreadsheets write this line and hide it
        separator, text = text[4], text.partition("\n")[2]
    separator = separator or _separator(text, columns)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines_of(text), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{path}:{number}: is not CSV: {_explained(str(error))}") from None
        yield number, row


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines with their ends, one in memory at a time: `io.StringIO` would keep four octets a character."""
    return (found[0] for found in _LINE.finditer(text))


def _explained(error: str) -> str:
    if "unexpected end of data" in error:
        return "the quote that is opened in this row is never closed"
    if "expected after" in error:
        return 'a quote within a cell must be doubled (""), and nothing may follow the closing one'
    if "field larger" in error:
        return f"a cell of more than {LONGEST_CELL:,} characters; is a quote never closed?"
    return error


def _decoded(path: Path, encoding: str | None, notes: list[str]) -> str:
    data = read_bytes(path)
    mark, found = next(((mark, name) for mark, name in BOMS if data.startswith(mark)), (b"", encoding or "utf-8"))
    data = data[len(mark) :]
    try:
        text = data.decode(found)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if encoding or mark:
            raise InputError(f"{path}:{line}: is not {found.upper()} text: save it as `CSV UTF-8`") from None
        text = _in_windows_1252(path, data, line, notes)
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        raise InputError(f"{path}:{line}: holds the control character U+0000: save it as `CSV UTF-8`")
    return text


def _in_windows_1252(path: Path, data: bytes, line: int, notes: list[str]) -> str:
    """Return text that is not UTF-8 in the encoding in which western European spreadsheets write CSV."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise InputError(f"{path}:{line}: is not UTF-8 text: save it as `CSV UTF-8`") from None
    cell = next(re.finditer(r"[^,;\t\n]*[^\0-\x7f][^,;\t\n]*", text.split("\n")[line - 1]))[0].strip(' "\r')
    notes.append(
        f"line {line} is not UTF-8; read as Windows-1252 (`{cell[:40]}`): if that is wrong, state `encoding:` in the "
        "file of --columns, or save it as `CSV UTF-8`"
    )
    return text


def _separator(text: str, columns: Columns) -> str:
    """Return the separator with which most headings are known, else the one that gives most cells."""
    wanted = {plain(one) for one in columns.wanted()}

    def known(separator: str) -> tuple[int, int]:
        try:
            reader = csv.reader(lines_of(text), delimiter=separator)
            numbered = (row for number, row in enumerate(reader, 1) if not columns.is_skipped(number))
            cells = next((row for row in numbered if any(cell.strip() for cell in row)), [])
        except csv.Error:
            return 0, 0
        return sum(1 for cell in cells if plain(cell) in wanted), len(cells)

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
