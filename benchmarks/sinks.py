"""A mail server and a web server on loopback that accept everything, in their own process.

They are real (SMTP by RFC 5321, HTTP/1.1 with connections kept open) and do as little as possible: the
benchmark measures the sender. Their CPU is not the sender's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from socketserver import StreamRequestHandler, ThreadingTCPServer

from benchmarks.processes import helper


@dataclass
class Taken:
    """What a sink received: the count, the times of the first and last (Unix time), and the last bytes."""

    count: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    last: bytes = b""


@dataclass
class _Tally:
    taken: Taken = field(default_factory=Taken)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, body: bytes) -> None:
        now = time.time()
        with self.lock:
            self.taken = Taken(self.taken.count + 1, self.taken.first_at or now, now, body)

    def reset(self) -> Taken:
        with self.lock:
            taken, self.taken = self.taken, Taken()
        return taken


class _Sink(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[StreamRequestHandler], pause: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.tally, self.pause = _Tally(), pause


class _Mail(StreamRequestHandler):
    server: _Sink
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.tally.note(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.wfile.write(b"250 2.0.0 Ok: queued\r\n")
            else:
                self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 Ok\r\n")


class _Web(StreamRequestHandler):
    server: _Sink
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while self.rfile.readline():
            size = 0
            for line in iter(self.rfile.readline, b"\r\n"):
                if line[:15].lower() == b"content-length:":
                    size = int(line[15:])
            body = self.rfile.read(size)
            time.sleep(self.server.pause)
            self.server.tally.note(body)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@dataclass(frozen=True)
class Sinks:
    """The ports of the sinks, and a pipe to their process."""

    ports: dict[str, int]
    _wire: Connection

    def take(self, name: str) -> Taken:
        """Return what `mail` or `web` has received since the last call."""
        self._wire.send(name)
        taken: Taken = self._wire.recv()
        return taken


@contextmanager
def running(pause: float = 0.0) -> Iterator[Sinks]:
    """Start both sinks, and end them afterwards. The web server answers after a pause (seconds)."""
    with helper(_serve, pause) as wire:
        yield Sinks(wire.recv(), wire)


def _serve(wire: Connection, pause: float) -> None:
    sinks = {"mail": _Sink(_Mail), "web": _Sink(_Web, pause)}
    for sink in sinks.values():
        threading.Thread(target=sink.serve_forever, daemon=True).start()
    wire.send({name: sink.server_address[1] for name, sink in sinks.items()})
    while name := wire.recv():
        wire.send(sinks[name].tally.reset())
