"""What a receiver may answer, and all that it may do instead: how the post ends, and that it ends in time."""

import gzip
import socket
import ssl
import struct
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from alerts import channels
from alerts.core.deliveries import DeliveryError
from tests.channels.conftest import secured
from tests.channels.endings import ending
from tests.patience import pause

TIMEOUT = 0.6  # seconds, where nothing but the time limit ends it
GREETED_BEFORE = 2.0  # seconds in which a busy machine has begun a TLS handshake
ANSWERED_BEFORE = 3.0  # seconds in which a busy machine has read a status, and only then waits for nothing
AMPLE = 20.0
PATH = "/services/s3cret"
BOMB = gzip.compress(bytes(64_000_000))  # 62 kB

ABOUT_THE_MESSAGE = {400, 413, 415, 422}
GOOD_IF_ANYTHING = {200: "sent", 400: "again", 410: "off", 302: "out", 503: "out"}


def expected(status: int) -> str:
    if 200 <= status < 300:
        return "sent"
    return "again" if status in ABOUT_THE_MESSAGE else "off" if status == 410 else "out"


@pytest.fixture
def open_channel(scripted):  # closed before the servers are waited for
    built = []

    def make(port, *, scheme="http", verify=None, timeout=AMPLE):
        options = {"url": f"{scheme}://localhost:{port}{PATH}", "timeout": timeout} | ({"ca": verify} if verify else {})
        built.append(channels.build("hook", "webhook", options))
        return built[-1]

    yield make
    for channel in built:
        channel.close()


@pytest.fixture
def ends(open_channel, outgoing):
    """Post to a port once, and return how that ends."""
    return lambda port, size=1, **options: ending(open_channel(port, **options), outgoing(body={"x": "x" * size}))


def read_request(connection) -> bool:
    """Read all of one request; tell whether there was one."""
    lines, length = connection.makefile("rb"), 0
    while (line := lines.readline()) not in (b"\r\n", b""):
        if line.startswith(b"Content-Length: "):
            length = int(line.split()[1])
    lines.read(length)
    return line == b"\r\n"


def says(answer: bytes, then=lambda _: None):
    """A server that says one thing, then does another."""

    def script(connection):
        read_request(connection)
        connection.sendall(answer)
        then(connection)

    return script


def again_and_again(piece: bytes, every: float = 0):
    """Send it until the other side has had enough."""

    def send(connection):
        connection.settimeout(1)  # for one who hung up while we were held up takes long to say so
        while True:
            connection.sendall(piece)
            pause(every)

    return send


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def nothing_more(connection):
    connection.recv(1)


FLOOD = 65536
IN_THE_HEAD = {  # all of them: the channel is out
    "drop": says(b""),
    "drop in the head": says(b"HTTP/1.1 200 OK\r\nX: "),
    "reset": says(b"", reset),
    "silence": says(b"", nothing_more),
    "drip": says(b"", again_and_again(b"H", 0.02)),
    "drip of a header": says(b"HTTP/1.1 200 OK\r\nX: ", again_and_again(b"x", 0.02)),
    "drip of headers": says(b"HTTP/1.1 200 OK\r\n", again_and_again(b"X: y\r\n", 0.02)),
    "endless line": says(b"", again_and_again(b"H" * FLOOD)),
    "endless header": says(b"HTTP/1.1 200 OK\r\nX: ", again_and_again(b"x" * FLOOD)),
    "endless headers": says(b"HTTP/1.1 200 OK\r\n", again_and_again(b"X: y\r\n" * 9999)),
    "long headers": says(b"HTTP/1.1 200 OK\r\n", again_and_again(b"X: " + b"y" * 60000 + b"\r\n")),
    "1xx flood": says(b"", again_and_again(b"HTTP/1.1 100 Continue\r\n\r\n" * 999)),
    "1xx drip": says(b"", again_and_again(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.02)),
    "garbage": says(b"\x00\xff\r\n\r\n"),
    "a mail server": says(b"220 mail.example.org ESMTP\r\n"),
    "not a number": says(b"HTTP/1.1 2OO OK\r\n\r\n"),
    "another version": says(b"HTTP/2.0 200 OK\r\n\r\n"),
    "no status of HTTP": says(b"HTTP/1.1 600 Beyond\r\n\r\n"),
    "it never reads": lambda _: pause(1.5 * TIMEOUT),
}
IN_THE_BODY = {  # the status has been said, and holds
    "drop": (b"Content-Length: 99", lambda _: None),
    "reset": (b"Content-Length: 99", reset),
    "drip": (b"Content-Length: 99", again_and_again(b"x", 0.02)),
    "gigabyte": (b"Content-Length: 1000000000", again_and_again(b"x" * FLOOD)),
    "no end": (b"Connection: close", again_and_again(b"x" * FLOOD)),
    "a length of many digits": (b"Content-Length: " + b"9" * 5000, again_and_again(b"x", 0.02)),
    "bomb": (b"Content-Encoding: gzip\r\nConnection: close", lambda connection: connection.sendall(BOMB)),
    "not packed": (b"Content-Encoding: gzip\r\nConnection: close", lambda connection: connection.sendall(b"x" * 99)),
    "chunked drip": (b"Transfer-Encoding: chunked", again_and_again(b"1\r\nx\r\n", 0.02)),
    "chunks without end": (b"Transfer-Encoding: chunked", again_and_again(b"1\r\nx\r\n" * 9999)),
    "chunk of endless size": (b"Transfer-Encoding: chunked", again_and_again(b"0" * FLOOD)),
    "chunk of a negative size": (b"Transfer-Encoding: chunked\r\n\r\n-1", again_and_again(b"x" * FLOOD)),
    "trailers without end": (b"Transfer-Encoding: chunked\r\n\r\n0", again_and_again(b"X: y\r\n" * 9999)),
}
DRIPS = ("drip", "a length of many digits", "chunked drip")  # which only the time limit ends


def all_at_once(function, cases, most=16):
    with ThreadPoolExecutor(max_workers=most) as threads:
        return dict(zip(cases, threads.map(function, cases), strict=True))


def test_every_status_ends_as_it_should(open_channel, outgoing, scripted):
    def in_turn(connection):
        while read_request(connection):
            status = next(statuses)
            last = status < 200  # and no answer follows
            ends = "Connection: close\r\n" if last else ""
            connection.sendall(f"HTTP/1.1 {status} x\r\n{ends}Content-Length: 0\r\n\r\n".encode())
            if last:
                return

    statuses = iter(range(100, 600))
    channel = open_channel(scripted(in_turn))
    ended = {status: ending(channel, outgoing(body={}))[0] for status in range(100, 600)}
    assert ended == {status: expected(status) for status in range(100, 600)}


def test_closing_hangs_up_at_once(open_channel, outgoing, scripted):
    hung_up = threading.Event()

    def listen(connection):
        says(b"HTTP/1.1 204 Done\r\n\r\n", nothing_more)(connection)
        hung_up.set()

    channel = open_channel(scripted(listen))
    assert ending(channel, outgoing(body={})) == ("sent", "HTTP 204")
    pools = channel._poster._session.get_adapter("http://").poolmanager.pools
    held = [pools[key] for key in pools.keys()]  # noqa: SIM118 # it is no dict
    channel.close()
    assert held
    assert hung_up.wait(AMPLE)


def test_an_answer_after_early_hints_counts(ends, scripted):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    assert ends(scripted(says(early + b"HTTP/1.1 204 Done\r\n\r\n"))) == ("sent", "HTTP 204")


def test_whatever_happens_before_the_status_is_the_channels(ends, scripted):
    def end(fault):
        size = 12_000_000 if fault == "it never reads" else 1
        return ends(scripted(IN_THE_HEAD[fault]), size, timeout=TIMEOUT)[0]

    assert all_at_once(end, IN_THE_HEAD) == dict.fromkeys(IN_THE_HEAD, "out")


def test_whatever_happens_after_the_status_changes_nothing(ends, scripted):
    def end(case):
        status, fault = case
        headers, then = IN_THE_BODY[fault]
        head = f"HTTP/1.1 {status} x\r\nLocation: http://localhost:1/\r\n".encode()
        timeout = ANSWERED_BEFORE if fault in DRIPS else AMPLE
        return ends(scripted(says(head + headers + b"\r\n\r\n", then)), timeout=timeout)

    cases = [(status, fault) for status in GOOD_IF_ANYTHING for fault in IN_THE_BODY]
    ended = all_at_once(end, cases, most=len(GOOD_IF_ANYTHING) * len(DRIPS))
    assert {case: end for case, (end, _) in ended.items()} == {case: GOOD_IF_ANYTHING[case[0]] for case in cases}
    assert all(f"HTTP {status}" in words for (status, _), (_, words) in ended.items())


@pytest.mark.parametrize("fault", ["gigabyte", "bomb", "chunk of endless size", "chunk of a negative size"])
def test_an_answer_takes_no_more_memory_than_we_read_of_it(ends, scripted, fault):
    headers, then = IN_THE_BODY[fault]
    port = scripted(says(b"HTTP/1.1 302 Over there\r\nLocation: /\r\n" + headers + b"\r\n\r\n", then))
    tracemalloc.start()
    try:
        assert ends(port)[0] == "out"
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["itself", "another host", "nowhere"])
def test_a_redirect_is_not_followed(ends, scripted, status, where):
    reached = []
    other = scripted(reached.append)
    target = {"itself": PATH, "another host": f"http://127.0.0.1:{other}/", "nowhere": "http://[/"}[where]
    answer = f"HTTP/1.1 {status} x\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    port = scripted(lambda connection: (reached.append(connection), says(answer)(connection)))
    words = f"localhost: HTTP {status}; a redirect is not followed: set the url to where it leads"
    assert ends(port) == ("out", words)
    assert len(reached) == 1


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """An authority, a file that says so, and a context of a server it vouches for."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))

    def context(name, **options):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **options).configure_cert(server)
        return server

    return str(file), context


def over_tls(context, script):
    def serve(connection):
        with secured(context, connection) as wrapped:
            script(wrapped)

    return serve


def test_over_tls_it_is_the_same(ends, scripted, authority):
    verify, context = authority
    cases = IN_THE_HEAD | {"success": says(b"HTTP/1.1 204 Done\r\n\r\n")}
    del cases["reset"]  # SO_LINGER is the plain socket's

    def end(fault):
        port = scripted(over_tls(context("localhost"), cases[fault]))
        size = 12_000_000 if fault == "it never reads" else 1
        timeout = AMPLE if fault == "success" else GREETED_BEFORE
        return ends(port, size, scheme="https", verify=verify, timeout=timeout)[0]

    assert all_at_once(end, cases) == dict.fromkeys(cases, "out") | {"success": "sent"}


OLD = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "options", "trusted", "words"),
    [
        ("localhost", {}, False, "certificate not trusted: unable to get local issuer certificate"),
        ("other.example.org", {}, True, "certificate not trusted: Hostname mismatch"),
        ("localhost", {"not_before": OLD, "not_after": OLD + timedelta(days=9)}, True, "certificate has expired"),
    ],
)
def test_a_certificate_that_is_wrong_ends_the_connection(*, ends, scripted, authority, name, options, trusted, words):
    verify, context = authority
    reached = []
    port = scripted(over_tls(context(name, **options), reached.append))
    end, said = ends(port, scheme="https", verify=verify if trusted else None)
    assert (end, words in said, reached) == ("out", True, [])


HELLO_REQUESTS = b"\x16\x03\x03\x40\x00" + bytes(0x4000)  # a record of 4096 times HelloRequest, which is ignored
TLS_FAULTS = {
    "plain HTTP": says(b"HTTP/1.1 200 OK\r\n\r\n"),
    "drop": lambda _: None,
    "silence": lambda connection: (connection.recv(65536), nothing_more(connection)),
    "drip": again_and_again(HELLO_REQUESTS[:5] + bytes(9), 0.02),
    "endless": again_and_again(HELLO_REQUESTS),
}


def test_a_handshake_that_fails_is_the_channels(ends, scripted):
    def end(fault):
        return ends(scripted(TLS_FAULTS[fault]), scheme="https", timeout=GREETED_BEFORE)[0]

    assert all_at_once(end, TLS_FAULTS) == dict.fromkeys(TLS_FAULTS, "out")


@pytest.mark.parametrize("status", [302, 400, 410, 429, 503])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("-1", None),
        ("1e99", None),
        ("9" * 99, 365 * 86400),
        (timedelta(days=2), 2 * 86400),
        (timedelta(days=-2), None),
        ("soon, or never", None),
    ],
)
def test_the_pause_that_is_asked_for_is_passed_on(*, open_channel, outgoing, scripted, status, text, seconds):
    if isinstance(text, timedelta):
        text = format_datetime(datetime.now(UTC) + text, usegmt=True)
    answer = f"HTTP/1.1 {status} x\r\nRetry-After: {text}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(DeliveryError) as caught:
        open_channel(scripted(says(answer))).send(outgoing(body={}))
    pause = caught.value.retry_after
    assert (None if pause is None else pause.total_seconds()) == (seconds and pytest.approx(seconds, abs=60))
