"""Each phase of an SMTP session goes wrong in each way: how the send ends, and that it ends in time."""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import pytest

from alerts import channels
from alerts.channels import email as email_channel
from tests.channels.conftest import secured
from tests.channels.endings import ending
from tests.patience import ends_within, pause

TIMEOUT = 0.6  # seconds, where nothing but the time limit ends it
SENT_BEFORE = 3.0  # seconds in which a busy machine has sent the mail, and only then waits for nothing
AMPLE = 20.0

# sent; again: this recipient only; dead for this recipient; out: the channel, and again; slow: again, and more slowly
TABLE = """
             drop  4xx    5xx   421   limit  login  drip  garbage  line  lines
connect      out   out    out   out   out    out    out   out      out   out
banner       out   out    out   out   slow   out    out   out      out   out
EHLO         out   out    out   out   slow   out    out   out      out   out
STARTTLS     out   out    out   out   slow   out    out   out      out   out
handshake    out   out    out   out   out    out    out   out      out   out
AUTH         out   out    out   out   out    out    out   out      out   out
MAIL         out   out    out   out   slow   out    out   out      out   out
RCPT         out   again  dead  out   slow   out    out   out      out   out
DATA         out   again  dead  out   slow   out    out   out      out   out
body         out   again  dead  out   slow   out    out   out      out   out
QUIT         sent  sent   sent  sent  sent   sent   sent  sent     sent  sent
"""
_HEAD, *_ROWS = [line.split() for line in TABLE.strip().splitlines()]
EXPECTED = {phase: dict(zip(_HEAD, outcomes, strict=True)) for phase, *outcomes in _ROWS}

SAID = {
    "4xx": b"451 4.3.0 later\r\n",
    "5xx": b"554 5.7.1 never\r\n",
    "421": b"421 4.3.2 closing\r\n",
    "limit": b"421 4.7.0 too many connections\r\n",
    "login": b"530 5.7.0 log in first\r\n",
    "garbage": b"\x00\xffSSH-2.0\r\n",
}
GOOD = {
    "EHLO": b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
    "HELO": b"250 here\r\n",
    "STARTTLS": b"220 go\r\n",
    "AUTH": b"235 in\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go\r\n",
    "body": b"250 taken\r\n",
    "RSET": b"250 ok\r\n",
    "QUIT": b"221 bye\r\n",
}


TLS = ("connect", "handshake")  # the phases in which no line is read


class Over(Exception):  # noqa: N818 # it is no error
    """The session is over."""


class Peer:
    """A server that does as it should but for one fault in one phase; keeps the mails that it was given."""

    def __init__(self, phase: str, fault: str, certificate: str) -> None:
        self.phase, self.fault = phase, fault
        self.mails: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def __call__(self, connection: socket.socket) -> None:
        with suppress(Over, OSError):
            self._reply(connection, "connect", b"")
            if self.phase == "connect":
                connection = secured(self._context, connection)
            self._reply(connection, "banner", b"220 here\r\n")
            plain = self._commands(connection)
            self._reply(plain, "handshake", b"")
            with secured(self._context, plain) as connection:
                self._commands(connection)

    def _commands(self, connection: socket.socket) -> socket.socket:
        lines = connection.makefile("rb")
        while line := lines.readline():
            verb = line.split()[0].decode().upper()
            self._reply(connection, verb, GOOD[verb])
            if verb == "STARTTLS":
                return connection
            if verb == self.phase == "DATA":  # it was refused
                continue
            if verb == "DATA":
                mail = b""
                while (line := lines.readline()) not in (b".\r\n", b""):
                    mail += line
                self.mails.append(mail)
                self._reply(connection, "body", GOOD["body"])
        raise Over

    def _reply(self, connection: socket.socket, phase: str, good: bytes) -> None:
        if phase.replace("HELO", "EHLO") != self.phase:
            connection.sendall(good)
        elif self.fault in SAID:
            connection.sendall(SAID[self.fault])
            if phase in TLS:
                connection.recv(65536)
                raise Over
        elif self.fault == "drop":
            raise Over
        else:
            self._keep_on(connection)

    def _keep_on(self, connection: socket.socket) -> None:
        piece = {"drip": b"2", "line": b"2" * 65536, "lines": b"250-more\r\n" * 6553}[self.fault]
        if self.fault == "lines" and self.phase in TLS:
            piece = b"\x16\x03\x03\x40\x00" + bytes(0x4000)  # 4096 times HelloRequest, which is ignored
        every = 0.02 if self.fault == "drip" else 0
        connection.settimeout(1)
        while True:
            connection.sendall(piece)
            pause(every)


@pytest.fixture
def open_channel(certificate, monkeypatch, scripted):  # closed before the servers are waited for
    monkeypatch.setattr(email_channel, "MAILS_PER_CONNECTION", 1)  # so that each says goodbye

    built = []

    def make(port, security="starttls", **options):
        smtp = {"host": "localhost", "port": port, "ca": certificate, "security": security}
        smtp |= {"username": "alerts", "password": "s3cret"} if security != "none" else {}
        options = {"from": "alerts@example.org", "to": ["desk@example.org"], "timeout": AMPLE, "smtp": smtp} | options
        built.append(channels.build("desk-mail", "email", options))
        return built[-1]

    yield make
    for channel in built:
        channel.close()


@pytest.mark.parametrize("phase", EXPECTED)
def test_every_fault_in_a_phase_ends_in_time_and_as_it_should(phase, certificate, open_channel, scripted, outgoing):
    def ends(fault):
        peer = Peer(phase, fault, certificate)
        hangs = fault == "drip" or (fault == "lines" and phase in TLS)
        timeout = SENT_BEFORE if phase == "QUIT" else TIMEOUT if hangs else AMPLE
        channel = open_channel(scripted(peer), "tls" if phase == "connect" else "starttls", timeout=timeout)
        end, words = ending(channel, outgoing("desk@example.org"))
        assert len(peer.mails) == (phase in ("body", "QUIT"))
        if fault == "lines" and phase not in (*TLS, "QUIT"):
            assert "the answer has no end" in words  # and it is not only the deadline that ends it
        return end

    with ThreadPoolExecutor(max_workers=len(_HEAD)) as threads:
        ended = dict(zip(_HEAD, threads.map(ends, _HEAD), strict=True))
    assert ended == EXPECTED[phase]


def test_without_a_fault_the_mail_is_sent(certificate, open_channel, scripted, outgoing):
    peer = Peer("none", "none", certificate)
    assert ending(open_channel(scripted(peer)), outgoing("desk@example.org")) == ("sent", "250 taken")
    assert len(peer.mails) == 1


def test_a_mail_is_repeated_with_the_same_bytes_after_a_drop(certificate, open_channel, scripted, outgoing):
    peer = Peer("body", "drop", certificate)
    channel = open_channel(scripted(peer))
    for _ in range(2):
        end, words = ending(channel, outgoing("desk@example.org"))
        assert end == "out"
        assert words == (
            "localhost: connection lost (SMTPServerDisconnected) in the middle of the mail; should it have arrived all "
            "the same, the repeat has the same Message-ID"
        )
    assert peer.mails[0] == peer.mails[1]
    assert b"Message-ID: <5f1c2a54-1111-5222-8333-123456789abc@example.org>\r\n" in peer.mails[0]


def test_of_three_recipients_one_refused_the_others_have_theirs_once(smtp_server, postbox, open_channel, outgoing):
    people = ["desk@example.org", "gone@example.org", "me@example.org"]
    postbox.refuse["gone@example.org"] = "550 5.1.1 gone"
    channel = open_channel(smtp_server(), "none", to=people)
    ends = [ending(channel, outgoing(person, uuid4()))[0] for person in people]
    assert ends == ["sent", "dead", "sent"]
    assert postbox.recipients == ["desk@example.org", "me@example.org"]
    assert len(postbox.mails) == 2


@pytest.mark.parametrize(
    ("command", "reply", "end"),
    [
        ("MAIL", "552 5.3.4 larger than 10 octets", "dead"),
        ("MAIL", "452 4.3.1 disk full", "out"),
        ("desk@example.org", "552 5.2.2 mailbox full", "dead"),
        ("desk@example.org", "452 4.5.3 too many", "slow"),
        ("desk@example.org", "354 what", "out"),
        ("DATA", "535 5.7.8 who are you", "out"),
        ("DATA", "552 5.3.4 too large", "dead"),
    ],
)
def test_replies_at_the_edge_of_the_table(*, smtp_server, postbox, open_channel, outgoing, command, reply, end):
    postbox.refuse[command] = reply
    assert ending(open_channel(smtp_server(), "none"), outgoing("desk@example.org"))[0] == end


def test_a_login_challenge_that_cannot_be_read_is_the_channels(
    certificate, open_channel, scripted, outgoing, monkeypatch
):
    monkeypatch.setitem(GOOD, "AUTH", b"334 abc\r\n")  # no base64
    end, words = ending(open_channel(scripted(Peer("none", "none", certificate))), outgoing("desk@example.org"))
    assert end == "out"
    assert words.endswith("login failed: the server's challenge cannot be read")


@pytest.mark.parametrize(("sender", "end"), [("alerts@example.org", "again"), ("jörg@example.org", "out")])
def test_an_address_the_server_cannot_be_told_stops_others_only_if_it_is_ours(
    *, smtp_server, open_channel, outgoing, sender, end
):
    channel = open_channel(smtp_server(enable_SMTPUTF8=False), "none", **{"from": sender})
    assert ending(channel, outgoing("zoë@example.org"))[0] == end


def test_any_yes_is_a_yes(certificate, open_channel, scripted, outgoing, monkeypatch):
    for phase, reply in {"MAIL": b"252 ok\r\n", "RCPT": b"252 will try\r\n", "body": b"200 taken\r\n"}.items():
        monkeypatch.setitem(GOOD, phase, reply)
    channel = open_channel(scripted(Peer("none", "none", certificate)))
    assert ending(channel, outgoing("desk@example.org")) == ("sent", "200 taken")


@pytest.mark.parametrize("phase", ["RCPT", "body"])
def test_neither_yes_nor_no_is_no_success(*, certificate, open_channel, scripted, outgoing, monkeypatch, phase):
    monkeypatch.setitem(GOOD, phase, b"354 go on\r\n")
    channel = open_channel(scripted(Peer("none", "none", certificate)))
    assert ending(channel, outgoing("desk@example.org"))[0] == "out"


def test_a_handshake_gets_only_what_a_slow_starttls_has_left(open_channel, scripted, outgoing):
    def slow(connection):
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        lines.readline()
        connection.sendall(GOOD["EHLO"])
        lines.readline()
        pause(0.9 * TIMEOUT)
        connection.sendall(GOOD["STARTTLS"])
        lines.read()

    with ends_within(1.4 * TIMEOUT):
        end, words = ending(open_channel(scripted(slow), timeout=TIMEOUT), outgoing("desk@example.org"))
    assert (end, words.rpartition(": ")[2]) == ("out", "timed out")


def test_a_kept_connection_that_went_silent_is_replaced_in_time(open_channel, outgoing, scripted, monkeypatch):
    monkeypatch.setattr(email_channel, "MAILS_PER_CONNECTION", 9)
    opened = []

    def silent_after_one_mail(connection):
        opened.append(connection)
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        for verb in ("HELO", "MAIL", "RCPT", "DATA"):
            lines.readline()
            connection.sendall(GOOD[verb])
        while lines.readline() != b".\r\n":
            continue
        connection.sendall(b"250 taken\r\n")
        lines.read()

    channel = open_channel(scripted(silent_after_one_mail), "none")
    assert [ending(channel, outgoing("desk@example.org"))[0] for _ in range(2)] == ["sent", "sent"]
    assert len(opened) == 2
