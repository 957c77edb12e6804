"""PagerDuty over a real HTTP server that answers as its Events API does."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import channels
from alerts.core.deliveries import DeliveryError
from alerts.core.posts import Line, Post, Run, plain_sections
from alerts.settings import load_settings
from tests.channels.endings import ending

KEY = "s3cret" + "0" * 26
SECTIONS = plain_sections("It is due on Fri 7 Nov 2025.\nWho: United States\n\nSeen it: alerts ack truce")
POST = Post(
    title="Due Fri 7 Nov 2025",
    sections=SECTIONS,
    urgency="soon",
    thread="truce",
    kinds=("before",),
    link="https://example.org/brief",
)
TRIGGER = {
    "client": "deadline-alerts",
    "dedup_key": "truce",
    "event_action": "trigger",
    "links": [{"href": "https://example.org/brief", "text": "Source"}],
    "payload": {
        "class": "before",
        "custom_details": {
            name: ["It is due on Fri 7 Nov 2025.", "Who: United States", "Seen it: alerts ack truce"]
            for name in ("text", "words")
        },
        "severity": "warning",
        "source": "truce",
        "summary": "Due Fri 7 Nov 2025",
    },
}
NO_KEY = "PagerDuty does not know the routing_key: look at it, and at the url if the account is in the EU region"


@pytest.fixture
def pager(httpserver):
    channel = channels.build(
        "pager", "pagerduty", {"routing_key": KEY, "url": httpserver.url_for("/v2/enqueue"), "timeout": 5}
    )
    yield channel
    channel.close()


@pytest.fixture
def answers(httpserver):
    def answer(status=202, errors=(), headers=None):
        body = {"status": "invalid event" if errors else "success", "message": KEY, "errors": list(errors)}
        httpserver.expect_request("/v2/enqueue", method="POST").respond_with_json(body, status, headers)

    return answer


def test_a_reminder_triggers_with_the_key_and_its_time_added_on_the_way(pager, answers, httpserver, outgoing, caplog):
    answers()
    body = pager.body(POST)
    assert body == TRIGGER
    with caplog.at_level("DEBUG"):
        assert ending(pager, outgoing(body=body)) == ("sent", "HTTP 202")
    assert KEY not in caplog.text
    [(request, _)] = httpserver.log
    timed = TRIGGER["payload"] | {"timestamp": "2025-11-03T14:00:00+00:00"}
    assert json.loads(request.data) == TRIGGER | {"routing_key": KEY, "payload": timed}


def test_the_end_of_a_commitment_resolves_its_incident(pager, answers, httpserver, outgoing):
    answers()
    body = pager.body(replace(POST, ended=True, kinds=("closed",)))
    assert ending(pager, outgoing(body=body)) == ("sent", "HTTP 202")
    [(request, _)] = httpserver.log
    assert json.loads(request.data) == {"dedup_key": "truce", "event_action": "resolve", "routing_key": KEY}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "truce"),
        ({"kinds": ("overdue",), "title": "another"}, "truce"),
        ({"occurrence": "2025-11-30"}, "truce/2025-11-30"),
        ({"ended": True, "occurrence": "2025-11-30"}, "truce/2025-11-30"),
        ({"thread": "x" * 255}, "x" * 255),
    ],
)
def test_an_incident_is_of_one_occurrence_of_one_commitment(pager, changes, key):
    assert pager.body(replace(POST, **changes))["dedup_key"] == key


def test_a_key_that_is_too_long_is_hashed(pager):
    keys = {pager.body(replace(POST, thread="x" * 300, occurrence=end))["dedup_key"] for end in ("a", "b")}
    assert [len(key) for key in keys] == [64, 64]


def test_each_notice_to_operators_is_an_incident_of_its_own(pager):
    notices = [
        Post(title=title, sections=SECTIONS, urgency="failure") for title in ("1 dead", "2 dead", "1 dead", "\ud800")
    ]
    bodies = [pager.body(notice) for notice in notices]
    assert len({body["dedup_key"] for body in bodies}) == 3
    payload = bodies[0]["payload"]
    assert (payload["severity"], payload["source"], payload["class"]) == ("error", "deadline-alerts", "failure")


@pytest.mark.parametrize(
    ("urgency", "priority", "severity"),
    [
        ("late", "critical", "critical"),
        ("late", "high", "critical"),
        ("late", "normal", "error"),
        ("late", "low", "warning"),
        ("today", "normal", "error"),
        ("soon", "critical", "critical"),
        ("open", "normal", "warning"),
        ("moved", "high", "error"),
        ("coming", "normal", "info"),
        ("coming", "low", "info"),
        ("failure", "normal", "error"),
    ],
)
def test_urgency_and_priority_make_the_severity(pager, urgency, priority, severity):
    body = pager.body(replace(POST, urgency=urgency, priority=priority))
    assert body["payload"]["severity"] == severity


@pytest.mark.parametrize("sign", ["x", "期", "💥", '"', "\x01", "a\n"])
def test_what_is_too_large_is_cut_visibly(pager, sign):
    long = (Line((Run(sign * 300_000),)),)
    body = pager.body(replace(POST, title=sign * 3000, sections=(long, long, *SECTIONS), more="alerts show truce"))
    assert len(json.dumps(body).encode()) < 512_000
    assert len(body["payload"]["summary"]) <= 1024
    assert body["payload"]["summary"].endswith("…")
    assert "… shortened: alerts show truce" in "\n".join(body["payload"]["custom_details"]["words"])
    assert body["payload"]["custom_details"]["words"][-1] == "Seen it: alerts ack truce"


@pytest.mark.parametrize(
    ("status", "errors", "end", "words"),
    [
        (400, ["Length of 'routing_key' is incorrect (should be 32 characters)"], "out", NO_KEY),
        (400, ["Invalid routing key"], "out", NO_KEY),
        (400, ["'payload.severity' is invalid"], "again", "PagerDuty does not understand the event"),
        (400, [], "again", "PagerDuty does not understand the event"),
        (429, [], "out", "too many events at a time"),
        (500, [], "out", None),
        (503, [], "out", None),
    ],
)
def test_its_answers_end_as_they_should(*, pager, answers, outgoing, status, errors, end, words):
    answers(status, errors)
    said = f"localhost: HTTP {status}{f'; {words}' if words else ''}"
    assert ending(pager, outgoing(body=TRIGGER)) == (end, said)


@pytest.mark.parametrize(("headers", "seconds"), [({}, 120), ({"Retry-After": "7"}, 7)])
def test_when_throttled_it_waits_minutes_unless_the_answer_says(pager, answers, outgoing, headers, seconds):
    answers(429, headers=headers)
    with pytest.raises(DeliveryError) as caught:
        pager.send(outgoing(body=TRIGGER))
    assert caught.value.retry_after == timedelta(seconds=seconds)


def test_keys_in_the_configuration_are_secrets(tmp_path):
    pager, hook = f"{{kind: pagerduty, routing_key: {KEY}}}", "{kind: webhook, secret: [whsec_new, whsec_old]}"
    (tmp_path / "alerts.yaml").write_text(f"channels: {{pager: {pager}, hook: {hook}}}\n")
    settings = load_settings(tmp_path, "sqlite://", {})
    assert {KEY, "whsec_new"} <= set(settings.secrets())
    assert KEY not in repr(settings)
