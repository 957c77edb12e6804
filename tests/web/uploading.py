"""Uploading a register over HTTP, and pressing the buttons of the page that follows."""

from __future__ import annotations

import io
from dataclasses import dataclass

import openpyxl
import requests

from tests.web.answering import Desk, visited
from tests.web.test_due_page import text_of

HEADINGS = "key,title,deadline,owner,tags\n"


@dataclass
class Import:
    """The page as it was opened; a file or a button makes the next one."""

    desk: Desk
    answer: requests.Response

    @property
    def text(self) -> str:
        return text_of(self.answer.text)

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def hidden(self) -> dict[str, str]:
        """Return the hidden fields of the first form, which is that of the upload that is shown."""
        part = self.answer.text.partition("<aside")[2] or self.answer.text
        first = part.partition("<form")[2].partition("</form>")[0]
        return visited(self.desk.server, "", _Part(first)).hidden  # type: ignore[arg-type]

    def upload(self, content: bytes | str, register: str = "Contracts", name: str = "x.bin", **typed: str) -> Import:
        """Choose a file, and ask what it changes."""
        data = content.encode() if isinstance(content, str) else content
        body = {name: self.hidden[name] for name in ("form", "token")}
        body |= {"new_register": register, "choice": "look"} | typed
        return Import(self.desk, post(self.desk, body, (name, data)))

    def press(self, choice: str, *, headers: dict[str, str] | None = None, **typed: str) -> Import:
        """Press a button of the upload that is shown."""
        return Import(self.desk, post(self.desk, self.hidden | typed | {"choice": choice}, None, headers))


@dataclass
class _Part:
    text: str


def opened_page(desk: Desk) -> Import:
    return Import(desk, desk.server.get("/import"))


def post(
    desk: Desk, fields: dict[str, str], file: tuple[str, bytes] | None, headers: dict[str, str] | None = None
) -> requests.Response:
    parts: list[tuple[str, tuple[str | None, bytes | str]]] = [(name, (None, text)) for name, text in fields.items()]
    if file:
        parts.append(("file", file))
    return desk.server.session.post(
        desk.server.url + "/import", files=parts, timeout=300, allow_redirects=False, headers=headers
    )


def workbook(*rows: tuple[object, ...]) -> bytes:
    """Return a workbook with these rows."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()
