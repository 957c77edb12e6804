"""A form with a file, read from a request without keeping more of it in memory than one part."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from alerts.rendering.template_filters import clean
from alerts.web.answer_form import AnswerForm

LARGEST = 10 * 2**20  # bytes of a file
FORM = 64 * 1024  # bytes of what is around it, and of each other field
WITHIN = 60.0  # seconds
MOST_FIELDS = 60
TOO_LARGE = f"The file is larger than {LARGEST // 2**20} MB: split it into several, or load it with `alerts load`."
TOO_SLOW = "The file took longer than a minute to arrive: try again, or with a smaller file."
BROKEN = "The form did not arrive whole: try again."


class UploadError(Exception):
    """A form that cannot be read. The text says why."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class UploadForm(AnswerForm):
    """The fields of a form, each without control characters, and the content of its file."""

    content: bytes = field(default=b"", repr=False)


async def read_upload(request: Request) -> UploadForm:
    """Return the form of a request. Raises UploadError."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return UploadForm({})
    try:
        async with asyncio.timeout(WITHIN):
            if int(request.headers.get("content-length", "0")) > LARGEST + FORM:
                await drain(request)
                raise UploadError(TOO_LARGE, 413)
            return await _read(request)
    except TimeoutError:
        raise UploadError(TOO_SLOW, 408) from None
    except (ClientDisconnect, HTTPException):
        raise UploadError(BROKEN, 400) from None


async def drain(request: Request) -> None:
    """Read the body and keep nothing of it: a browser shows an answer only once it has sent all."""
    async for _ in request.stream():
        pass


async def _read(request: Request) -> UploadForm:
    async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=FORM) as form:
        fields: dict[str, str] = {}
        content = b""
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read(LARGEST + 1)
            elif name in fields:
                return UploadForm({})
            else:
                fields[name] = clean(value)
    if len(content) > LARGEST:
        raise UploadError(TOO_LARGE, 413)
    return UploadForm(fields, content)


def columns_of(fields: Mapping[str, str], begin: str) -> dict[str, str]:
    """Return what a form states about the columns of a table."""
    return {
        name: value for name, value in fields.items() if name.startswith(begin) or name in ("key", "date", "headings")
    }
