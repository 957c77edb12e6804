"""E-mail over a real SMTP server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import SMTP as POLICY
from uuid import uuid4

import pytest

from alerts import channels
from alerts.channels import email as email_channel
from alerts.core.bounce_tokens import SentMail, bounce_token
from alerts.core.deliveries import DeliveryError
from alerts.deadlines.errors import InputError
from tests.channels.conftest import ID
from tests.patience import PATIENCE, ends_within, pause


@pytest.fixture
def open_channel():
    """Build an e-mail channel to a port on loopback; all are closed in the end."""
    built = []

    def make(
        port,
        *,
        timeout=5,
        sender="Alerts <alerts@example.org>",
        to=("desk@example.org",),
        off=None,
        bounces=None,
        **smtp,
    ):
        smtp = {"host": "127.0.0.1", "port": port, "security": "none"} | smtp
        options = {"from": sender, "to": list(to), "smtp": smtp, "timeout": timeout} | (
            {"unsubscribe": off} if off else {}
        )
        options |= {"bounces": bounces} if bounces else {}
        built.append(channels.build("desk-mail", "email", options))
        return built[-1]

    yield make
    for channel in built:
        channel.close()


def says(*replies):
    """A script that greets, then answers each command with the next reply; after DATA it reads the mail first."""

    def script(connection):
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        for reply in replies:
            line = lines.readline()
            if reply == b"mail":
                while line != b".\r\n":
                    line = lines.readline()
                return
            connection.sendall(reply)
        lines.readline()

    return script


GOOD = (b"250 here\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n")


def test_a_mail_arrives_with_its_headers_and_the_servers_reply_comes_back(smtp_server, postbox, open_channel, outgoing):
    channel = open_channel(smtp_server())
    assert channel.send(outgoing("desk@example.org", html="<p>It is due.</p>")) == "250 2.0.0 Ok: queued as 4ZX"
    mail = message_from_bytes(postbox.mails[0], policy=POLICY)
    assert mail["Message-ID"] == "<5f1c2a54-1111-5222-8333-123456789abc@example.org>"
    assert mail["From"] == "Alerts <alerts@example.org>"
    assert mail["To"] == "desk@example.org"
    assert mail["Date"] == "Mon, 03 Nov 2025 14:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert postbox.recipients == ["desk@example.org"]


TOKEN = bounce_token(SentMail(ID, 1), b"k" * 32)


@pytest.mark.parametrize(
    ("bounces", "token", "sender"),
    [
        (None, TOKEN, "alerts@example.org"),
        ("bounces@example.org", TOKEN, f"bounces+{TOKEN}@example.org"),
        ("Bounces <mail-came-back-0@example.org>", TOKEN, f"mail-came-back-0+{TOKEN}@example.org"),
        ("bounces@example.org", "", "bounces@example.org"),  # a test message
    ],
)
def test_a_mail_comes_back_to_an_address_of_its_own(
    *, smtp_server, postbox, open_channel, outgoing, bounces, token, sender
):
    channel = open_channel(smtp_server(), bounces=bounces)
    channel.send(outgoing("desk@example.org", bounce_token=token))
    assert postbox.senders == [sender]
    assert channel.signs_senders is (bounces is not None)
    assert message_from_bytes(postbox.mails[0], policy=POLICY)["From"] == "Alerts <alerts@example.org>"
    assert TOKEN.encode() not in postbox.mails[0]


@pytest.mark.parametrize(
    ("bounces", "error"),
    [
        ("mail-came-back-to-us@example.org", "expected at most 18 characters before the @"),
        ("bücher@example.org", "expected an address of ASCII letters"),
        ("a@example.org, b@example.org", "expected exactly one mail address, found 2"),
    ],
)
def test_a_mailbox_for_bounces_has_room_for_the_id_of_a_mail(open_channel, bounces, error):
    with pytest.raises(InputError, match=error):
        open_channel(25, bounces=bounces)


def test_every_retry_sends_the_same_bytes(smtp_server, postbox, open_channel, outgoing):
    channel = open_channel(smtp_server())
    for _ in range(2):
        channel.send(outgoing("desk@example.org"))
    assert postbox.mails[0] == postbox.mails[1]


def test_a_line_that_begins_with_a_dot_arrives_as_it_was_written(smtp_server, postbox, open_channel, outgoing):
    text = "\n".join([".", "..", f".{'a' * 60}", f"..{'b' * 60}", f"after{'.' * 60}", "."])  # too long for base64
    open_channel(smtp_server()).send(outgoing("desk@example.org", text=text))
    assert message_from_bytes(postbox.mails[0], policy=POLICY).get_content().replace("\r\n", "\n").rstrip() == text


def test_mails_share_a_connection_up_to_its_cap(smtp_server, postbox, open_channel, outgoing, monkeypatch):
    monkeypatch.setattr(email_channel, "MAILS_PER_CONNECTION", 3)
    channel = open_channel(smtp_server())
    for _ in range(7):
        channel.send(outgoing("desk@example.org", uuid4()))
    assert len(postbox.mails) == 7
    assert len(postbox.sessions) == 3


def test_threads_share_the_channel(smtp_server, postbox, open_channel, outgoing):
    channel = open_channel(smtp_server())
    with ThreadPoolExecutor(max_workers=channel.connections) as threads:
        list(threads.map(lambda _: channel.send(outgoing("desk@example.org", uuid4())), range(40)))
    assert len(postbox.mails) == 40
    assert len(postbox.sessions) <= channel.connections


def test_a_connection_that_idled_too_long_is_not_used_again(smtp_server, postbox, open_channel, outgoing, monkeypatch):
    monkeypatch.setattr(email_channel, "IDLE_AT_MOST", -1.0)
    channel = open_channel(smtp_server())
    for _ in range(2):
        channel.send(outgoing("desk@example.org"))
    assert len(postbox.sessions) == 2


def test_a_kept_connection_that_went_dead_is_replaced(smtp_server, postbox, open_channel, outgoing):
    port = smtp_server()
    channel = open_channel(port)
    channel.send(outgoing("desk@example.org"))
    smtp_server.running[0].stop()
    smtp_server(port=port)
    channel.send(outgoing("desk@example.org"))
    assert len(postbox.mails) == 2


@pytest.mark.parametrize(
    ("command", "reply", "permanent", "words"),
    [
        ("desk@example.org", "550 5.1.1 no such user", True, "recipient refused: 550 5.1.1 no such user"),
        ("desk@example.org", "451 4.7.1 greylisted", False, "recipient refused: 451 4.7.1 greylisted"),
        ("desk@example.org", "530 5.7.0 log in first", False, "recipient refused: 530"),
        ("MAIL", "553 5.7.1 not your address", False, "sender refused: 553 5.7.1 not your address"),
        ("MAIL", "421 4.3.2 going down", False, "sender refused: 421"),
        ("DATA", "554 5.7.1 spam", True, "mail refused: 554 5.7.1 spam"),
        ("DATA", "452 4.3.1 disk full", False, "mail refused: 452 4.3.1 disk full"),
    ],
)
def test_a_refusal_is_permanent_only_for_the_recipient_or_the_mail(
    *, smtp_server, postbox, open_channel, outgoing, command, reply, permanent, words
):
    postbox.refuse[command] = reply
    with pytest.raises(DeliveryError, match=words) as caught:
        open_channel(smtp_server()).send(outgoing("desk@example.org"))
    assert caught.value.permanent is permanent


def test_after_one_refused_recipient_the_next_gets_theirs_on_the_same_connection(
    smtp_server, postbox, open_channel, outgoing
):
    postbox.refuse["gone@example.org"] = "550 5.1.1 gone"
    channel = open_channel(smtp_server(), to=["gone@example.org", "desk@example.org"])
    with pytest.raises(DeliveryError):
        channel.send(outgoing("gone@example.org"))
    channel.send(outgoing("desk@example.org"))
    assert postbox.recipients == ["desk@example.org"]
    assert len(postbox.sessions) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_over_verified_tls(*, smtp_server, postbox, open_channel, outgoing, certificate, security):
    channel = open_channel(smtp_server(security), host="localhost", security=security, ca=certificate)
    channel.send(outgoing("desk@example.org"))
    assert len(postbox.mails) == 1


def test_a_login_follows_starttls(smtp_server, postbox, open_channel, outgoing, certificate):
    port = smtp_server("starttls", authenticator=postbox.authenticate, auth_required=True)
    login = {"username": "alerts", "password": "s3cret", "ca": certificate}
    open_channel(port, host="localhost", security="starttls", **login).send(outgoing("desk@example.org"))
    assert postbox.logins == [(b"alerts", b"s3cret")]
    assert len(postbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_ends_the_connection(smtp_server, postbox, open_channel, outgoing, security):
    channel = open_channel(smtp_server(security), host="localhost", security=security)
    with pytest.raises(DeliveryError, match="certificate not trusted: self-signed certificate") as caught:
        channel.send(outgoing("desk@example.org"))
    assert not caught.value.permanent
    assert not postbox.sessions


def test_a_server_without_starttls_is_not_given_the_mail(smtp_server, postbox, open_channel, outgoing):
    channel = open_channel(smtp_server(), security="starttls")
    with pytest.raises(DeliveryError, match=r"does not offer STARTTLS: set smtp\.security to `tls`"):
        channel.send(outgoing("desk@example.org"))
    assert not postbox.sessions


def test_a_refused_login_is_the_channels_fault_and_shows_no_secret(
    smtp_server, postbox, open_channel, outgoing, certificate
):
    port = smtp_server("starttls", authenticator=postbox.authenticate, auth_required=True)
    login = {"username": "alerts", "password": "wr0ng"}
    channel = open_channel(port, host="localhost", security="starttls", ca=certificate, **login)
    with pytest.raises(DeliveryError, match=r"login refused \(535\)") as caught:
        channel.send(outgoing("desk@example.org"))
    assert not caught.value.permanent
    assert "wr0ng" not in str(caught.value)


def test_a_refused_connection_is_said_in_one_line(open_channel, outgoing, scripted):
    port = scripted(lambda _: None)
    with pytest.raises(DeliveryError, match=rf"^127\.0\.0\.1:{port}: connection lost"):
        open_channel(port).send(outgoing("desk@example.org"))


def drip(connection):
    while True:
        connection.sendall(b"2")
        pause(0.05)


def drip_a_long_reply(connection):
    connection.sendall(b"220 here\r\n")
    while True:
        connection.sendall(b"250-more\r\n")
        pause(0.05)


@pytest.mark.parametrize("script", [drip, drip_a_long_reply])
def test_a_server_that_drips_is_left_at_the_deadline(open_channel, outgoing, scripted, script):
    with ends_within(1), pytest.raises(DeliveryError, match="timed out"):
        open_channel(scripted(script), timeout=0.3).send(outgoing("desk@example.org"))


def test_a_server_that_stops_reading_is_left_at_the_deadline(open_channel, outgoing, scripted):
    left = threading.Event()
    channel = open_channel(scripted(lambda c: (says(*GOOD)(c), left.wait(PATIENCE))), timeout=2)
    with ends_within(4), pytest.raises(DeliveryError, match="in the middle"):
        channel.send(outgoing("desk@example.org", text="x" * 12_000_000))
    left.set()


def test_a_drop_after_the_mail_is_tried_again_for_it_may_not_have_arrived(open_channel, outgoing, scripted):
    channel = open_channel(scripted(says(*GOOD, b"mail")))
    with pytest.raises(DeliveryError, match="the repeat has the same Message-ID") as caught:
        channel.send(outgoing("desk@example.org"))
    assert not caught.value.permanent


def test_a_drop_at_quit_is_a_success(open_channel, outgoing, scripted, monkeypatch):
    def script(connection):
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        for reply in GOOD:
            lines.readline()
            connection.sendall(reply)
        while lines.readline() != b".\r\n":
            continue
        connection.sendall(b"250 taken\r\n")
        lines.readline()  # QUIT

    monkeypatch.setattr(email_channel, "MAILS_PER_CONNECTION", 1)
    assert open_channel(scripted(script)).send(outgoing("desk@example.org")) == "250 taken"


BEYOND = "jörg@example.org"


@pytest.mark.parametrize(
    ("withheld", "sender", "to", "asked"),
    [
        ((), "Alerts <alerts@example.org>", "desk@example.org", {"SIZE"}),
        ((), "Fristenbüro <alerts@example.org>", "desk@example.org", {"SIZE"}),
        ((), "Alerts <alerts@example.org>", "desk@müller.example.org", {"SIZE"}),
        ((), "Fristenbüro <alerts@example.org>", BEYOND, {"SIZE", "SMTPUTF8", "BODY=8BITMIME"}),
        ((), BEYOND, "desk@example.org", {"SIZE", "SMTPUTF8", "BODY=8BITMIME"}),
        (("8BITMIME",), BEYOND, BEYOND, {"SIZE", "SMTPUTF8"}),
        (("SIZE", "8BITMIME", "SMTPUTF8"), "Fristenbüro <alerts@example.org>", "desk@example.org", set()),
    ],
)
def test_extensions_are_used_where_they_are_offered_and_needed(
    *, smtp_server, postbox, open_channel, outgoing, withheld, sender, to, asked
):
    postbox.withhold.update(withheld)
    channel = open_channel(smtp_server(enable_SMTPUTF8=True), sender=sender, to=[to])
    channel.send(outgoing(channel.recipients[0], subject="Frist läuft ab", text="Schluß: 中美经贸\n", html="<p>ß</p>"))
    assert {"SIZE" if option.startswith("SIZE=") else option for option in postbox.options} == asked
    mail = postbox.mails[0]
    assert b"\r\nSubject: =?utf-8?q?Frist_l=C3=A4uft_ab?=\r\n" in mail
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in mail
    assert mail.isascii() == ("SMTPUTF8" not in asked)
    assert mail.partition(b"\r\n\r\n")[2].isascii()
    assert (f"\r\nTo: {to}\r\n".encode() in mail) == ("ü" not in to)


def test_the_size_that_is_announced_is_that_of_the_mail(smtp_server, postbox, open_channel, outgoing):
    open_channel(smtp_server()).send(outgoing("desk@example.org", text=".\n..\n"))
    assert f"SIZE={len(postbox.mails[0])}" in postbox.options


def test_a_server_without_smtputf8_is_said_so_in_one_line_and_the_others_get_theirs(
    smtp_server, postbox, open_channel, outgoing
):
    channel = open_channel(smtp_server(enable_SMTPUTF8=False), to=[BEYOND, "desk@example.org"])
    with pytest.raises(DeliveryError, match=r"^an address beyond ASCII: SMTPUTF8 not supported by server$") as caught:
        channel.send(outgoing(BEYOND))
    assert (caught.value.permanent, caught.value.channel_out) == (False, False)
    assert not postbox.sessions
    channel.send(outgoing("desk@example.org"))
    assert postbox.recipients == ["desk@example.org"]


OFF = "https://lists.example.org/off?list=alerts,desk&who="


@pytest.mark.parametrize(
    ("off", "to", "written"),
    [
        (OFF + "all", "desk@example.org", OFF + "all"),
        (OFF + "{recipient}", "desk+a&b@example.org", OFF + "desk%2Ba%26b%40example.org"),
        (OFF + "{recipient}", "jörg@example.org", OFF + "j%C3%B6rg%40example.org"),
        (OFF + "x" * (978 - len(OFF)), "desk@example.org", OFF + "x" * (978 - len(OFF))),
        (OFF + "=?utf-8?q?x?=", "desk@example.org", OFF + "=?utf-8?q?x?="),
    ],
)
def test_where_one_unsubscribes_stands_on_one_line_as_it_is(
    *, smtp_server, postbox, open_channel, outgoing, off, to, written
):
    open_channel(smtp_server(enable_SMTPUTF8=True), to=[to], off=off).send(outgoing(to, subject="Frist läuft ab"))
    head = postbox.mails[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{written}>".encode() in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head  # RFC 8058 §2, to the letter
    assert max(map(len, head)) <= 998


def test_where_nothing_is_set_no_mail_speaks_of_unsubscribing(smtp_server, postbox, open_channel, outgoing):
    open_channel(smtp_server()).send(outgoing("desk@example.org"))
    assert b"List-" not in postbox.mails[0]


def test_an_address_that_makes_the_line_too_long_does_not_stop_the_mail(smtp_server, postbox, open_channel, outgoing):
    channel = open_channel(smtp_server(), to=["me@x"], off=OFF + "x" * (972 - len(OFF)) + "{recipient}")
    channel.send(outgoing("somebody.else@example.org"))
    assert b"List-" not in postbox.mails[0]
