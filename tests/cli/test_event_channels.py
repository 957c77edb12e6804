"""A channel with `events` in the settings: what `check` refuses, and what commands and turns of it post."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Response

from tests.cli.conftest import CONFIG, Alerts

HOOK = "  hook: {kind: webhook, url: {env: HOOK}, secret: {env: HOOK_SECRET}"
KNOWN = (
    "'recorded', 'edited', 'assigned', 'noted', 'moved', 'acknowledged', 'unacknowledged', 'snoozed', 'closed', "
    "'reopened' or 'all'"
)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def configure(home: Path, options: str = "", **replaced: str) -> None:
    """Write the configuration, with more options of the webhook."""
    text = CONFIG.replace(HOOK, HOOK + options)
    for old, new in replaced.items():
        text = text.replace(f"{old}: [box]", f"{old}: [{new}]")
    (home / "config/alerts.yaml").write_text(text)


@pytest.mark.parametrize(
    ("options", "replaced", "expected"),
    [
        (
            ", events: [moved, postponed]",
            {},
            f"config/alerts.yaml:4: channels.hook.events.1: expected {KNOWN}\n",
        ),
        (
            ', events: [all], hours: {opens: "09:00", closes: "17:00"}',
            {},
            "`hours` and `answers` are for alerts: a channel with `events` gets none",
        ),
        (
            ", events: [all]",
            {"notify": "hook"},
            'config/alerts.yaml:10: channel "hook" has `events`, so it gets no alerts: name another one here',
        ),
    ],
    ids=["unknown-name", "office-hours", "alerts"],
)
def test_check_says_what_a_subscriber_cannot_have(
    alerts: Alerts, home: Path, options: str, replaced: dict[str, str], expected: str
) -> None:
    configure(home, options, **replaced)
    said = alerts("check")
    assert said.code == 1
    assert expected in said.err


def test_commands_post_what_they_change_until_the_settings_name_no_events(
    loaded: Alerts, home: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/events", method="POST").respond_with_response(Response(status=204))
    monkeypatch.setenv("HOOK", httpserver.url_for("/events"))

    def posted() -> list[tuple[str, str, str]]:
        found = [Webhook(SECRET).verify(request.data, dict(request.headers)) for request, _ in httpserver.log]
        httpserver.clear_log()
        return [(one["type"], one["data"]["commitment"], one["data"]["proof"]) for one in found]

    configure(home, ", events: [moved, closed]")
    assert loaded("check").code == 0
    loaded("tick", "--at", "2025-10-28T10:00Z")
    assert posted() == []  # what was tracked before is no change
    assert loaded("move", "summit", "2025-11-03", "--because", "talks", "--at", "2025-10-28T10:01Z").code == 0
    assert loaded("ack", "summit", "--at", "2025-10-28T10:01Z").code == 0  # which it has not named
    assert loaded("close", "summit", "--as", "fulfilled", "--at", "2025-10-28T10:02Z").code == 0
    waiting = json.loads(loaded("deliveries", "--json").out)
    assert [one["carries"] for one in waiting if one["event"]] == [
        ["decision moved"], ["summit moved"], ["summit closed"]
    ]  # fmt: skip
    assert "event: summit closed" in loaded("deliveries").out
    loaded("tick", "--at", "2025-10-28T10:03Z")
    told = posted()
    assert sorted(told[:2]) == [("commitment.moved", "decision", "shell"), ("commitment.moved", "summit", "shell")]
    assert told[2:] == [("commitment.closed", "summit", "shell")]
    configure(home)
    loaded("tick", "--at", "2025-10-28T10:04Z")
    loaded("close", "decision", "--as", "fulfilled", "--at", "2025-10-28T10:05Z")
    loaded("tick", "--at", "2025-10-28T10:06Z")
    assert posted() == []
