"""Rows of CSV are cut where Python's own text files end lines, without a second copy of the text."""

from __future__ import annotations

import csv
import io

import pytest

from alerts.interchange.tables.csv import lines_of


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a\n",
        "a\r\nb\r\n",
        "a\rb\r",
        "\n\n",
        "\r\n\r",
        'x,"a\nb",c\r\n',
        'x,"a\r\nb\rc"\r\nd',
        "é\u2028b\x0bc\x85d\n",
    ],
)
def test_lines_end_where_those_of_text_files_do(text: str) -> None:
    assert list(lines_of(text)) == list(io.StringIO(text, newline=""))
    assert list(csv.reader(lines_of(text))) == list(csv.reader(io.StringIO(text, newline="")))
