"""What mail servers send back, as each of them does: every report leaves its delivery in the right state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from alerts.bounce_intake import FORGED, NOT_OURS, take_in
from alerts.core.bounce_tokens import SentMail, bounce_token
from alerts.store import Store
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox.enqueue import put_deliveries
from tests.factories import NOW

REPORTS = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "reports").glob("*.eml"))}
OURS, OTHERS = UUID(int=1), UUID(int=2)
DELAYED = "delayed, the mail server is still trying: nothing changes"
ARRIVED = "delivered or passed on: nothing changes"
REPLY = "an automatic reply or a receipt, not a bounce: nothing changes"
# Each report, and why the delivery is bounced; or the line about one that changes nothing.
BOUNCED = {
    "address-beyond-ascii": "content not accepted (5.6.7): 553 5.6.7 Ungültige Adresse (for ännä@example.org)",
    "alias-one-member-gone": "mailbox has moved (5.1.6): 551 5.1.6 cy@example.org has moved (for cy@example.org)",
    "exchange-mailbox-full": "mailbox full (5.2.2)",
    "exchange-online-not-found": "the address takes no mail (5.1.10): 550 5.1.10 RESOLVER.ADR.RecipientNotFound; "
    "Recipient anna@example.org not found by SMTP address lookup",
    "exim-refused": "returned as undeliverable (5.0.0): 550 No Such User Here",
    "forwarded-and-refused": "no such mailbox (5.1.1): 550 5.1.1 anna@former-employer.example.org no longer works here "
    "(for anna@former-employer.example.org)",
    "gmail-no-domain": "returned as undeliverable (4.0.0): DNS Error: DNS type 'mx' lookup of example.org responded "
    "with code NXDOMAIN",
    "gmail-not-found": "no such mailbox (5.1.1): 550-5.1.1 This account was not found here. Check the 550-5.1.1 "
    "spelling of the address, or see 550 5.1.1 https://help.example.org/a/*** - smtp",
    "opensmtpd-error": "returned as undeliverable (5.0.0): 550 Invalid recipient: anna@example.org",
    "policy-refusal": "refused by policy (5.7.1): 554 5.7.1 Message looks like spam (score 8.1)",
    "postfix-expired": "no answer from the mail server (4.4.1): connect to mx.example.org[192.0.2.7]:25: Connection "
    "timed out",
    "postfix-no-such-user": "no such mailbox (5.1.1): 550 5.1.1 <anna@example.org>: Recipient address rejected: User "
    "unknown in virtual mailbox table",
    "relay-service-headers-only": "mailbox disabled (5.2.1): 550 5.2.1 The email account is disabled",
    "sendmail-no-such-host": "no such domain (5.1.2): 550 Host unknown",
    "status-in-base64": "bad address (5.1.3): 501 5.1.3 Bad recipient address syntax",
    "status-without-action": "mailbox disabled (5.2.1): mailbox disabled",
    "text-exchange-5": "returned as undeliverable: anna@example.org on Mon, 3 Nov 2025 10:00:05 +0100 The recipient "
    "name is not recognized",
    "text-exim": "returned as undeliverable: anna@example.org Unrouteable address",
    "text-german-no-code": "returned as undeliverable: den Empfänger anna@example.org gibt es bei uns nicht.",
    "text-gmail": "no such mailbox (5.1.1): 550 550 5.1.1 the account is not there (state 13).",
    "text-latin-1": "no such mailbox (5.1.1): 550 5.1.1 Boîte inconnue",
    "text-no-code-from-a-server": "returned as undeliverable: We are unable to hand over what you sent to "
    "anna@example.org.",
    "text-outlook-html": "address refused (5.4.1): 550 5.4.1 Recipient address rejected: Access denied",
    "text-postfix": "mailbox full (5.2.2): <anna@example.org>: host mx.example.org[192.0.2.7] said: 552 5.2.2 mailbox "
    "is over its quota (in reply to end of DATA command)",
    "text-qmail": "no such mailbox (5.1.1): Sorry, nobody has this mailbox here. (#5.1.1)",
    "text-quota-rejected": "returned as undeliverable: Your message to <anna@example.org> was automatically rejected: "
    "Quota exceeded (mailbox for user is full)",
    "text-refused-after-a-delay": "no such mailbox (5.1.1): 550 5.1.1 <anna@example.org> unknown",
    "text-sendmail-expired": "returned as undeliverable: 451 anna@example.org... mx.example.org: Name server timeout "
    "Message could not be delivered for 5 days",
    "text-sendmail": "returned as undeliverable: 550 <anna@example.org>... User unknown 550 <anna@example.org>... User "
    "unknown",
}
UNCHANGED = {
    "alias-expanded": ARRIVED,
    "answer-of-a-person": REPLY,
    "away": REPLY,
    "delivered-to-one-delayed-for-one": DELAYED,
    "exim-delayed": DELAYED,
    "gmail-incomplete": DELAYED,
    "newsletter": "not recognized as a bounce: nothing changes; look at it yourself",
    "out-of-office": REPLY,
    "postfix-delayed": DELAYED,
    "postfix-delivered": ARRIVED,
    "postfix-relayed": ARRIVED,
    "read-receipt": REPLY,
    "spam-complaint": REPLY,
    "text-delivered": ARRIVED,
    "text-exchange-delayed": DELAYED,
    "text-exim-delayed": DELAYED,
    "text-gmail-delayed": DELAYED,
    "text-relayed": ARRIVED,
}


@pytest.fixture
def sent(sqlite_url: str) -> Iterator[Store]:
    """A store with two mails that were sent; tests/store/outbox/test_bounces.py has both databases."""
    store = Store(sqlite_url)
    rows = [new_delivery(one, "mail", "anna@example.org", NOW) for one in (OURS, OTHERS)]
    with store.database.write() as connection:
        put_deliveries(connection, [row | {"state": "sent", "attempts": 1, "next_at": None} for row in rows])
    yield store
    store.close()


def token(store: Store, delivery: UUID = OURS) -> bytes:
    return bounce_token(SentMail(delivery, 1), store.bounces.key()).encode()


def states(store: Store) -> dict[Any, tuple[str, str | None]]:
    return {row["id"]: (row["state"], row["last_error"]) for row in store.ledger.deliveries()}


UNTOUCHED = {OURS: ("sent", None), OTHERS: ("sent", None)}


def test_each_report_has_its_expectation():
    assert BOUNCED.keys() | UNCHANGED.keys() == REPORTS.keys()
    assert not BOUNCED.keys() & UNCHANGED.keys()


@pytest.mark.parametrize("name", sorted(BOUNCED))
def test_a_failure_makes_its_delivery_bounced_and_no_other(sent, name):
    taken = take_in(sent, REPORTS[name].replace(b"TOKEN", token(sent)), None, NOW)
    assert taken.text == f"00000000 via mail to anna@example.org bounced: {BOUNCED[name]}"
    assert not taken.needs_a_look
    assert states(sent) == {OURS: ("bounced", BOUNCED[name]), OTHERS: ("sent", None)}


@pytest.mark.parametrize("name", sorted(UNCHANGED))
def test_what_is_no_failure_changes_nothing(sent, name):
    taken = take_in(sent, REPORTS[name].replace(b"TOKEN", token(sent)), None, NOW)
    assert taken.text == f"00000000: {UNCHANGED[name]}"
    assert taken.needs_a_look is (name == "newsletter")
    assert states(sent) == UNTOUCHED


@pytest.mark.parametrize("name", ["postfix-no-such-user", "text-exim", "text-qmail"])
def test_a_forged_report_changes_nothing(sent, name):
    """Somebody has the address of one mail, knows the id of another, and makes up the rest."""
    mine, wanted = token(sent), bounce_token(SentMail(OTHERS, 1), b"guessed" * 5).encode()
    another = b"a" if mine[-2:-1] != b"a" else b"b"
    for forged in (wanted, wanted[:29] + mine[29:], mine[:-2] + another + mine[-1:], b"a" * len(mine)):
        taken = take_in(sent, REPORTS[name].replace(b"TOKEN", forged), None, NOW)
        assert (taken.text, taken.needs_a_look) == (FORGED, True)
    assert states(sent) == UNTOUCHED


def test_a_report_to_one_mail_changes_no_other_whatever_mail_it_returns(sent):
    report = REPORTS["postfix-no-such-user"]
    returned = report.replace(
        b"Return-Path: <bounces+kwlbo2h5lncoje5wengzx46gx4aah6imrmvhjsthi2ery@", b"Return-Path: <"
    )
    assert returned != report
    inside = returned.replace(b"Return-Path: <example.org>", b"Return-Path: <bounces+" + token(sent) + b"@example.org>")
    assert token(sent) in inside
    assert take_in(sent, inside.replace(b"To: bounces+TOKEN@", b"To: bounces@"), None, NOW).text == NOT_OURS
    assert states(sent) == UNTOUCHED


def test_a_database_that_has_signed_no_mail_knows_none(sent):
    report = REPORTS["postfix-no-such-user"].replace(b"TOKEN", b"a" * 45)
    assert take_in(sent, report, None, NOW).text == FORGED
    assert sent.bounces.known_key() is None


@pytest.mark.parametrize("header", ["X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", None])
def test_the_address_may_stand_where_a_mail_server_puts_it(sent, header):
    report = REPORTS["postfix-no-such-user"].replace(b"To: bounces+TOKEN@example.org", b"To: undisclosed:;")
    address = f"bounces+{token(sent).decode()}@example.org"
    if header:
        report = f"{header}: {address}\n".encode() + report
    take_in(sent, report, None if header else address, NOW)
    assert states(sent)[OURS][0] == "bounced"


def test_line_ends_of_the_network_change_nothing(sent):
    for name in ("postfix-no-such-user", "text-qmail", "status-in-base64"):
        report = REPORTS[name].replace(b"TOKEN", token(sent)).replace(b"\n", b"\r\n")
        text = take_in(sent, report, None, NOW).text
        assert "bounced" in text
    assert states(sent)[OURS] == ("bounced", BOUNCED["postfix-no-such-user"])


def test_a_secret_of_the_settings_in_the_text_of_a_server_is_not_stored(sent):
    report = REPORTS["postfix-no-such-user"].replace(b"TOKEN", token(sent)).replace(b"unknown in virtual", b"hunter22")
    taken = take_in(sent, report, None, NOW, lambda text: text.replace("hunter22", "***"))
    assert "hunter22" not in taken.text + (states(sent)[OURS][1] or "")
    assert "***" in taken.text


def test_a_report_after_the_first_says_that_it_is_known(sent):
    report = REPORTS["postfix-no-such-user"].replace(b"TOKEN", token(sent))
    take_in(sent, report, None, NOW)
    assert take_in(sent, report, None, NOW).text.endswith("to anna@example.org: known to have bounced: nothing changes")
    gone = REPORTS["postfix-no-such-user"].replace(b"TOKEN", token(sent, UUID(int=3)))
    assert take_in(sent, gone, None, NOW).text == "00000000: this database has no such delivery: nothing changes"
    sent.ledger.dismiss(str(OURS), NOW)
    assert take_in(sent, report, None, NOW).text.endswith("to anna@example.org: it is dismissed: nothing changes")


def nested(depth: int) -> bytes:
    """Multiparts within multiparts."""
    heads = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (one, one) for one in range(depth))
    return heads + b"Content-Type: text/plain\n\nhello\n"


@pytest.mark.parametrize(
    "body",
    [
        nested(1200),
        b"Content-Type: multipart/report; report-type=delivery-status\n\nno boundary\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!\n",
        b"Content-Type: text/plain; charset=\xff\n\n\xff\xfe 550\n",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        + b"Action: failed\nStatus: 5.1.1.1.1\n" * 5_000 + b"--b--\n",
        b"Subject: " + b"will be retried " * 10_000 + b"\n\n",
        b"\n" + b"<a " * 20_000,
        b"",
    ],
    ids=["nested", "no-boundary", "empty", "no-base64", "no-charset", "long", "subject", "tags", "nothing"],
)  # fmt: skip
def test_odd_mails_end_in_a_line(sent, body):
    address = f"bounces+{token(sent).decode()}@example.org"
    taken = take_in(sent, b"From: mailer-daemon@example.org\n" + body, address, NOW)
    assert taken.text.startswith("00000000")
    assert len(states(sent)[OURS][1] or "") < 500
