"""ntfy over a real HTTP server that answers as ntfy does."""

import json
from dataclasses import replace

import pytest

from alerts import channels
from alerts.core.deliveries import DeliveryError
from alerts.core.posts import Line, Post, Run, plain_sections
from tests.channels.endings import ending

SECTIONS = plain_sections("It is due on Fri 7 Nov 2025.\n\nSeen it: alerts ack truce")
POST = Post(
    title="Due Fri 7 Nov 2025", sections=SECTIONS, urgency="soon", thread="truce", link="https://example.org/brief"
)


@pytest.fixture
def sent(httpserver, outgoing, caplog):
    """Send a post to a server that answers so; how it ended, and what was received."""

    def send(post=POST, status=200, answer=None, headers=None, **options):
        httpserver.expect_request("/", method="POST").respond_with_json(answer or {}, status, headers)
        channel = channels.build("phone", "ntfy", {"url": httpserver.url_for("/s3cret"), "timeout": 5} | options)
        body = channel.body(post)
        assert "s3cret" not in json.dumps(body)  # it is kept in the database
        with caplog.at_level("DEBUG"):
            end = ending(channel, outgoing(body=body))
        channel.close()
        assert "s3cret" not in caplog.text
        [(request, _)] = httpserver.log
        return end, request

    return send


def test_a_post_is_published_as_json_to_the_root_of_the_server(sent):
    end, request = sent()
    assert end == ("sent", "HTTP 200")
    assert json.loads(request.data) == {
        "topic": "s3cret",
        "title": "Due Fri 7 Nov 2025",
        "message": "It is due on Fri 7 Nov 2025.\n\nSeen it: alerts ack truce",
        "priority": 3,
        "tags": ["hourglass_flowing_sand"],
        "click": "https://example.org/brief",
    }
    assert "Authorization" not in request.headers


def test_a_token_goes_along(sent):
    assert sent(token="tk_s3cret")[1].headers["Authorization"] == "Bearer tk_s3cret"


@pytest.mark.parametrize(
    ("urgency", "priority", "expected"),
    [
        ("coming", "low", (2, "calendar")),
        ("coming", "normal", (2, "calendar")),
        ("coming", "critical", (4, "calendar")),
        ("open", "normal", (3, "question")),
        ("moved", "normal", (3, "arrow_right")),
        ("today", "low", (3, "alarm_clock")),
        ("late", "normal", (4, "rotating_light")),
        ("late", "high", (5, "rotating_light")),
        ("changed", "normal", (2, "white_check_mark")),
        ("failure", "normal", (4, "warning")),
    ],
)
def test_urgency_and_priority_say_how_loud_it_is(urgency, priority, expected):
    channel = channels.build("phone", "ntfy", {"url": "http://127.0.0.1:9/x"})
    body = channel.body(replace(POST, urgency=urgency, priority=priority))
    assert (body["priority"], body["tags"]) == (expected[0], [expected[1]])


@pytest.mark.parametrize("sign", ["x", "Ž", "期", "💥", '"', "\\", "\x01", "a\nb "])
def test_what_is_too_large_is_cut_visibly_and_stays_a_message(sign):
    channel = channels.build("phone", "ntfy", {"url": "http://127.0.0.1:9/" + "t" * 64})
    long = (Line((Run(sign * 9000),)),)
    post = replace(POST, title=sign * 5000, sections=(long, long, *SECTIONS), link="https://example.org/" + "x" * 900)
    body = channel.body(replace(post, more="alerts show truce"))
    assert len(body["message"].encode()) < 4096
    assert len(body["title"].encode()) <= 1024
    assert len(json.dumps(body | {"topic": "t" * 64}, ensure_ascii=False).encode()) <= 8192
    assert "shortened: alerts show truce" in body["message"]
    assert body["message"].endswith("Seen it: alerts ack truce")
    assert "click" in body
    assert "click" not in channel.body(replace(POST, link="https://example.org/" + "x" * 2000))


@pytest.mark.parametrize(
    ("status", "code", "end", "words"),
    [
        (400, 40009, "out", "the URL does not end in a valid topic name"),
        (400, 40017, "again", "ntfy does not understand the message"),
        (401, 40101, "out", "ntfy does not know us: look at the token"),
        (403, 40301, "out", "we may not write to this topic: look at the token and at who may"),
        (413, 41301, "again", "the message is too large for ntfy"),
        (429, 42901, "out", "too many messages"),
        (429, 42908, "out", "the messages of the day are used up"),
        (429, 42909, "out", "too many failed logins: look at the token"),
        (500, 50001, "out", None),
        (507, 50701, "out", "nobody has subscribed to this UnifiedPush topic, so ntfy keeps nothing for it"),
    ],
)
def test_its_errors_end_as_they_should(*, sent, status, code, end, words):
    ended, said = sent(status=status, answer={"code": code, "http": status, "error": "s3cret: forbidden"})[0]
    assert (ended, said) == (end, f"localhost: HTTP {status}{f'; {words}' if words else ''}")


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [(42901, {}, None), (42901, {"Retry-After": "9"}, 9), (42908, {}, 3600), (42908, {"Retry-After": "9"}, 9)],
)
def test_what_the_day_has_used_up_takes_an_hour_unless_the_server_says(*, httpserver, outgoing, code, headers, seconds):
    httpserver.expect_request("/", method="POST").respond_with_json({"code": code}, 429, headers)
    channel = channels.build("phone", "ntfy", {"url": httpserver.url_for("/s3cret")})
    with pytest.raises(DeliveryError) as caught:
        channel.send(outgoing(body=channel.body(POST)))
    channel.close()
    assert (caught.value.retry_after and caught.value.retry_after.total_seconds()) == seconds


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b"[" * 60000, b'{"code": "40009"}', b'{"code": {}}', b"\xff"])
def test_an_answer_that_is_not_its_own_is_sorted_by_its_status(httpserver, outgoing, answer):
    httpserver.expect_request("/", method="POST").respond_with_data(answer, 403)
    channel = channels.build("phone", "ntfy", {"url": httpserver.url_for("/s3cret"), "timeout": 5})
    assert ending(channel, outgoing(body={}))[0] == "out"
    channel.close()
