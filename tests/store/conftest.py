"""Databases without tables, replicas, other processes, threads that start together, an ear at the engine, chunks."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from alerts.store import Store
from alerts.store.rows import chunks
from tests import postgres
from tests.patience import eventually


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that has not even tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/var/empty.db"
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def replicas(postgresql_url: str) -> Iterator[list[Store]]:
    """Three stores on one PostgreSQL database."""
    opened = [Store(postgresql_url) for _ in range(3)]
    yield opened
    for one in opened:
        one.close()


@pytest.fixture
def batches_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settle, claim and read watches five at a time, so that a dozen are several batches."""
    for module in ("due_watches", "claimed_watches", "settling", "standing"):
        monkeypatch.setattr(f"alerts.store.{module}.CHUNK", 5)


Begin = Callable[[Callable[[], Any]], Future[Any]]


@pytest.fixture
def begin(replicas: list[Store]) -> Iterator[Begin]:
    """Run something in another thread, until it waits for a lock."""

    def is_waiting() -> bool:
        with replicas[2].database.read() as connection:
            return bool(connection.scalar(text("select count(*) from pg_locks where not granted")))

    def run(act: Callable[[], Any]) -> Future[Any]:
        future = pool.submit(act)
        eventually(lambda: future.done() or is_waiting(), "it waits", every=0.005)
        return future

    with ThreadPoolExecutor(1) as pool:
        yield run


# How chunks meet is worked out before a database is asked, so that PostgreSQL need not show each size.
IN_CHUNKS = pytest.mark.parametrize(
    ("database_url", "any_chunks"),
    [("sqlite", 1), ("sqlite", 2), ("sqlite", 500), ("postgresql", 2)],
    ids=["sqlite-by1", "sqlite-by2", "sqlite-by500", "postgresql-by2"],
    indirect=True,
)


@pytest.fixture
def any_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load and recompute one at a time, two at a time, and all in one go."""
    monkeypatch.setattr("alerts.store.file_load.chunks", partial(chunks, size=request.param))


@pytest.fixture
def process() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start another Python process with a few lines of code; all that are left are killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-W", "error", "-c", code, *arguments]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Run functions in threads that start at the same instant; returns what they return, raises what they raise."""

    def run(*functions: Callable[[], Any]) -> list[Any]:
        gate = threading.Barrier(len(functions))
        results: list[Any] = [None] * len(functions)
        errors: list[BaseException] = []

        def turn(place: int) -> None:
            try:
                gate.wait(10)
                results[place] = functions[place]()
            except BaseException as error:  # noqa: BLE001  # it is raised in the test
                errors.append(error)

        threads = [threading.Thread(target=turn, args=(place,), daemon=True) for place in range(len(functions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a thread hangs"
        if errors:
            raise errors[0]
        return results

    return run


@pytest.fixture
def just_before() -> Iterator[Callable[..., None]]:
    """Call something just before a statement that begins so is executed: the first act before the first, and so on."""
    heard: list[Callable[..., None]] = []

    def arrange(beginning: str, *acts: Callable[[], Any]) -> None:
        left = list(acts)

        def hear(_c: Any, _k: Any, statement: str, *_: Any) -> None:
            if left and statement.startswith(beginning):
                left.pop(0)()

        event.listen(Engine, "before_cursor_execute", hear)
        heard.append(hear)

    yield arrange
    for hear in heard:
        event.remove(Engine, "before_cursor_execute", hear)


@pytest.fixture
def statements() -> Callable[[], Any]:
    """Listen to what is executed: `with statements() as heard` fills a list of (statement, parameters)."""

    @contextmanager
    def listen() -> Iterator[list[tuple[str, Any]]]:
        heard: list[tuple[str, Any]] = []

        def hear(_c: Any, _k: Any, statement: str, parameters: Sequence[Any], _x: Any, _many: bool) -> None:
            heard.append((statement, parameters))

        event.listen(Engine, "before_cursor_execute", hear)
        try:
            yield heard
        finally:
            event.remove(Engine, "before_cursor_execute", hear)

    return listen
