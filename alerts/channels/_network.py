"""What every channel that leaves the machine needs: one deadline for the whole send, and words without secrets."""

from __future__ import annotations

import io
import re
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta

from alerts.clock import monotonic

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")


class Deadline:
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
    """The reading end of a socket; no read waits longer than `left()` seconds."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, left: Callable[[], float]) -> None:
        super().__init__()
        self._sock = sock
        self._raw = raw
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # the stub's Buffer is 3.12's
        self._sock.settimeout(self._left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address of `host` that answers, each getting its share of what is left.

    Raises OSError. The look-up itself is bounded by the resolver's own settings (resolv.conf), not by us.
    """
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    refusal: OSError = OSError("the name has no address")
    for number, (*_, address) in enumerate(addresses):
        share = deadline.left() / (len(addresses) - number)
        try:
            return socket.create_connection((str(address[0]), port), timeout=share)
        except OSError as error:
            refusal = error
    raise refusal


def one_line(text: str, limit: int = 200) -> str:
    """Return foreign text as one short printable line, fit for the ledger."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def reason(error: BaseException) -> str:
    """Say why a connection failed without the exception's own text, which may hold the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return one_line(f"certificate not trusted: {cause.verify_message}")
        if isinstance(cause, TimeoutError):
            return "timed out"
        if isinstance(cause, ConnectionResetError | ConnectionAbortedError):
            break  # how the end of a connection shows depends on what was under way
        if isinstance(cause, OSError) and isinstance(cause.strerror, str):
            return one_line(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return f"connection lost ({type(cause or error).__name__})"
