"""The bytes of a mail."""

import re
from binascii import b2a_qp
from email import message_from_bytes, policy
from email.header import Header

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alerts.channels.transport.mime import mail
from alerts.strict_yaml.mailboxes import one_address

SENDER = one_address("Alerts <alerts@example.org>")


def parsed(content: bytes):
    message = message_from_bytes(content, policy=policy.default)
    parts = list(message.iter_parts()) or [message]
    assert not [defect for part in (message, *parts) for defect in part.defects]
    return message, [part.get_content().replace("\r\n", "\n") for part in parts]


@pytest.mark.parametrize(
    "text",
    [
        "short\n",
        "no end of line",
        "x" * 5000,
        "ü" * 5000,
        "中美经贸 " * 900,
        ".\n..\n",
        "trailing space \n",
        "From here\n--=_5f1c",
        "",
    ],
)
def test_any_text_survives_in_lines_that_smtp_bears(outgoing, text):
    content = mail(outgoing("desk@example.org", text=text, html=text), SENDER)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert not re.search(rb"[^\r]\n|\r[^\n]|[\x80-\xff]", content)
    _, (plain, html) = parsed(content)
    assert plain.rstrip() == html.rstrip() == text.rstrip()


@pytest.mark.parametrize(
    "subject",
    [
        "Due",
        "long " * 60,
        "y" * 500,
        "Frist läuft ab — «Zölle» und Gegenzölle " * 5,
        "中美经贸休战" * 30,
        "=?utf-8?q?spoof?=",
    ],
)
def test_any_subject_survives(outgoing, subject):
    content = mail(outgoing("desk@example.org", subject=subject), SENDER)
    message, _ = parsed(content)
    assert message["Subject"] == subject.strip()
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\S+\?=", content))  # RFC 2047 §2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # `outgoing` keeps nothing
@example(subject="x中美经贸休战" + "中美经贸休战" * 20)  # in base64, over several lines
@given(
    subject=st.text(st.sampled_from("abcde …,?_=é漢𝄞"), max_size=300).map(lambda text: " ".join(f"x{text}é".split()))
)
def test_a_subject_is_encoded_as_the_library_encodes_it(outgoing, subject):
    content = mail(outgoing("desk@example.org", subject=subject), SENDER)
    written = Header(subject, "utf-8", 74, "Subject").encode(linesep="\r\n")
    assert f"Subject: {written}\r\n".encode() in content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("ab= .\t\n\r_é") | st.characters(max_codepoint=127), max_size=400))
def test_a_text_is_encoded_line_by_line_as_it_is_as_a_whole(outgoing, text):
    text = f"{text}\n{'x' * 2000}"  # else it would be base64
    content = mail(outgoing("desk@example.org", text=text), SENDER)
    lines = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", re.sub("\r\n?|\n", "\r\n", text)).encode()
    _, _, body = content.partition(b"\r\n\r\n")
    assert body == b2a_qp(lines.removesuffix(b"\r\n") + b"\r\n")


@pytest.mark.parametrize("control", ["\0", "\b", "\x0b", "\x0c", "\x1b", "\x7f", "\ud83d"])
@pytest.mark.parametrize("rest", ["", "é", "\ud800"])
def test_a_character_that_no_mail_may_hold_becomes_a_sign(outgoing, control, rest):
    _, (plain,) = parsed(mail(outgoing("desk@example.org", text=f"a{control}b{rest}"), SENDER))
    assert plain.rstrip() == f"a\ufffdb{rest}".replace("\ud800", "\ufffd")


def test_no_subject_can_add_a_header(outgoing):
    content = mail(outgoing("desk@example.org", subject="Due\r\nBcc: eve@example.org\n\nbody\x85x\u2028y"), SENDER)
    message, _ = parsed(content)
    assert message["Subject"] == "Due Bcc: eve@example.org body x y"
    assert "Bcc" not in message


def test_long_addresses_and_ids_stay_whole(outgoing):
    long = "a" * 60 + "@" + ".".join(["b" * 60] * 3)
    content = mail(outgoing(long), one_address(long))
    assert f"\r\nTo: {long}\r\n".encode() in content.replace(b"\r\n ", b" ")
    assert f"Message-ID: <5f1c2a54-1111-5222-8333-123456789abc@{long.partition('@')[2]}>\r\n".encode() in content


def test_a_name_beyond_ascii_is_encoded(outgoing):
    message, _ = parsed(mail(outgoing("desk@example.org"), one_address("Büro für Fristen 期限 <a@example.org>")))
    assert message["From"] == "Büro für Fristen 期限 <a@example.org>"


def test_a_mail_without_html_has_one_part(outgoing):
    message, (text,) = parsed(mail(outgoing("desk@example.org"), SENDER))
    assert message.get_content_type() == "text/plain"
    assert text == "It is due.\n"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@x", "a@x"),
        ("Desk <a@x.org>", "a@x.org"),
        ('"Desk, the" <a@x.org>', "a@x.org"),
        ("a@müller.de", "a@xn--mller-kva.de"),
        ("jörg@x.org", "jörg@x.org"),
    ],
)
def test_one_address_is_read(text, address):
    assert one_address(text).addr_spec == address


@pytest.mark.parametrize(
    "text",
    [
        "a@x, b@y",
        "a@x b@y",
        "a@x\nBcc: b@y",
        "",
        "a",
        "@x",
        "a@",
        "a@@x",
        "a@x)",
        "a..b@x",
        "a@-x",
        "a@x.",
        "a b@x",
        "desk: a@x;",
        7,
    ],
)
def test_anything_but_one_address_is_refused_without_being_repeated(text):
    with pytest.raises(ValueError, match="address") as caught:
        one_address(text)
    assert str(text) in ("", "a", "a@") or str(text) not in str(caught.value)
