"""Uploads that take too much: each is refused within its limits, and the server goes on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alerts.web import timed_protocol
from alerts.web.intake import import_runner
from alerts.web.intake.import_values import ImportLimits
from tests.patience import cases
from tests.web.answering import Desk, opened
from tests.web.uploading import HEADINGS, opened_page, workbook

MIB = 2**20
LIMIT = "It takes more memory or time than an upload may"
CELLS = b"<row>" + b"<c/>" * 16_000 + b"</row>"


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    with opened(sqlite_url, tmp_path) as found:
        yield found


def with_sheet(sheet: bytes) -> bytes:
    """Return a workbook with another first sheet."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(("key", "title", "deadline"))), "r") as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return out.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(desk: Desk) -> None:
    found = opened_page(desk).upload(with_sheet(b"0" * (101 * MIB)))
    assert (found.status, "unfolds to more than 100 MB: split it" in found.text) == (422, True)


def test_a_file_that_is_too_large_is_refused_with_a_page(desk: Desk) -> None:
    found = opened_page(desk).upload(b"x" * (10 * MIB + 1))
    assert (found.status, "The file is larger than 10 MB" in found.text) == (413, True)
    assert opened_page(desk).upload(b"x" * (11 * MIB)).status == 413


def test_a_table_of_ten_mebibytes_is_read(desk: Desk) -> None:
    rows = "".join(f"k{number},T,2027-01-01,,{'x' * 9_000}\n" for number in range(1_160))
    found = opened_page(desk).upload(HEADINGS.replace("tags", "note") + rows)
    assert (found.status, "1,160 would be added" in found.text) == (200, True)


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
ONE_CELL = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>'


@pytest.mark.parametrize(
    ("cells", "limits"),
    cases(
        [
            pytest.param(lambda: CELLS * 1_000, ImportLimits(within=2.0), id="time"),
            pytest.param(lambda: ONE_CELL % (b"x" * (90 * MIB)), ImportLimits(memory=350 * MIB), id="memory"),
        ],
        pytest.param(lambda: CELLS * 1_000, ImportLimits(cpu_seconds=2), id="processor"),
    ),
)
def test_a_file_that_keeps_its_parser_busy_ends_with_its_process(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, cells: Callable[[], bytes], limits: ImportLimits
) -> None:
    monkeypatch.setattr(import_runner, "LIMITS", limits)
    found = opened_page(desk).upload(with_sheet(SHEET % cells()))
    assert (found.status, LIMIT in found.text) == (422, True), found.text
    assert desk.server.get("/plan").status_code == 200
    monkeypatch.setattr(import_runner, "LIMITS", ImportLimits())
    assert opened_page(desk).upload(HEADINGS + "a,A,2027-01-01,,\n").status == 200


def test_nothing_of_a_body_is_read_from_somebody_who_gets_no_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_protocol, "HEADERS_WITHIN", 1.0)  # so long is the answer followed by what nobody reads

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * MIB

    headers = {"Via": "1.1 gate", "Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = desk.server.session.post(desk.server.url + "/import", data=endless(), headers=headers, timeout=30)
        assert answer.status_code == 404
    except OSError:
        pass  # the server has ended the connection
    assert desk.server.get("/plan").status_code == 200
