"""Each chat posts to a server that answers as that service does, and takes the answer for what it means there."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from alerts import channels
from alerts.core.deliveries import DeliveryError
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from tests.channels.cases import CASES
from tests.channels.endings import ending
from tests.channels.kinds import CHATS

PATH = "/hooks/s3cret"
QUERY = "?key=k1&token=s3cret%3D"
YES: dict[str, list[tuple[int, str]]] = {  # how it says that it has taken a post
    "discord": [(200, '{"id": "1"}'), (204, "")],
    "googlechat": [(200, '{"name": "spaces/A/messages/B"}')],
    "mattermost": [(200, "ok")],
    "slack": [(200, "ok")],
    "teams": [(202, ""), (200, "1")],
}
ASKS = {"discord": ("wait", "true"), "googlechat": ("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")}


def _code(code: int) -> str:
    return json.dumps({"message": "s3cret", "code": code})


def _google(status: str) -> str:
    return json.dumps({"error": {"code": 0, "message": "s3cret", "status": status}})


def _teams(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": "s3cret"}})


def _mattermost(name: str) -> str:
    return json.dumps({"id": f"web.incoming_webhook.{name}.app_error", "message": "s3cret"})


NO = [  # kind, status, answer, how it ends, what is said
    ("discord", 404, _code(10015), "off", "the webhook was deleted.*; 10015"),
    ("discord", 401, _code(50027), "off", "the webhook was deleted.*; 50027"),
    ("discord", 400, _code(50035), "again", "the receiver does not understand the message; 50035"),
    ("discord", 403, _code(50013), "out", "50013"),
    ("discord", 404, "<html>", "out", "there is nothing at this url"),
    ("discord", 502, "<html>", "out", "HTTP 502"),
    ("slack", 404, "channel_not_found", "off", "the channel was deleted.*; channel_not_found"),
    ("slack", 404, "no_service", "off", "the webhook was removed.*; no_service"),
    ("slack", 410, "channel_is_archived", "off", "the channel is archived.*; channel_is_archived"),
    ("slack", 403, "action_prohibited", "out", "an administrator does not allow this; action_prohibited"),
    ("slack", 400, "invalid_payload", "again", "invalid_payload"),
    ("slack", 400, "invalid_blocks\n", "again", "invalid_blocks"),
    ("slack", 500, "rollup_error", "out", "rollup_error"),
    ("slack", 404, "<html>s3cret", "out", "there is nothing at this url"),
    ("googlechat", 404, _google("NOT_FOUND"), "off", "the space or its webhook was deleted.*; NOT_FOUND"),
    ("googlechat", 400, _google("INVALID_ARGUMENT"), "again", "INVALID_ARGUMENT"),
    ("googlechat", 401, _google("UNAUTHENTICATED"), "out", "UNAUTHENTICATED"),
    ("googlechat", 403, _google("PERMISSION_DENIED"), "out", "PERMISSION_DENIED"),
    ("googlechat", 503, _google("UNAVAILABLE"), "out", "UNAVAILABLE"),
    ("googlechat", 404, '{"error": "x"}', "out", "there is nothing at this url"),
    ("mattermost", 400, _mattermost("invalid"), "off", "the webhook was deleted.*invalid"),
    ("mattermost", 501, _mattermost("disabled"), "out", "incoming webhooks are turned off there"),
    ("mattermost", 404, _mattermost("channel"), "out", "the channel of the webhook is not there"),
    ("mattermost", 403, _mattermost("channel_locked"), "out", "the webhook may not post there"),
    ("mattermost", 400, _mattermost("text"), "again", "text"),
    ("mattermost", 500, "[]", "out", "HTTP 500"),
    ("teams", 404, _teams("WorkflowNotFound"), "off", "the workflow was deleted.*; WorkflowNotFound"),
    ("teams", 400, _teams("WorkflowTriggerIsNotEnabled"), "out", "the workflow is turned off"),
    ("teams", 400, _teams("InvalidRequestContent"), "again", "InvalidRequestContent"),
    ("teams", 401, _teams("DirectApiAuthorizationRequired"), "out", "DirectApiAuthorizationRequired"),
    ("teams", 413, _teams("RequestEntityTooLarge"), "again", "too large"),
    ("teams", 502, _teams("NoResponse"), "out", "NoResponse"),
]
PAUSES = [  # kind, headers, answer, seconds
    ("discord", {"Retry-After": "65"}, '{"retry_after": 64.57}', 65),
    ("discord", {"Retry-After": "0.65"}, '{"retry_after": 0.65}', 1),
    ("discord", {}, '{"retry_after": 64.57}', 65),
    ("discord", {}, '{"retry_after": "soon"}', None),
    ("slack", {"Retry-After": "30"}, "rate_limited", 30),
    ("googlechat", {}, _google("RESOURCE_EXHAUSTED"), None),
    ("mattermost", {"Retry-After": "1"}, "", 1),
    ("teams", {"Retry-After": "10"}, _teams("TooManyRequests"), 10),
]


@pytest.fixture
def prepared(httpserver: HTTPServer, renderer: Renderer, outgoing: Any) -> Any:
    """Make a channel of a kind whose service answers so, and a message to it."""

    def prepare(kind: str, status: int, answer: str, headers: dict[str, str] | None = None, query: str = "") -> Any:
        httpserver.expect_request(PATH, method="POST").respond_with_response(Response(answer, status, headers))
        channel = channels.build("chat", kind, {"url": httpserver.url_for(PATH) + query, "timeout": 5})
        message, _ = compose(renderer, channel, CASES["before"])
        return channel, outgoing(body=message.body)

    return prepare


@pytest.mark.parametrize("kind", CHATS)
def test_a_post_arrives_as_it_was_laid_out(prepared: Any, httpserver: HTTPServer, kind: str) -> None:
    for status, answer in YES[kind]:
        httpserver.clear()
        channel, post = prepared(kind, status, answer, query=QUERY)
        assert ending(channel, post) == ("sent", f"HTTP {status}")
        ((request, _),) = httpserver.log
        assert json.loads(request.data) == post.message.body
        asked = parse_qsl(request.query_string.decode())
        assert asked == [("key", "k1"), ("token", "s3cret="), *([ASKS[kind]] if kind in ASKS else [])]


def test_what_a_url_asks_for_itself_stays(prepared: Any, httpserver: HTTPServer) -> None:
    channel, post = prepared("discord", 204, "", query="?wait=false&thread_id=7")
    assert ending(channel, post) == ("sent", "HTTP 204")
    assert httpserver.log[0][0].query_string == b"wait=false&thread_id=7"


@pytest.mark.parametrize(("kind", "status", "answer", "end", "words"), NO)
def test_each_answer_is_taken_for_what_it_means(
    *, prepared: Any, kind: str, status: int, answer: str, end: str, words: str
) -> None:
    ended, said = ending(*prepared(kind, status, answer))
    assert ended == end
    assert re.search(words, said)


@pytest.mark.parametrize(("kind", "headers", "answer", "seconds"), PAUSES)
def test_a_rate_limit_says_for_how_long(
    prepared: Any, kind: str, headers: dict[str, str], answer: str, seconds: int | None
) -> None:
    channel, post = prepared(kind, 429, answer, headers)
    with pytest.raises(DeliveryError, match="too many messages") as caught:
        channel.send(post)
    assert caught.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))
    assert (caught.value.channel_out, caught.value.permanent) == (True, False)
