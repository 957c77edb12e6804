"""One line of the log for each request, without what lets its reader answer."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi import Request, Response

from alerts.log_output import _Objects, fields
from alerts.settings.redaction import Redaction
from alerts.store.store_error import StoreError
from tests.web.conftest import Serve
from tests.web.running import HOST, WebServer

TOKEN = "abcdefgh0123456789"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "alerts.web.access_log"]


def test_a_line_has_no_token(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(routes=[("/a/{token}", ok), ("/calendar/{token}.ics", ok)])
    paths = [f"/a/{TOKEN}", f"/calendar/{TOKEN}.ics", f"/A/{TOKEN}", f"//a/{TOKEN}", f"/a/{TOKEN}/x", f"/x?t={TOKEN}"]
    for path in paths:
        server.get(path)
    server.get("/healthz")
    assert [line.split(" ")[:4] for line in lines(caplog)] == [
        [HOST, "GET", "/a/…", "404"],
        [HOST, "GET", "/calendar/….ics", "404"],
        *([[HOST, "GET", "…", "404"]] * 4),
    ]
    assert TOKEN not in "".join(line for line in caplog.text.splitlines() if "urllib3" not in line)


def ok(_: Request) -> Response:
    return Response()


def test_a_failure_is_answered_and_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Request) -> Response:
        raise ValueError("a bug")

    def no_database(_: Request) -> Response:
        raise StoreError("database alerts.db: disk I/O error")

    server = serve(routes=[("/fail", fail), ("/database", no_database)])
    assert server.get("/fail").status_code == 500
    answer = server.get("/database")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "a bug" in caplog.text
    assert "database alerts.db: disk I/O error" in caplog.text


def test_a_proxy_that_is_trusted_names_the_client(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for setting, client in (("trusted_proxies: [127.0.0.1]", "203.0.113.9"), ("", HOST)):
        caplog.clear()
        server = serve(setting)
        server.get("/nothing", headers={"X-Forwarded-For": "203.0.113.9"})
        server.get("/healthz")  # the line is written after the answer, and before another request is read
        assert lines(caplog)[0].split(" ")[0] == client


def test_a_line_for_machines_is_json_without_secrets() -> None:
    secret = 'top"secret'
    formatter = _Objects(Redaction([secret]))
    record = logging.makeLogRecord(
        {"msg": "sent %s", "args": (secret,), "levelname": "INFO", "created": 0.0}
        | fields(event="sent", to=secret, n=1)
    )
    assert json.loads(formatter.format(record)) == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "level": "INFO",
        "message": "sent ***",
        "event": "sent",
        "to": "***",
        "n": 1,
    }


def test_a_traceback_stands_in_a_field(web_server: WebServer) -> None:
    try:
        raise ValueError("a bug")
    except ValueError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, error.__traceback__)})
    assert "ValueError: a bug" in json.loads(_Objects(Redaction([])).format(record))["exception"]
