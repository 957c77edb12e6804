"""Opening a connection in what is left of a deadline: the look-up of the name, then its addresses in turn."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Lock, Thread, Timer
from typing import Any, TypeVar

from alerts.channels.transport.time_budget import TimeBudget

_BUFFER = 64 * 1024  # octets that the kernel takes in for us unread; answers are short
_Value = TypeVar("_Value")
_lookups: dict[tuple[str, int], Future[Any]] = {}  # the last look-up of each name
_lock = Lock()


def dial(host: str, port: int, budget: TimeBudget) -> socket.socket:
    """Connect to the first address of `host` that answers, each getting its share of what is left. Raises OSError."""
    addresses = _look_up(host.strip("[]"), port, budget)
    refusal = OSError(errno.EADDRNOTAVAIL, "the name has no address")
    for number, address in enumerate(addresses):
        try:
            return _connect(address, budget.left() / (len(addresses) - number))
        except OSError as error:
            refusal = error
    raise refusal


def _connect(found: Any, seconds: float) -> socket.socket:
    family, kind, protocol, _, address = found
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what we send goes out whole already
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


@contextmanager
def cut_off(sock: socket.socket, budget: TimeBudget) -> Iterator[None]:
    """Shut the connection down should the deadline pass during a TLS handshake inside. Raises TimeoutError then.

    A socket's time-out is not enough: OpenSSL looks up only when it waits, and reads on and on while a peer floods it
    with what a handshake may ignore (HelloRequest, RFC 5246 §7.4.1.1).
    """
    twin = sock.dup()  # for the first is taken over by the TLS socket
    timer = Timer(budget.left(), _shut_down, (twin,))
    timer.daemon = True
    timer.start()
    try:
        sock.settimeout(budget.left())
        yield
    except OSError:
        budget.left()  # that it has passed says more than how it showed
        raise
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):  # it is not connected any more
        sock.shutdown(socket.SHUT_RDWR)


def _look_up(host: str, port: int, budget: TimeBudget) -> list[Any]:
    """Ask for the addresses of `host`. Those who ask while an answer is awaited share it: a name hangs one thread."""
    with _lock:
        lookup = _lookups.get((host, port))
        if lookup is None or lookup.done():
            lookup = in_background(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            _lookups[host, port] = lookup
    try:
        addresses: list[Any] = lookup.result(budget.left())
    except UnicodeError:  # a label of no or too many letters
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    return addresses


def in_background(function: Callable[[], _Value]) -> Future[_Value]:
    """Call a function that nothing can interrupt, such as the resolver's, so that one may stop waiting for it.

    A daemon thread, for those of `concurrent.futures` would hold up the end of the process.
    """
    future: Future[_Value] = Future()

    def call() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 # whatever it is, somebody waits for it
            future.set_exception(error)

    try:
        Thread(target=call, name="look-up", daemon=True).start()
    except RuntimeError:
        future.set_exception(OSError(errno.EAGAIN, "no thread is left for the look-up"))
    return future
