"""Apprise as it is, over real HTTP servers: its generic services, and what must not happen through them."""

import json
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from functools import cache

import pytest
from werkzeug import Response

from alerts import channels
from alerts.channels.transport.apprise_process import redacted
from alerts.core.posts import Line, Post, Run, plain_sections
from alerts.deadlines.errors import InputError
from tests.channels.endings import ending
from tests.patience import PATIENCE, cases, pause

SECTIONS = plain_sections("It is due on Fri 7 Nov 2025: <b>&amp;\n\nSeen it: alerts ack truce")
POST = Post(title="Due Fri 7 Nov 2025", sections=SECTIONS, urgency="late", thread="truce", more="alerts show truce")
PATH = "/s3cret/hook"
SLOW = 20  # seconds that a busy machine may take to start it


@cache
def build(url, timeout=SLOW):
    """A channel, which takes half a second to find out about its URL. It keeps nothing of what it sends."""
    return channels.build("other", "apprise", {"url": url, "timeout": timeout})


@pytest.fixture
def other():
    """One that sends nothing."""
    return build("json://localhost")


@pytest.fixture
def sent(httpserver, outgoing, caplog):
    """Send to a server that answers so, by a service of Apprise; how it ended, and what was received."""

    def send(status=200, schema="json", query="", post=POST, headers=None):
        httpserver.expect_request(PATH).respond_with_response(Response("s3cret", status, headers))
        channel = build(f"{schema}://me:s3cretword@localhost:{httpserver.port}{PATH}{query}")
        body = channel.body(post)
        with caplog.at_level("DEBUG"):
            end = ending(channel, outgoing(body=body))
        logged = "".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")
        assert "s3cret" not in logged + json.dumps(body) + repr(vars(channel))
        return end, [request for request, _ in httpserver.log]

    return send


@pytest.mark.usefixtures("apprise_started_anew")
def test_json_is_posted(sent):
    end, [request] = sent()
    assert end == ("sent", "Apprise says that it was sent")
    said = json.loads(request.data)
    assert (said["title"], said["type"], said["attachments"]) == ("Due Fri 7 Nov 2025", "warning", [])
    assert said["message"] == "It is due on Fri 7 Nov 2025: <b>&amp;\n\nSeen it: alerts ack truce"
    assert request.authorization.password == "s3cretword"


def test_a_form_is_posted(sent):
    end, [request] = sent(schema="form")
    assert end[0] == "sent"
    assert request.form["message"].startswith("It is due on Fri 7 Nov 2025: <b>&amp;")
    assert not request.files


@pytest.mark.parametrize(
    ("status", "end"),
    cases(
        [(302, "out"), (400, "again")],
        (301, "out"),
        (307, "out"),
        (403, "out"),
        (413, "again"),
        (429, "out"),
        (500, "out"),
    ),
)
def test_a_failure_is_one_request_and_one_line(sent, status, end):
    headers = {"Location": PATH + "?again"}
    (ended, said), requests = sent(
        status, query="?redirect=yes&retry=3&wait=0.1&optional=yes&overflow=truncate", headers=headers
    )
    assert ended == end
    assert said.startswith("Apprise reported failure: Failed to send JSON")
    assert said.endswith(f"error={status}.")
    assert [request.query_string for request in requests] == [b""]


@pytest.mark.usefixtures("apprise_started_anew")
def test_a_server_that_hangs_is_left_at_the_deadline(outgoing, scripted):
    ended = threading.Event()

    def script(connection):
        while connection.recv(65536):
            pass
        ended.set()

    channel = build(f"json://127.0.0.1:{scripted(script)}{PATH}", timeout=3)
    assert ending(channel, outgoing(body=channel.body(POST))) == ("out", "Apprise: timed out")
    assert ended.wait(PATIENCE)  # nothing is left of it


def test_a_server_that_drips_is_left_at_the_deadline(outgoing, scripted):
    def script(connection):
        connection.recv(65536)
        while True:
            connection.sendall(b"H")
            pause(0.05)

    channel = build(f"json://127.0.0.1:{scripted(script)}{PATH}", timeout=3)
    assert ending(channel, outgoing(body=channel.body(POST)))[0] == "out"


def test_a_refused_connection_is_said_without_the_url(outgoing):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    channel = build(f"json://127.0.0.1:{port}{PATH}")
    end, said = ending(channel, outgoing(body=channel.body(POST)))
    assert end == "out"
    assert said == "Apprise reported failure: A Connection error occurred sending JSON notification to ***."


@pytest.mark.usefixtures("apprise_started_anew")
def test_proxies_and_logins_of_the_environment_are_not_used(sent, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine localhost login other password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert sent()[0][0] == "sent"


def test_what_is_too_long_for_a_service_is_cut_visibly_into_one_message(sent):
    long = (Line((Run("x" * 60_000),)),)
    (end, _), [request] = sent(post=replace(POST, sections=(long, *SECTIONS)))
    message = json.loads(request.data)["message"]
    assert end == "sent"
    assert len(message) <= 32_768
    assert "… shortened: alerts show truce" in message
    assert message.endswith("Seen it: alerts ack truce")


@pytest.fixture
def limited(monkeypatch):
    """Build a channel of a service that takes as much; Apprise is not asked."""

    def make(**limits):
        known = {"ok": True, "warning": "", "limits": limits}
        monkeypatch.setattr("alerts.channels.apprise.run_isolated", lambda *_: known)
        return channels.build("other", "apprise", {"url": "json://localhost"})

    return make


@pytest.mark.parametrize("room", [1, 67, 100])
def test_with_next_to_no_room_the_title_is_said(limited, room):
    body = limited(body=room, title=0, lines=0).body(replace(POST, more=f"alerts show {'x' * 100}"))
    assert body["title"] == ""
    assert body["body"] == ("…" if room == 1 else "Due Fri 7 Nov 2025")


@pytest.mark.parametrize("title", [0, 250])
@pytest.mark.parametrize("lines", [0, 2])
@pytest.mark.parametrize("room", [160, 300, 1000, 4096])
def test_it_fits_what_a_service_takes(*, limited, title, lines, room):
    body = limited(body=room, title=title, lines=lines).body(
        replace(POST, sections=(*plain_sections("word " * 2000), *SECTIONS))
    )
    assert len(body["title"]) + len(body["body"]) <= room
    assert "alerts show truce" in body["body"]
    assert "Due Fri 7 Nov 2025" in body["title"] + body["body"]
    assert (not body["title"]) == (title == 0)
    assert not lines or body["body"].count("\n") < lines


@pytest.mark.parametrize("url", cases(["s3cret://localhost/", "slack://s3cret"], "s3cret", "json://", ""))
def test_a_url_that_apprise_cannot_use_is_one_line_that_does_not_show_it(url):
    with pytest.raises(InputError) as caught:
        build(url)
    assert str(caught.value).startswith("channels.other: url: no service that Apprise can use")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_the_extra_it_is_said_what_to_install():
    code = (
        "import sys; sys.modules['apprise'] = None\n"
        "from alerts import channels\n"
        "try: channels.build('other', 'apprise', {'url': 'json://localhost'}, lambda _: 'alerts.yaml:3: ')\n"
        "except channels.InputError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.stdout == (
        'alerts.yaml:3: channels.other: Apprise is not installed: pip install "deadline-alerts[apprise]"\n'
    )


def test_the_limits_are_those_of_apprise_which_stays_out_of_our_own_process(other):
    body = other.body(replace(POST, title="x" * 300, sections=((Line((Run("y" * 60_000),)),), *SECTIONS)))
    assert len(body["title"]) == 250
    assert 10_000 < len(body["body"]) <= 32_768 - len(body["title"])
    assert body["body"].count("\n") > 1
    assert "apprise" not in sys.modules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Failed to post to host.example.org.", "Failed to post to ***."),
        ("p%40ss and p@ss and hunter2", "*** and *** and ***"),
        ("see https://elsewhere.example.org/token?x=1 for more", "see *** for more"),
        ("Failed to send JSON notification: error=500.", "Failed to send JSON notification: error=500."),
    ],
)
def test_no_part_of_the_url_is_left_in_what_apprise_says(text, expected):
    assert redacted(text, "json://p%40ss:hunter2@host.example.org/hook?+X=y") == expected
