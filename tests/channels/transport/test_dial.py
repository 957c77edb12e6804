"""Names that hang and addresses that do not answer: one deadline for all of them, for mail and for HTTP."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from alerts import channels
from alerts.channels.transport import dial
from alerts.channels.transport import smtp as _smtp
from alerts.channels.transport.time_budget import TimeBudget
from alerts.core.deliveries import DeliveryError
from tests.channels.endings import ending
from tests.patience import pause

TIMEOUT = 0.5  # seconds, where nothing but the time limit ends it
AMPLE = 20.0


@pytest.fixture(params=["email", "webhook"])
def send(request, outgoing, scripted):  # closed before the servers are waited for
    """Send through a channel to a host and port; returns how it ends, and why."""
    built = []

    def make(host, port, timeout=AMPLE):
        options = {"url": f"http://{host}:{port}/s3cret"}
        if request.param == "email":
            smtp = {"host": host, "port": port, "security": "none"}
            options = {"from": "alerts@example.org", "to": ["desk@example.org"], "smtp": smtp}
        channel = channels.build("desk", request.param, options | {"timeout": timeout})
        built.append(channel)
        end, words = ending(channel, outgoing("desk@example.org", body={}))
        return end if end == "sent" else f"{end}: {words.rpartition(': ')[2]}"

    yield make
    for channel in built:
        channel.close()


@pytest.fixture
def resolver(monkeypatch):
    """Say what a name has for addresses; a function of no arguments is called for them. Others are looked up."""
    real, names = socket.getaddrinfo, {}

    def look_up(host, *args, **options):
        if host not in names:
            return real(host, *args, **options)
        found = names[host]() if callable(names[host]) else names[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


@pytest.fixture
def silent():
    """An address at which nobody answers: the queue of those who want to connect is full."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    with listener, socket.create_connection(listener.getsockname()):
        yield listener.getsockname()


def either(connection):
    """Speak as a mail server to who waits to be greeted, else as an HTTP server."""
    connection.settimeout(0.05)
    try:
        connection.recv(65536)
    except TimeoutError:
        connection.settimeout(5)
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        while line := lines.readline():
            if line == b"data\r\n":
                connection.sendall(b"354 go\r\n")
                while lines.readline() not in (b".\r\n", b""):
                    continue
            connection.sendall(b"250 ok\r\n")
    else:
        connection.sendall(b"HTTP/1.1 204 Done\r\n\r\n")


def test_a_name_that_hangs_is_left_at_the_deadline_and_hangs_one_thread(send, resolver):
    answered = threading.Event()
    resolver["slow.example.org"] = lambda: [("127.0.0.1", 1)] * answered.wait(30)
    before = set(threading.enumerate())
    with ThreadPoolExecutor(max_workers=5) as threads:
        assert set(threads.map(lambda _: send("slow.example.org", 25, TIMEOUT), range(5))) == {"out: timed out"}
    assert send("slow.example.org", 25, TIMEOUT) == "out: timed out"
    (lookup,) = set(threading.enumerate()) - before
    assert lookup.daemon  # it does not hold up the end of the process
    answered.set()
    lookup.join()


def test_a_name_that_comes_back_is_asked_for_anew(send, resolver, scripted):
    def unknown():
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver["new.example.org"] = unknown
    port = scripted(either)
    assert send("new.example.org", port) == "out: Name or service not known"
    resolver["new.example.org"] = [("127.0.0.1", port)]
    assert send("new.example.org", port) == "sent"


def test_a_name_without_an_address_is_an_error(send, resolver):
    resolver["none.example.org"] = []
    assert send("none.example.org", 25) == "out: the name has no address"


def test_a_name_that_is_none_is_an_error(send):
    assert send("a" * 64 + ".example.org", 25) == "out: Name or service not known"


def test_addresses_that_are_silent_share_the_deadline(send, resolver, silent):
    resolver["many.example.org"] = [silent] * 9
    assert send("many.example.org", 25, TIMEOUT) == "out: timed out"


def test_an_address_that_answers_is_found_behind_those_that_do_not(send, resolver, silent, scripted):
    refused = ("127.0.0.1", 1)
    resolver["many.example.org"] = [silent, refused, ("127.0.0.1", scripted(either)), silent]
    assert send("many.example.org", 25, 4) == "sent"


def test_a_refused_connection_is_said_at_once(send):
    assert send("127.0.0.1", 1) == "out: Connection refused"


def test_a_connection_that_takes_all_the_time_there_is_is_closed(send, scripted, monkeypatch):
    def dial_slowly(*asked):
        connected.append(dial.dial(*asked))
        pause(TIMEOUT)
        return connected[-1]

    connected = []
    monkeypatch.setattr("alerts.channels.transport.http_session.dial", dial_slowly)
    monkeypatch.setattr("alerts.channels.transport.smtp.dial", dial_slowly)
    assert send("127.0.0.1", scripted(either), TIMEOUT) == "out: timed out"
    assert [one.fileno() for one in connected] == [-1]


def test_no_copy_is_left_of_a_connection_whose_time_is_up():
    ours, theirs = socket.socketpair()
    with theirs:
        with ours, pytest.raises(TimeoutError), dial.cut_off(ours, TimeBudget(timedelta())):
            pass
        theirs.settimeout(AMPLE)
        assert theirs.recv(1) == b"", "somebody holds it open"


def test_an_address_of_the_sixth_version_is_dialled(send):
    assert send("[::1]", 1) in ("out: Connection refused", "out: Cannot assign requested address")


def test_our_own_name_is_not_waited_for(outgoing, scripted, monkeypatch):
    answered, asked = threading.Event(), []
    monkeypatch.setattr(socket, "getfqdn", lambda: (asked.append(1), answered.wait(30), "mail.example.org")[-1])
    _smtp._full_name.cache_clear()
    greetings = []

    def listen(connection):
        connection.sendall(b"220 here\r\n")
        greetings.append(connection.recv(100))

    smtp = {"host": "127.0.0.1", "port": scripted(listen), "security": "none"}
    options = {"from": "alerts@example.org", "to": ["desk@example.org"], "smtp": smtp, "timeout": TIMEOUT}
    channel = channels.build("desk", "email", options)
    for _ in range(3):
        with pytest.raises(DeliveryError, match="connection lost"):
            channel.send(outgoing("desk@example.org"))
        answered.set()
        _smtp._full_name().result()
    assert greetings == [b"ehlo example.org\r\n", *[b"ehlo mail.example.org\r\n"] * 2]
    assert asked == [1]
    _smtp._full_name.cache_clear()
