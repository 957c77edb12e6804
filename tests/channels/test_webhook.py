"""Webhooks and Slack over a real HTTP server, and over one that misbehaves."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook
from werkzeug import Response

from alerts import channels
from alerts.channels.transport.http import Poster
from alerts.channels.transport.http_answers import retry_after
from alerts.core.deliveries import DeliveryError
from tests.patience import ends_within, pause

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = {"event": "reminder", "title": "Zölle & Fristen <期限>"}
PATH = "/services/T0/B0/s3cret"


@pytest.fixture
def open_channel():
    built = []

    def make(url, *, kind="webhook", timeout=5, **options):
        built.append(channels.build("hook", kind, {"url": url, "timeout": timeout} | options))
        return built[-1]

    yield make
    for channel in built:
        channel.close()


def answer(httpserver, status=200, headers=None, content="ok"):
    httpserver.expect_request(PATH, method="POST").respond_with_response(Response(content, status, headers))
    return httpserver.url_for(PATH)


def test_the_body_is_posted_as_compact_json(httpserver, open_channel, outgoing):
    assert open_channel(answer(httpserver)).send(outgoing(body=BODY)) == "HTTP 200"
    (request, _), *_ = httpserver.log
    assert request.data == '{"event":"reminder","title":"Zölle & Fristen <期限>"}'.encode()
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["webhook-id"] == "5f1c2a54-1111-5222-8333-123456789abc"
    assert "webhook-signature" not in request.headers


def test_a_signed_post_verifies(httpserver, open_channel, outgoing):
    open_channel(answer(httpserver), secret=SECRET).send(outgoing(body=BODY))
    (request, _), *_ = httpserver.log
    assert Webhook(SECRET).verify(request.data, dict(request.headers)) == BODY


def test_while_the_secret_changes_a_post_verifies_with_either(httpserver, open_channel, outgoing):
    secrets = [SECRET, "whsec_" + "A" * 32]
    open_channel(answer(httpserver), secret=secrets).send(outgoing(body=BODY))
    (request, _), *_ = httpserver.log
    for secret in secrets:
        assert Webhook(secret).verify(request.data, dict(request.headers)) == BODY
    assert [one[:3] for one in request.headers["webhook-signature"].split(" ")] == ["v1,", "v1,"]


def test_every_retry_posts_the_same_bytes_under_the_same_id(httpserver, open_channel, outgoing):
    channel = open_channel(answer(httpserver))
    channel.send(outgoing(body=BODY))
    channel.send(outgoing(body=dict(reversed(BODY.items()))))
    first, second = (request for request, _ in httpserver.log)
    assert first.data == second.data
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_headers_of_the_user_go_along(httpserver, open_channel, outgoing):
    open_channel(answer(httpserver), headers={"Authorization": "Bearer t0ken"}).send(outgoing(body=BODY))
    (request, _), *_ = httpserver.log
    assert request.headers["Authorization"] == "Bearer t0ken"


def test_a_post_has_nothing_of_the_one_before(httpserver):
    poster = Poster(SecretStr(answer(httpserver)), 1)
    poster.post(b"{1}", {"X-First": "1"}, timedelta(seconds=5))
    poster.post(b"{}", {}, timedelta(seconds=5))
    poster.close()
    (first, _), (second, _) = httpserver.log
    assert (first.data, first.headers["X-First"], second.data, "X-First" in second.headers) == (
        b"{1}",
        "1",
        b"{}",
        False,
    )


def test_what_is_left_of_an_answer_is_not_taken_for_the_next(scripted):
    """A server that sends a body after HEAD, which has none (RFC 9110 section 9.3.2), that looks like an answer."""

    def script(connection):
        request = connection.makefile("rb")
        is_head = request.readline().startswith(b"HEAD ")
        while request.readline() != b"\r\n":
            pass
        if is_head:
            kept = b"HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\nHTTP/1.1 204 Old\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(kept)
            request.read()
        else:
            connection.sendall(b"HTTP/1.1 500 New\r\nContent-Length: 0\r\n\r\n")

    poster = Poster(SecretStr(f"http://127.0.0.1:{scripted(script)}/"), 1)
    assert poster.date(timedelta(seconds=5)) is None
    with pytest.raises(DeliveryError, match="HTTP 500"):
        poster.post(b"", {}, timedelta(seconds=5))
    poster.close()


def test_a_header_of_the_user_takes_the_place_of_ours_however_it_is_written(httpserver, open_channel, outgoing):
    open_channel(answer(httpserver), headers={"USER-AGENT": "theirs"}).send(outgoing(body=BODY))
    (request, _), *_ = httpserver.log
    assert request.headers.getlist("User-Agent") == ["theirs"]


def test_posts_share_a_connection(open_channel, outgoing, scripted):
    opened = []

    def script(connection):
        opened.append(connection)
        request = connection.makefile("rb")
        length = 0
        while line := request.readline():
            if line.startswith(b"Content-Length: "):
                length = int(line.split()[1])
            if line == b"\r\n":
                request.read(length)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    channel = open_channel(f"http://127.0.0.1:{scripted(script)}/")
    for _ in range(3):
        channel.send(outgoing(body=BODY))
    channel.close()
    assert len(opened) == 1


def test_slack_gets_text_and_blocks(httpserver, open_channel, outgoing):
    body = {"text": "Due &amp; open", "blocks": [{"type": "divider"}]}
    assert open_channel(answer(httpserver), kind="slack").send(outgoing(body=body)) == "HTTP 200"
    (request, _), *_ = httpserver.log
    assert json.loads(request.data) == body


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (302, False, "HTTP 302; a redirect is not followed"),
        (400, False, "HTTP 400; the receiver does not understand"),
        (403, False, "HTTP 403; the receiver does not let us in"),
        (404, False, "HTTP 404; there is nothing at this url"),
        (410, True, "HTTP 410; the receiver has closed this url for good"),
        (429, False, "HTTP 429; too many messages"),
        (500, False, "HTTP 500$"),
    ],
)
def test_any_status_but_success_is_an_error_and_only_gone_is_permanent(
    *, httpserver, open_channel, outgoing, status, permanent, words
):
    with pytest.raises(DeliveryError, match=rf"^(localhost|127\.0\.0\.1): {words}") as caught:
        open_channel(answer(httpserver, status, {"Location": "/elsewhere"}, "")).send(outgoing(body=BODY))
    assert caught.value.permanent is permanent
    assert "s3cret" not in str(caught.value)
    assert len(httpserver.log) == 1


def test_slacks_reason_is_passed_on_and_other_text_is_not(httpserver, open_channel, outgoing):
    url = answer(httpserver, 400, content="invalid_blocks")
    with pytest.raises(DeliveryError, match=r"; invalid_blocks$"):
        open_channel(url, kind="slack").send(outgoing(body=BODY))
    httpserver.clear()
    with pytest.raises(DeliveryError) as caught:
        open_channel(answer(httpserver, 400, content=f"bad post to {url}")).send(outgoing(body=BODY))
    assert "s3cret" not in str(caught.value)


def test_a_429_says_for_how_long(httpserver, open_channel, outgoing):
    with pytest.raises(DeliveryError) as caught:
        open_channel(answer(httpserver, 429, {"Retry-After": "30"}), kind="slack").send(outgoing(body=BODY))
    assert caught.value.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Mon, 03 Nov 2025 14:02:00 GMT", 120),
        ("Mon, 03 Nov 2025 13:00:00 GMT", None),
        ("-5", None),
        ("1.5", 2),
        ("0.65", 1),
        ("64.57", 65),
        ("1.5.7", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("9" * 5000, 365 * 86400),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    now = datetime(2025, 11, 3, 14, 0, tzinfo=UTC)
    assert retry_after(text, now) == (None if seconds is None else timedelta(seconds=seconds))


def in_time(channel, outgoing, words):
    """Return the error with which a channel fails in time; it shows neither the secret nor a second line."""
    with ends_within(3), pytest.raises(DeliveryError, match=words) as caught:
        channel.send(outgoing(body=BODY))
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def drip(start: bytes, piece: bytes):
    def script(connection):
        connection.recv(65536)
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            pause(0.05)

    return script


@pytest.mark.parametrize(
    ("start", "piece"), [(b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n"), (b"HTTP/1.1 200 OK\r\nX: ", b"x")]
)
def test_a_server_that_drips_its_headers_is_left_at_the_deadline(open_channel, outgoing, scripted, start, piece):
    channel = open_channel(f"http://127.0.0.1:{scripted(drip(start, piece))}{PATH}", timeout=0.3)
    assert not in_time(channel, outgoing, r"127\.0\.0\.1: timed out").permanent


def test_a_server_that_drips_an_error_is_left_at_the_deadline(open_channel, outgoing, scripted):
    script = drip(b"HTTP/1.1 503 Busy\r\nContent-Length: 99999\r\nRetry-After: 7\r\n\r\n", b"x")
    error = in_time(open_channel(f"http://127.0.0.1:{scripted(script)}{PATH}", timeout=2), outgoing, "HTTP 503")
    assert error.retry_after == timedelta(seconds=7)


def test_a_success_whose_answer_drips_is_a_success_by_the_deadline(open_channel, outgoing, scripted):
    script = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x")
    channel = open_channel(f"http://127.0.0.1:{scripted(script)}{PATH}", timeout=2)
    with ends_within(3):
        assert channel.send(outgoing(body=BODY)) == "HTTP 200"


def test_an_answer_without_end_is_cut_off(open_channel, outgoing, scripted):
    def script(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    channel = open_channel(f"http://127.0.0.1:{scripted(script)}{PATH}", timeout=5)
    with ends_within(2):
        assert channel.send(outgoing(body=BODY)) == "HTTP 200"


def test_a_drop_is_tried_again(open_channel, outgoing, scripted):
    channel = open_channel(f"http://127.0.0.1:{scripted(lambda c: c.recv(65536))}{PATH}")
    assert not in_time(channel, outgoing, "connection lost").permanent


def test_a_refused_connection_is_said_without_the_path(open_channel, outgoing):
    error = in_time(open_channel(f"http://127.0.0.1:1{PATH}"), outgoing, r"^127\.0\.0\.1: Connection refused$")
    assert not error.permanent


def test_a_name_that_there_is_not_is_said_without_the_path(open_channel, outgoing, monkeypatch):
    error = in_time(open_channel(f"http://no-such-host.invalid{PATH}"), outgoing, r"^no-such-host\.invalid: ")
    assert not error.permanent


def test_a_certificate_that_is_not_trusted_ends_the_connection(open_channel, outgoing, smtp_server):
    channel = open_channel(f"https://localhost:{smtp_server('tls')}{PATH}")
    error = in_time(channel, outgoing, "localhost: certificate not trusted: self-signed certificate")
    assert not error.permanent


def test_rubbish_headers_do_not_put_the_url_into_the_log(open_channel, outgoing, scripted, caplog):
    def script(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n")

    with caplog.at_level("DEBUG"):
        open_channel(f"http://127.0.0.1:{scripted(script)}{PATH}").send(outgoing(body=BODY))
    assert "s3cret" not in caplog.text


def test_a_proxy_of_the_environment_is_not_used(httpserver, open_channel, outgoing, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert open_channel(answer(httpserver)).send(outgoing(body=BODY)) == "HTTP 200"


def test_a_cookie_is_not_sent_back(httpserver, open_channel, outgoing):
    channel = open_channel(answer(httpserver, headers={"Set-Cookie": "a=b"}))
    channel.send(outgoing(body=BODY))
    channel.send(outgoing(body=BODY))
    assert "Cookie" not in httpserver.log[1][0].headers


def test_a_message_without_a_body_is_refused(open_channel, outgoing):
    with pytest.raises(DeliveryError, match="without the JSON body"):
        open_channel("http://127.0.0.1:1/").send(outgoing())
