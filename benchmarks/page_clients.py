"""Readers who open answer pages at a steady rate, in their own process: each opens at its time, whoever still waits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection

from benchmarks.processes import helper

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENCE = 30.0  # seconds for a page


@dataclass
class Visits:
    """How visits ended: by status (0: no answer), and the seconds that each page took."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        """Return how many pages were asked for in a second."""
        return self.statuses.total() / self.lasted if self.lasted else 0.0

    def within(self, share: float) -> float:
        """Return the seconds within which a share of the pages came."""
        found = sorted(self.seconds)
        return found[min(int(len(found) * share), len(found) - 1)] if found else 0.0


@contextmanager
def visiting(port: int, host: str, tokens: Sequence[str], rate: int) -> Iterator[Connection]:
    """Open pages at a rate until the block sends anything; it then receives the `Visits`."""
    with helper(_run, port, host, list(tokens), rate) as wire:
        wire.recv()  # it has started
        yield wire


def _run(wire: Connection, port: int, host: str, tokens: list[str], rate: int) -> None:
    wire.send("started")
    wire.send(asyncio.run(_visit(wire, port, host, tokens, rate)))


async def _visit(wire: Connection, port: int, host: str, tokens: list[str], rate: int) -> Visits:
    found, pages, free = Visits(), cycle(tokens), list[Streams]()
    under_way: set[asyncio.Task[None]] = set()
    began = time.monotonic()
    count = 0
    while not wire.poll():
        for _ in range(max(int((time.monotonic() - began) * rate) - count, 0)):
            count += 1
            task = asyncio.create_task(_open(port, host, next(pages), free, found))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.sleep(1 / rate)
    found.lasted = time.monotonic() - began
    if under_way:
        await asyncio.wait(under_way)
    return found


async def _open(port: int, host: str, token: str, free: list[Streams], found: Visits) -> None:
    began, status = time.monotonic(), 0
    with suppress(OSError, EOFError, TimeoutError):  # counted as status 0
        async with asyncio.timeout(PATIENCE):
            while not status:
                reused = free.pop() if free else None
                streams = reused or await asyncio.open_connection("127.0.0.1", port)
                try:
                    status = await _get(streams, f"GET /a/{token} HTTP/1.1\r\nHost: {host}\r\n\r\n", free)
                except (OSError, EOFError):
                    if not reused:  # else the server has closed it meanwhile, as it may
                        raise
    found.statuses[status] += 1
    found.seconds.append(time.monotonic() - began)


async def _get(streams: Streams, request: str, free: list[Streams]) -> int:
    reader, writer = streams
    writer.write(request.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r", 1)[0]))
    if b"connection: close" in head:
        writer.close()
    else:
        free.append(streams)
    return int(head.split(b" ", 2)[1])
