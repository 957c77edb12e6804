"""Opens connections within a time limit: it looks up the name, then tries its addresses in turn."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Lock, Thread, Timer
from typing import Any, TypeVar

from alerts.channels.transport.time_budget import TimeBudget

_BUFFER = 64 * 1024  # octets that the kernel buffers for us; answers are short
_Value = TypeVar("_Value")
_lookups: dict[tuple[str, int], Future[Any]] = {}  # the last look-up of each name
_lock = Lock()


def dial(host: str, port: int, budget: TimeBudget) -> socket.socket:
    """Connect to the first address of `host` that answers; each gets a share of the time left. Raises OSError."""
    addresses = _look_up(host.strip("[]"), port, budget)
    refusal = OSError(errno.EADDRNOTAVAIL, "the name has no address")
    for number, address in enumerate(addresses):
        try:
            return _connect(address, budget.left() / (len(addresses) - number))
        except OSError as error:
            refusal = error
    raise refusal


def _connect(address_info: Any, seconds: float) -> socket.socket:
    family, kind, protocol, _, address = address_info
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each write is already a whole message
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


@contextmanager
def cut_off(sock: socket.socket, budget: TimeBudget) -> Iterator[None]:
    """Shut the connection down if the time is up during a TLS handshake inside. Raises TimeoutError then.

    A socket's time-out is not enough: it applies to each read, and a peer can flood OpenSSL with messages that a
    handshake ignores (HelloRequest, RFC 5246 §7.4.1.1).
    """
    left = budget.left()
    twin = sock.dup()  # the TLS socket takes over the first one
    timer = Timer(left, _shut_down, (twin,))
    timer.daemon = True
    timer.start()
    try:
        sock.settimeout(budget.left())
        yield
    except OSError:
        budget.left()  # a time-out explains more than the error that it caused
        raise
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):  # it is no longer connected
        sock.shutdown(socket.SHUT_RDWR)


def _look_up(host: str, port: int, budget: TimeBudget) -> list[Any]:
    """Return the addresses of `host`. Parallel callers share one look-up: a slow name blocks only one thread."""
    with _lock:
        lookup = _lookups.get((host, port))
        if lookup is None or lookup.done():
            lookup = in_background(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            _lookups[host, port] = lookup
    try:
        addresses: list[Any] = lookup.result(budget.left())
    except UnicodeError:  # an empty label, or one that is too long
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    return addresses


def in_background(function: Callable[[], _Value]) -> Future[_Value]:
    """Call a function that cannot be interrupted, such as the resolver's; the caller can stop waiting for it.

    It uses a daemon thread: threads of `concurrent.futures` would delay the end of the process.
    """
    future: Future[_Value] = Future()

    def call() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 # the waiting caller gets any error
            future.set_exception(error)

    try:
        Thread(target=call, name="look-up", daemon=True).start()
    except RuntimeError:
        future.set_exception(OSError(errno.EAGAIN, "no thread is left for the look-up"))
    return future
