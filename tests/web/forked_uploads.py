"""The process of an upload, forked from one that has imported everything; `make web` starts each as the server does."""

from __future__ import annotations

import asyncio
import tempfile
from typing import IO

from tests import forked_alerts


class ForkedUpload:
    """A process that takes a request and answers it, with what the server uses of `asyncio.subprocess.Process`."""

    def __init__(self, given: IO[bytes], answer: IO[bytes], module: str) -> None:
        self._given, self._answer, self._module = given, answer, module
        self._process: forked_alerts.Started | None = None

    @property
    def returncode(self) -> int | None:
        return self._process.poll() if self._process else None

    async def communicate(self, stated: bytes) -> tuple[bytes, None]:
        return await asyncio.to_thread(self._answered, stated), None

    async def wait(self) -> int:
        assert self._process
        return await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    def _answered(self, stated: bytes) -> bytes:
        with self._given, self._answer, tempfile.TemporaryFile() as errors:
            self._given.write(stated)
            self._given.seek(0)
            self._process = forked_alerts.start(
                module=self._module, given=self._given, output=self._answer, errors=errors
            )
            self._process.wait()
            self._answer.seek(0)
            return self._answer.read()


async def start(_python: str, option: str, module: str, **_streams: int) -> ForkedUpload:
    """Take the place of `asyncio.create_subprocess_exec`."""
    assert option == "-m"
    return ForkedUpload(tempfile.TemporaryFile(), tempfile.TemporaryFile(), module)  # closed above
