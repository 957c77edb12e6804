"""Starts the process of an upload, waits for it, and ends it where it takes too long."""

from __future__ import annotations

import asyncio
import logging
import pickle
import sys
from dataclasses import replace

from pydantic import ValidationError

from alerts.settings import Settings
from alerts.web.intake.import_process import NOT_STORED
from alerts.web.intake.import_values import RESULT, ImportLimits, ImportRequest, ImportResult

log = logging.getLogger(__name__)
LIMITS = ImportLimits()
MODULE = "alerts.web.intake.import_process"


class BeyondLimitsError(Exception):
    """An upload took more memory or time than it may."""


class NotStoredError(Exception):
    """The database could not be used."""


class ImportRunner:
    """Runs one upload at a time, so that uploads never take more than the memory of one."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Return whether an upload is being read or loaded."""
        return self._turn.locked()

    async def run(self, request: ImportRequest) -> ImportResult:
        """Return what came of a request. Raises BeyondLimitsError and NotStoredError."""
        stated = pickle.dumps(replace(request, settings=sendable(request.settings), limits=LIMITS))
        async with self._turn:
            return await _run(stated)


async def _run(stated: bytes) -> ImportResult:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(LIMITS.within):
            answer, _ = await process.communicate(stated)
    except TimeoutError:
        raise BeyondLimitsError from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == NOT_STORED:
        raise NotStoredError
    try:
        return RESULT.validate_json(answer)
    except ValidationError:
        log.warning("the process of an upload ended with %s", process.returncode)
        raise BeyondLimitsError from None


def sendable(settings: Settings) -> Settings:
    """Return the settings that an upload is read by: without channels, so without their secrets."""
    return replace(settings, channels=(), heartbeat=None, http=None)
