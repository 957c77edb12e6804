"""What every channel that leaves the machine needs: one deadline for the whole send, and words without secrets."""

from __future__ import annotations

import errno
import io
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta

from alerts.clock import monotonic

_RECORD = 16 * 1024  # octets, the most in one TLS record (RFC 8446 §5.1)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")


class TimeBudget:
    """The instant by which one send must have ended, however slowly the peer answers.

    A socket's own timeout starts anew with every byte, so a peer that drips holds it for ever.
    """

    def __init__(self, total: timedelta) -> None:
        self._ends_at = monotonic() + total.total_seconds()

    def left(self) -> float:
        """Return the seconds that are left, always more than 0. Raises TimeoutError when there are none."""
        seconds = self._ends_at - monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds


class TimedReader(io.RawIOBase):
    """The reading end of a socket: no read waits longer than `left()` seconds, and all of them get `allowance` octets.

    Both are needed: a peer that drips uses up the time, one that floods uses up the memory.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, left: Callable[[], float], allowance: int) -> None:
        super().__init__()
        self.allowance = allowance
        self.ended = False
        self._sock = sock
        self._raw = raw
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # the stub's Buffer is 3.12's
        if self.allowance <= 0:
            raise OSError(errno.EMSGSIZE, "the answer has no end")
        self._sock.settimeout(self._left())
        count = self._raw.readinto(buffer)
        self.allowance -= count or 0
        self.ended = count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def send_all(sock: socket.socket, data: bytes, left: Callable[[], float]) -> None:
    """Send all of it before nothing is left. Raises OSError, TimeoutError among them.

    A TLS socket begins its time-out anew with every record, so each record gets only what is left.
    """
    for start in range(0, len(data), _RECORD):
        sock.settimeout(left())
        sock.sendall(data[start : start + _RECORD])


def one_line(text: str, limit: int = 200) -> str:
    """Return foreign text as one short printable line, fit for the ledger."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def reason(error: BaseException) -> str:
    """Say why a connection failed without the exception's own text, which may hold the URL."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return one_line(f"certificate not trusted: {cause.verify_message}")
        if isinstance(cause, TimeoutError):
            return "timed out"
        if isinstance(cause, ConnectionResetError | ConnectionAbortedError):
            break  # how the end of a connection shows depends on what was under way
        if isinstance(cause, OSError) and isinstance(cause.strerror, str):
            return one_line(cause.strerror)
    else:
        cause = error
    return f"connection lost ({type(cause).__name__})"


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, what caused it, and so on; urllib3 hands some on as an argument only."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inner = next((one for one in cause.args if isinstance(one, BaseException)), None)
        cause = cause.__cause__ or cause.__context__ or inner
