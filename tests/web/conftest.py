"""A server of the whole application on loopback, with a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any, Literal

import pytest
from fastapi import routing
from fastapi.dependencies.models import Dependant

from alerts.settings import load_settings
from alerts.web.api import api_routes
from tests.patience import EXACT
from tests.web import forked_uploads as uploads
from tests.web.answering import Desk, opened
from tests.web.daemon_site import tool
from tests.web.npm_packages import install
from tests.web.programs import Program
from tests.web.running import Route, WebServer, started

CONFIGURATION = """
channels:
  desk: {{kind: maildir, path: {folder}/mail, to: [ann@example.org], default: true}}
  chat: {{kind: console}}
people:
  - {{key: ann, name: Ann, email: ann@example.org, timezone: UTC}}
  - {{key: bob, name: Bob, email: bob@example.org, timezone: UTC}}
rules:
  - {{name: all, cron: "0 9 * * *", match: {{}}, remind: {{on_the_day: true, overdue: true}}, notify: [owner, desk]}}
timezone: UTC
http:
  port: 8080
"""

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
Serve = Callable[..., WebServer]


@pytest.fixture(scope="session", autouse=True)
def describe_once() -> Iterator[None]:
    """Make the document of the API once for all servers: their routes are the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api_routes, "openapi_document", cache(api_routes.openapi_document))
        yield


@pytest.fixture(scope="session", autouse=True)
def read_routes_once() -> Iterator[None]:
    """Read once what a function of a route takes and returns. Only what it closes over is its server's own."""
    read, known = routing.get_dependant, dict[tuple[object, ...], Dependant]()
    read_returned, returned = routing.get_typed_return_annotation, dict[CodeType, object]()

    def read_once(*, path: str, call: FunctionType, scope: Literal["function", "request"]) -> Dependant:
        key = path, call.__code__, call.__defaults__, scope
        if key not in known:
            known[key] = read(path=path, call=call, scope=scope)
        return replace(known[key], call=call)

    def read_returned_once(call: FunctionType) -> object:
        if call.__code__ not in returned:
            returned[call.__code__] = read_returned(call)
        return returned[call.__code__]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routing, "get_dependant", read_once)
        patch.setattr(routing, "get_typed_return_annotation", read_returned_once)
        patch.setattr("alerts.web.store_metrics.version", cache(version))
        yield


@pytest.fixture(scope="session", autouse=True)
def end_servers_at_once() -> Iterator[None]:
    """Let uvicorn look ten times as often whether it is to end: otherwise each of a thousand ends takes 0.15 s.

    `test_web_process.py` has the ends of processes of their own, which look as seldom as ever.
    """
    quick = SimpleNamespace(**vars(asyncio))
    quick.sleep = lambda seconds: asyncio.sleep(min(seconds, 0.01))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uvicorn.server.asyncio", quick)
        yield


@pytest.fixture
def serve(tmp_path: Path, sqlite_url: str) -> Iterator[Serve]:
    """Return a function that starts a server. It takes lines for the section `http`, the database, and more routes."""
    with ExitStack() as servers:

        def start(
            http: str = "",
            *,
            database: str = sqlite_url,
            configuration: str = CONFIGURATION,
            routes: Sequence[Route] = (),
        ) -> WebServer:
            folder = tmp_path / "config"
            folder.mkdir(exist_ok=True)
            text = configuration.format(folder=tmp_path).rstrip() + "\n"
            (folder / "alerts.yaml").write_text(text + "".join(f"  {line}\n" for line in http.strip().splitlines()))
            return servers.enter_context(started(load_settings(folder, database, {}), routes))

        yield start


@pytest.fixture
def web_server(serve: Serve) -> WebServer:
    """A server whose public address is the one that it listens on."""
    return serve("public_url: http://127.0.0.1:8080")


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A server with answer links that may do everything, on either kind of database in turn."""
    with opened(database_url, tmp_path) as found:
        yield found


@pytest.fixture
def program(desk: Desk) -> Program:
    """A program with a token that may write."""
    return Program(desk)


@pytest.fixture
def forked_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the process of each upload. `test_import_limits.py` shows that the server starts it."""
    if not EXACT:
        monkeypatch.setattr("asyncio.create_subprocess_exec", uploads.start)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    folder = install(Path(__file__).parent / "axe", tmp_path_factory.mktemp("axe"))
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=FLAGS)
        yield browser
        browser.close()
