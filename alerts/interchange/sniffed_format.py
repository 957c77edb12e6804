"""Which kind of file an upload is, by its content: what it is called counts for nothing."""

from __future__ import annotations

import io
import re
import zipfile

from alerts.deadlines.errors import InputError

HEAD = 4096  # bytes that are looked at
TOP_KEY = re.compile(rb"(?m)^(?:people|parties|sources|commitments)\s*:")
NOT_READ = (
    (b"%PDF", "is a PDF: save the table as .xlsx or CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old .xls workbook, or one with a password: save it as .xlsx without a password"),
    (b"{\\rtf", "is a text document: save the table as .xlsx or CSV"),
)


def suffix_of(content: bytes) -> str:
    """Return the suffix of files of this kind, such as `.xlsx`. Raises InputError for what cannot be read."""
    head = content[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        raise InputError("is empty: choose a file with a register")
    for mark, why in NOT_READ:
        if head.startswith(mark):
            raise InputError(why)
    if head.startswith(b"PK"):
        _require_workbook(content)
        return ".xlsx"
    if head[:15].upper() == b"BEGIN:VCALENDAR":
        return ".ics"
    if head.startswith(b"{"):
        return ".json"
    return ".yaml" if TOP_KEY.search(content) else ".csv"


def _require_workbook(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
    except zipfile.BadZipFile:
        raise InputError("is damaged: open it and save it again as .xlsx") from None
    if "xl/workbook.xml" not in names:
        raise InputError("is packed, and no .xlsx workbook: save the table as .xlsx or CSV")
