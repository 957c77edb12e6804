"""A server of the whole application on loopback, with a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from alerts.settings import load_settings
from tests.web.answering import Desk, opened
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

Serve = Callable[..., WebServer]


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
