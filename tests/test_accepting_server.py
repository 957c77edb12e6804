"""Which host accepted a message stands with the attempt: an audit names it, and nobody else may be named."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Response

from alerts import shipped
from alerts.channels import build
from alerts.delivery import ChannelWorker
from alerts.planning import plan
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables
from tests.channels.conftest import postbox, smtp_server
from tests.factories import NOW, SetClock, at, entries, load, plan_at, remind, rule

__all__ = ["postbox", "smtp_server"]

EVE = at("2025-11-09T15:00")


def accepted_by(store: Store, kind: str, options: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Send one alert; return the outcome of each attempt and the host that accepted it."""
    daily = rule(remind=remind(before=("P1D",)), notify=("out",), digest=False)
    channel = build("out", kind, options)
    load(store, *entries(1))
    plan_at(store, NOW, daily)
    assert plan(store, ScheduledRule.all([daily]), {"out": channel}, EVE) == 1
    ChannelWorker(store, channel, Renderer([shipped.folder("templates")]), "UTC", SetClock(EVE)).drain()
    channel.close()
    found = delivery_tables.attempts.c
    with store.database.read() as connection:
        return [(row.outcome, row.server) for row in connection.execute(select(found.outcome, found.server))]


def test_a_mail_names_the_mail_server(store: Store, smtp_server: Any) -> None:
    options = {"from": "alerts@example.org", "to": ["ann@example.org"], "smtp": mail_server(smtp_server())}
    assert accepted_by(store, "email", options) == [("sent", "127.0.0.1")]


@pytest.mark.parametrize("kind", ["webhook", "slack", "mattermost"])
def test_a_post_names_the_host(kind: str, store: Store, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("ok")
    assert accepted_by(store, kind, {"url": httpserver.url_for("/hook")}) == [("sent", httpserver.host)]


def test_what_was_refused_names_none(store: Store, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_handler(lambda _: Response("", 400))
    (attempt,) = accepted_by(store, "webhook", {"url": httpserver.url_for("/hook")})
    assert attempt == ("retry", None)


def test_what_goes_to_the_terminal_names_none(store: Store) -> None:
    assert accepted_by(store, "console", {}) == [("sent", None)]


def mail_server(port: int) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "security": "none"}
