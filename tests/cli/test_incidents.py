"""From the command line to a phone and a pager: opened, ended, and no secret left anywhere on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Alerts

KEY = "0123456789abcdef" * 2
CONFIG = """\
channels:
  pager: {{kind: pagerduty, routing_key: {{env: KEY}}, url: "{server}v2/enqueue"}}
  phone: {{kind: ntfy, url: "{server}secret-topic", token: {{env: TOKEN}}}}
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {{}}
    remind: {{before: [P7D, P1D], on_the_day: true, overdue: true, closed: true}}
    notify: [pager, phone]
"""


def test_an_incident_is_opened_and_ended_and_no_secret_is_kept(
    alerts: Alerts, home: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.setenv("TOKEN", "tk_secrettoken")
    monkeypatch.setenv("ALERTS_LOG", "DEBUG")
    (home / "config/alerts.yaml").write_text(CONFIG.format(server=httpserver.url_for("/")))
    (home / "one.yaml").write_text("commitments: [{key: filing, title: File, deadline: 2025-11-01, timezone: UTC}]")
    httpserver.expect_request("/v2/enqueue").respond_with_json({"status": "success"}, 202)
    httpserver.expect_request("/").respond_with_json({"id": "x"})
    said = [alerts("load", "one.yaml", "--at", "2025-10-28T10:00Z"), alerts("check", "--at", "2025-10-28T10:00Z")]
    said += [alerts("tick", "--at", at) for at in ("2025-10-31T10:00Z", "2025-11-03T10:00Z")]
    said += [alerts("close", "filing", "--as", "fulfilled", "--at", "2025-11-03T11:00Z")]
    said += [alerts("tick", "--at", "2025-11-03T12:00Z"), alerts("deliveries", "--json"), alerts("send-test", "pager")]
    assert [one.code for one in said] == [0] * len(said)
    posted = [(request.path, json.loads(request.data)) for request, _ in httpserver.log]
    pages = [body for path, body in posted if path == "/v2/enqueue"]
    assert [(body["event_action"], body["dedup_key"]) for body in pages[:-1]][-1] == ("resolve", "filing")
    assert {body["dedup_key"] for body in pages} == {"filing", "test-message"}
    assert pages[0]["event_action"] == "trigger"
    assert {body["routing_key"] for body in pages} == {KEY}
    assert {body["topic"] for path, body in posted if path == "/"} == {"secret-topic"}
    kept = b"".join(file.read_bytes() for file in home.rglob("*.db*"))
    assert b"event_action" in kept
    shown = kept + "".join(one.out + one.err for one in said).encode()
    assert not [secret for secret in (KEY, "secret-topic", "tk_secrettoken") if secret.encode() in shown]


def test_a_move_that_did_not_get_through_opens_nothing_again_after_the_end(
    alerts: Alerts, home: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", KEY)
    monkeypatch.setenv("TOKEN", "tk_secrettoken")
    config = CONFIG.format(server=httpserver.url_for("/")).replace("closed: true", "moved: true, closed: true")
    (home / "config/alerts.yaml").write_text(config.replace("[pager, phone]", "[pager]"))
    (home / "one.yaml").write_text("commitments: [{key: filing, title: File, deadline: 2025-12-20, timezone: UTC}]")
    httpserver.expect_ordered_request("/v2/enqueue").respond_with_data("", 503)
    httpserver.expect_ordered_request("/v2/enqueue").respond_with_json({"status": "success"}, 202)
    assert alerts("load", "one.yaml", "--at", "2025-10-28T10:00Z").code == 0
    alerts("tick", "--at", "2025-10-28T10:01Z")
    alerts("move", "filing", "2025-12-24", "--because", "late", "--at", "2025-10-28T11:00Z")
    alerts("tick", "--at", "2025-10-28T11:01Z")
    alerts("close", "filing", "--as", "fulfilled", "--at", "2025-10-28T11:01Z")
    for minute in (2, 30, 59):
        alerts("tick", "--at", f"2025-10-28T11:{minute:02}Z")
    assert [json.loads(request.data)["event_action"] for request, _ in httpserver.log] == ["trigger", "resolve"]
