"""What every network channel needs: one time limit for the whole send, and error texts without secrets."""

from __future__ import annotations

import errno
import io
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta

from alerts.clock import monotonic

_RECORD = 16 * 1024  # octets, the limit of one TLS record (RFC 8446 §5.1)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")


class TimeBudget:
    """The instant by which one send must end, however slow the peer is.

    A socket's own time-out restarts with every byte: a slow peer could hold it forever.
    """

    def __init__(self, total: timedelta) -> None:
        self._ends_at = monotonic() + total.total_seconds()

    def left(self) -> float:
        """Return the seconds that are left, always more than 0. Raises TimeoutError if there are none."""
        seconds = self._ends_at - monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds


class TimedReader(io.RawIOBase):
    """The reading end of a socket: no read waits longer than `left()` seconds, and all get `allowance` octets in total.

    Both limits are needed: a slow peer uses up time, a flood uses up memory.
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
    """Send all data before the time is up. Raises OSError, including TimeoutError.

    A TLS socket restarts its time-out with every record, so each record gets only the time left.
    """
    for start in range(0, len(data), _RECORD):
        sock.settimeout(left())
        sock.sendall(data[start : start + _RECORD])


def one_line(text: str, limit: int = 200) -> str:
    """Return foreign text as one short printable line for the ledger."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def reason(error: BaseException) -> str:
    """Return why a connection failed, without the exception's own text, which may contain the URL."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return one_line(f"certificate not trusted: {cause.verify_message}")
        if isinstance(cause, TimeoutError):
            return "timed out"
        if isinstance(cause, ConnectionResetError | ConnectionAbortedError):
            break  # the error of a closed connection depends on the step that was in progress
        if isinstance(cause, OSError) and isinstance(cause.strerror, str):
            return one_line(cause.strerror)
    else:
        cause = error
    return f"connection lost ({type(cause).__name__})"


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception, its cause, and so on; urllib3 passes some causes only as arguments."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inner = next((one for one in cause.args if isinstance(one, BaseException)), None)
        cause = cause.__cause__ or cause.__context__ or inner
