"""What operators are told of what fails, and how an alert says that it was meant for somebody else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from alerts.core.delivery_failures import ChangedAddress, DeliveryFailure, Notice, RestoredDatabase
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NOW, SLACK, notification, told

ID = UUID("a1b2c3d4-1111-5222-8333-123456789abc")
DEAD = DeliveryFailure(
    id=ID,
    channel="desk-mail",
    recipient="desk@example.org",
    state="dead",
    error="recipient refused: 550 5.1.1 no such user",
    attempts=1,
    about=("rare-earth-pause on_the_day",),
    fallback_channels=("policy-chat",),
)
LATE = DeliveryFailure(
    id=ID, channel="policy-chat", recipient="", state="retry", error="hooks.example.org: timed out", attempts=5
)
PLAIN = DeliveryFailure(
    id=ID, channel="desk-mail", recipient="desk@example.org", state="sent", error="template x: line 3: oh"
)
RETRY, DISMISS = "Try again      alerts retry ID", "Stop retrying  alerts dismiss ID"
EVIL = "<!channel> \x1b[31m\r\nBcc: all@example.org @everyone"
FORMS = ["mail", "text", "json", "post"]


def render(renderer: Renderer, medium, *failures: DeliveryFailure, more: int = 0):
    message, error = renderer.render(notification(notice=Notice(failures=failures, more=more)), medium)
    assert error is None
    return message


def test_a_notice_says_what_failed_why_what_it_was_about_and_what_to_type(renderer):
    message = render(renderer, "mail", DEAD)
    assert message.subject == "Alerts not delivered via desk-mail: 1 failed"
    assert message.text == (
        "a1b2c3d4       desk-mail to desk@example.org\n"
        "State          failed, no more retries\n"
        "Error          recipient refused: 550 5.1.1 no such user\n"
        "About          rare-earth-pause on_the_day\n"
        "Sent via       policy-chat\n"
        "\n"
        "See them       alerts deliveries --state dead\n"
        "Try again      alerts retry ID\n"
        "Stop retrying  alerts dismiss ID\n"
    )


RESTORED = RestoredDatabase(taken_at=NOW - timedelta(days=1), restored_at=NOW, resumed_at=NOW + timedelta(hours=1))


@pytest.mark.parametrize("medium", FORMS)
def test_a_notice_of_a_restored_database_says_from_when_to_when_answers_are_lost(renderer, medium):
    message, error = renderer.render(notification(notice=Notice(failures=(), restored=RESTORED)), medium)
    assert error is None
    assert message.subject == "Answers since Sun 2 Nov 2025 09:00 America/New_York are lost: restored from a backup"
    assert message.text == (
        "The database of alerts was restored from a backup.\n"
        "\n"
        "Lost from      Sun 2 Nov 2025 09:00 America/New_York\n"
        "Lost until     Mon 3 Nov 2025 09:00 America/New_York\n"
        "Sending since  Mon 3 Nov 2025 10:00 America/New_York\n"
        "\n"
        "Answers and changes that were made between these two times are lost:\n"
        "alerts about them may come again. If you acknowledged, moved or closed\n"
        "anything then, do it again.\n"
        "\n"
        "Links in messages that you got between these two times may no longer\n"
        "work.\n"
        "\n"
        "See the list   alerts list\n"
    )
    if medium == "json":
        assert message.body["data"]["restored"]["taken_at"] == "2025-11-02T14:00:00Z"
    if medium == "post":
        assert SLACK.body(message.post)


@pytest.mark.parametrize("medium", FORMS)
def test_a_notice_to_an_old_address_says_what_has_ended_and_what_to_do(renderer, medium):
    changed = ChangedAddress(person="ann", name="Ann\n\u202eLee", old="ann@example.org", at=NOW)
    about = Notice(failures=(), changed_address=changed)
    message, error = renderer.render(notification(notice=about), medium)
    assert error is None
    assert message.subject == "Your address for deadline alerts was changed"
    assert message.text == (
        "Deadline alerts for Ann Lee go to another address now, and to this one\n"
        "no more.\n"
        "\n"
        "Changed        Mon 3 Nov 2025 09:00 America/New_York\n"
        "\n"
        "What was sent here before works no more: the links in messages and the\n"
        "calendars have ended. Whoever was signed in with this address is so no\n"
        "longer.\n"
        "\n"
        "You did not expect this? Tell whoever runs these alerts. Somebody may\n"
        "have changed your address to get what is meant for you.\n"
    )
    if medium == "json":
        assert message.body["data"]["changed_address"] == {"person": "ann", "changed_at": "2025-11-03T14:00:00Z"}
    if medium == "post":
        assert SLACK.body(message.post)
    assert Notice.from_json(about.to_json()) == about


@pytest.mark.parametrize(
    ("failures", "commands"),
    [
        ([LATE], ["See them       alerts deliveries --state retry", RETRY, DISMISS]),
        ([replace(LATE, state="leased")], ["See them       alerts deliveries --state retry", RETRY, DISMISS]),
        ([PLAIN], ["See them       alerts deliveries --state sent", "See why        alerts check"]),
        ([replace(LATE, state="superseded")], ["See them       alerts deliveries --state superseded"]),
        (
            [LATE, DEAD, LATE],
            [
                "Failed         alerts deliveries --state dead",
                "Retrying       alerts deliveries --state retry",
                RETRY,
                DISMISS,
            ],
        ),
    ],
)
def test_a_notice_names_the_command_that_lists_what_it_is_about(renderer, failures, commands):
    text = render(renderer, "mail", *failures).text
    assert text.rstrip().split("\n\n")[-1].splitlines() == commands
    post = render(renderer, "post", *failures).post
    assert all(line.runs[-1].code for line in post.sections[-1])


def test_the_subject_counts_by_what_happened(renderer):
    subject = render(renderer, "text", DEAD, LATE, PLAIN, more=7).subject
    assert subject == "Alerts not delivered: 1 failed, 1 late, 1 sent with the built-in template, 7 more"


def test_what_is_too_much_to_read_is_counted(renderer):
    text = render(renderer, "text", *[DEAD] * 30, more=4).text
    assert text.count("desk-mail to") == 20
    assert "… and 14 more: alerts deliveries" in text


@pytest.mark.parametrize("medium", FORMS)
def test_what_peers_and_data_say_steers_nothing(renderer, medium):
    evil = DeliveryFailure(
        id=ID, channel="c", recipient=EVIL, state="dead", error=EVIL, about=(EVIL,), fallback_channels=(EVIL,)
    )
    message = render(renderer, medium, evil)
    assert "\n" not in message.subject
    assert "\x1b" not in message.text
    if medium == "post":
        assert "<!channel>" not in json.dumps(SLACK.body(message.post))


def test_a_webhook_gets_the_failures_as_data(renderer):
    body = render(renderer, "json", DEAD).body
    assert body["type"] == "operator.notice"
    assert body["data"]["failures"][0]["error"] == DEAD.error


@pytest.mark.parametrize("medium", FORMS)
@pytest.mark.parametrize("count", [1, 2])
def test_an_alert_that_was_meant_for_another_says_so(renderer, medium, count):
    message, error = renderer.render(notification(*[told()] * count, fallback_for=DEAD), medium)
    assert error is None
    everything = "".join(filter(None, (message.text, message.html, json.dumps(message.body))))
    assert " ".join(everything.split()).count("no such user") >= 1
    if medium != "json":
        said = "For desk@example.org via desk-mail; delivery failed: "
        assert said in " ".join(message.text.split())
