"""What all tests share: an empty database of either kind, a store on it, and one renderer, which compiles its templates
once. PostgreSQL starts with its first test.

The process that only hands out tests imports this file, too: what the tests need is imported where they ask for it.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import garbage, run_wide, selection

if TYPE_CHECKING:
    from alerts.rendering.renderer import Renderer
    from alerts.store import Store
    from tests import postgres


def pytest_configure(config: pytest.Config) -> None:
    garbage.collect_no_garbage_yet()
    if started_by := getattr(config, "workerinput", None):
        run_wide.ask_at(started_by["door"])
    os.environ["ALERTS__LOG"] = "text"  # where nobody sees it, it would be JSON
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a shell that has put us in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the programs that we start must hear Ctrl-C


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Before one of several processes starts: it asks this one for what all share."""
    node.workerinput["door"] = run_wide.door()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(report: pytest.TestReport) -> Generator[None, dict[str, Any] | None, Any]:
    """Send the keywords of no test that has passed: to write and read them costs more than the rest of its report."""
    data = yield
    if data and report.passed:
        data["keywords"] = {}
    return data


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    selection.leave_out_repeated_cases(config, items)
    selection.order_files(items)


def pytest_collection_finish() -> None:
    garbage.collect_garbage_less_often()


@pytest.fixture(scope="session", autouse=True)
def compile_once() -> Iterator[None]:
    """Compile each statement, template and command once, whatever number of stores and renderers is opened."""
    from tests import compiled_once, forked_apprise, postgres_sessions

    with pytest.MonkeyPatch.context() as patch:
        compiled_once.share_statements(patch)
        compiled_once.share_templates(patch)
        compiled_once.share_commands(patch)
        compiled_once.share_tables(patch)
        compiled_once.wait_for_no_disk(patch)
        compiled_once.give_way_briefly(patch)
        postgres_sessions.share_sessions(patch)
        forked_apprise.fork(patch)
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this test session, with a migrated database to copy. Fails where none can be started."""
    from alerts.store import Store
    from tests import postgres

    with postgres.running() as server:
        server.run(f"CREATE DATABASE {postgres.TEMPLATE}")
        Store(server.url(postgres.TEMPLATE)).close()
        yield server


@pytest.fixture
def postgresql_url(postgresql: postgres.Server) -> Iterator[str]:
    """The address of a PostgreSQL database that is migrated and holds nothing."""
    database = postgresql.take()
    yield postgresql.url(database)
    postgresql.give_back(database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that is migrated, to copy."""
    from alerts.store import Store

    path = tmp_path_factory.mktemp("template") / "alerts.db"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an SQLite database that is migrated and holds nothing."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'alerts.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database that holds nothing, of either kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store, on either kind of database in turn."""
    from alerts.store import Store

    opened = Store(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """A renderer of the shipped templates."""
    from alerts.rendering.renderer import Renderer

    return Renderer([Path(__file__).resolve().parent.parent / "templates"])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PEM file with a certificate for localhost, its key, and the authority that signed it."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    parts = [issued.private_key_pem, *issued.cert_chain_pems, authority.cert_pem]
    file.write_bytes(b"".join(part.bytes() for part in parts))
    return str(file)
