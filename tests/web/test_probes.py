"""`/healthz` and `/readyz` over a socket."""

from __future__ import annotations

from pathlib import Path

from tests.web.conftest import Serve
from tests.web.running import WebServer


def test_a_process_that_can_serve_says_so_without_a_body(web_server: WebServer) -> None:
    for path in ("/healthz", "/readyz"):
        answer = web_server.get(path)
        assert (answer.status_code, answer.content) == (204, b"")


def test_it_is_alive_and_not_ready_where_the_database_cannot_be_used(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    database = server.store.database.path
    assert database is not None
    server.store.close()
    database.rename(tmp_path / "away.db")
    assert server.get("/readyz").status_code == 503
    assert server.get("/healthz").status_code == 204
    (tmp_path / "away.db").rename(database)
    assert server.get("/readyz").status_code == 204


def test_it_is_not_ready_with_tables_of_another_version(web_server: WebServer) -> None:
    with web_server.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert web_server.get("/readyz").status_code == 503


def test_there_is_nothing_else_to_read_at_the_root(web_server: WebServer) -> None:
    for path in ("/openapi.json", "/docs", "/redoc", "/healthz/"):
        assert web_server.get(path).status_code == 404
