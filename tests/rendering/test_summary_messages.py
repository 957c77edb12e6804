"""A summary as it is read: in a mail, as JSON, and in a chat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.core.commitments import Person
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Acknowledgement, Snooze
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NEW_YORK, at, notification, slack_body, told

FIRING = at("2025-11-27T14:00")
RULE = Rule(name="monthly", cron="0 9 1 * *", timezone=NEW_YORK, summary="P30D")
ANA = Person(key="ana", name="Ana Lopez", email="ana@example.org")
BO = Person(key="bo", name="Bo", email="bo@example.org")


def one(key: str, deadline: str, about: str, owner: Person | None = ANA, **rest: Any) -> ReminderContext:
    commitment = {"key": key, "title": f"The {key}", "owner": owner.key if owner else None}
    return told(deadline, about, now=FIRING, owner=owner, commitment=commitment, **rest)


def summary(*items: ReminderContext, owners: tuple[str, ...] = (), late: bool = False, **counts: Any) -> Notification:
    scope = Scope(rule=RULE, firing=FIRING, owners=owners)
    kinds = [item.reminder.kind for item in items]
    counted = {"due": kinds.count("before"), "overdue": kinds.count("overdue"), "undated": kinds.count("review")}
    listed = tuple(("due", item.tracked) for item in items)
    now = at("2025-11-30T14:00") if late else FIRING
    found = Summary(scope=scope, listed=listed, **counted | counts)  # type: ignore[arg-type]
    return notification(*items, now=now, summary=found)


SEEN = Acknowledgement(by="Ann", at=at("2025-11-20T12:00"))
MIXED = (
    one("report", "2025-11-10", "overdue"),
    one("filing", "2025-12-01", "before", tracked={"acknowledged": SEEN}),
    one("answer", "2025-12-05", "before", BO),
    one("review", "2025-12-20", "before", None),
    one("tariff", "undated", "review", BO),
    one("quota", "undated", "review", None),
)


@pytest.mark.parametrize(
    ("asked", "subject"),
    [
        (summary(*MIXED), "1 overdue, 3 due by Sat 27 Dec: summary"),
        (summary(), "Nothing due until Sat 27 Dec: summary"),
        (summary(passed=2, due=1), "2 past, 1 due by Sat 27 Dec: summary"),
        (summary(MIXED[1]), "1 due by Sat 27 Dec: summary"),
    ],
)
def test_the_subject_counts_what_there_is(renderer: Renderer, asked: Notification, subject: str) -> None:
    message, error = renderer.render(asked, "mail")
    assert (message.subject, error) == (subject, None)


TEXT = """\
Summary to Sat 27 Dec 2025 · 3 due · 1 overdue · 2 without a date

All commitments that are due by Sat 27 Dec 2025, overdue, or without a date,
as of Thu 27 Nov 2025.

DATES BY WEEK

                                        Dec         Jan 2026       Feb
                                     27 4  11 18 25 1  8  15 22 29 5  12 19
Mon 1 Dec   The filing               ●  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
Fri 5 Dec   The answer               ·  ●  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
Sat 20 Dec  The review               ·  ·  ·  ●  ·  ·  ·  ·  ·  ·  ·  ·  ·
Only what is due by Sat 27 Dec 2025 is shown. Not shown: 1 past its date, 2
open or without a date.

Ana Lopez

OVERDUE (1)

  - Mon 10 Nov 2025 · 17 days overdue
    The report
    alerts ack report

UPCOMING (1)

  - Mon 1 Dec 2025 · due that day
    The filing
    acknowledged by Ann
    alerts ack filing

Bo

UPCOMING (1)

  - Fri 5 Dec 2025 · due that day
    The answer
    alerts ack answer

UNDER REVIEW OR WITHOUT A DATE (1)

  - No date given · date still missing
    The tariff
    alerts ack tariff

No owner

UPCOMING (1)

  - Sat 20 Dec 2025 · due that day
    The review
    alerts ack review

UNDER REVIEW OR WITHOUT A DATE (1)

  - No date given · date still missing
    The quota
    alerts ack quota

Answer         Use the command below each entry to acknowledge it. “alerts
               show KEY” shows the details. Acknowledging pauses the
               reminders of what is overdue or under review for a while. For
               the others it records that you have seen them; their alerts
               continue.
               Rule monthly.
"""


def test_a_shared_one_is_by_owner_and_by_what_is_asked(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(*MIXED), "mail")
    assert message.text == TEXT
    html = (message.html or "").partition("Only what is due by Sat 27 Dec 2025 is shown")[2]
    places = [html.index(words) for words in ("Ana Lopez", "The report", "The filing", "Bo", "No owner")]
    assert places == sorted(places)
    assert "acknowledged by Ann" in html


DAYS_OVER = {
    "obligation": "17 days overdue", "expiry": "expired 17 days ago", "request": "answer was due 17 days ago",
    "event": "was 17 days ago", "expectation": "was expected 17 days ago",
}  # fmt: skip
ANSWERS: dict[str, dict[str, Any]] = {
    "not answered": {},
    "acknowledged": {"acknowledged": replace(SEEN, until=at("2025-12-20T12:00"))},
    "snoozed": {"snoozed": Snooze(by="Ann", at=at("2025-11-20T12:00"), until=at("2025-12-01T12:00"))},
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("what", DAYS_OVER)
def test_a_row_says_for_how_many_days_it_is_over_answered_or_not(renderer: Renderer, what: str, answer: str) -> None:
    late = told("2025-11-10", "overdue", now=FIRING, commitment={"kind": what}, tracked=ANSWERS[answer])
    asked = summary(late, MIXED[1])
    message, _ = renderer.render(asked, "mail")
    assert f"  - Mon 10 Nov 2025 · {DAYS_OVER[what]}\n" in message.text
    assert f"<b>Mon 10 Nov 2025</b> · {DAYS_OVER[what]}<" in (message.html or "")
    assert f"Mon 10 Nov 2025 · {DAYS_OVER[what]} · " in str(slack_body(renderer, asked)["blocks"])
    assert ("by Ann until" in message.text) == (answer != "not answered")


def test_hours_after_a_time_a_row_says_so(renderer: Renderer) -> None:
    late = told("2025-11-27T05:00[America/New_York]", "overdue", now=FIRING)
    assert "05:00 America/New_York · 4 hours overdue\n" in renderer.render(summary(late), "text")[0].text


def test_an_owners_own_names_no_owner(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(*MIXED[:2], owners=("ana",)), "mail")
    assert "Ana Lopez" not in message.text + (message.html or "")
    assert "Your commitments that are due by" in message.text


def test_nothing_says_so_and_what_is_acknowledged_is_counted(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(), "text")
    assert "Nothing is due until Sat 27 Dec 2025. Nothing else is open.\n" in message.text
    message, _ = renderer.render(summary(quiet=12), "text")
    assert "12 of these are acknowledged or snoozed\n" in message.text


def test_what_is_not_listed_is_counted(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(*MIXED, due=103), "mail")
    assert "\n… and 100 more. See all:\n    alerts list\n" in message.text
    assert "… and 100 more. See all:" in (message.html or "")


def test_one_that_comes_late_says_how_late(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(late=True), "mail")
    late = "Sent 3 days late (scheduled for Thu 27 Nov 2025 09:00 America/New_York)."
    assert late in " ".join(message.text.split())
    assert late in (message.html or "")
    assert "late" not in renderer.render(summary(), "text")[0].text


def test_a_webhook_gets_the_counts_and_what_is_listed(renderer: Renderer) -> None:
    message, error = renderer.render(summary(*MIXED, due=4), "json")
    assert error is None
    body: Any = message.body
    assert body["type"] == "deadline.summary"
    assert body["data"]["summary_of"] == {
        "rule": "monthly", "firing": "2025-11-27T14:00:00Z", "until": "2025-12-27", "late_seconds": 0,
        "due": 4, "overdue": 1, "overdue_other": 0, "undated": 2, "not_listed": 1, "acknowledged_or_snoozed": 0,
    }  # fmt: skip
    assert [item["commitment"]["owner"] for item in body["data"]["reminders"]] == [
        "Ana Lopez", "Ana Lopez", "Bo", None, "Bo", None,
    ]  # fmt: skip


def test_a_chat_gets_it_by_owner_and_by_what_is_asked(renderer: Renderer) -> None:
    body = slack_body(renderer, summary(*MIXED))
    assert body["text"] == "1 overdue, 3 due by Sat 27 Dec: summary"
    sections = [block["text"]["text"] for block in body["blocks"][1:]]
    assert [section.splitlines()[0] for section in sections[1:-1]] == [
        "*Ana Lopez · Overdue (1)*",
        "*Ana Lopez · Upcoming (1)*",
        "*Bo · Upcoming (1)*",
        "*Bo · Under review or without a date (1)*",
        "*No owner · Upcoming (1)*",
        "*No owner · Under review or without a date (1)*",
    ]
    assert "The filing · `alerts ack filing` · acknowledged by Ann" in sections[2]
    assert "Use the command below each entry to acknowledge it." in sections[-1]


def test_an_empty_one_says_so_once_and_offers_no_command(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(), "mail")
    assert message.text == ("Summary\n\nNothing is due until Sat 27 Dec 2025. Nothing else is open.\n\nRule monthly.\n")
    assert (message.html or "").partition("<h1")[2].count("ue until Sat 27 Dec 2025") == 1
    (_, block) = slack_body(renderer, summary())["blocks"]
    assert block["text"]["text"] == "Nothing is due until Sat 27 Dec 2025. Nothing else is open."


def test_the_plain_message_stands_in_where_a_template_fails(renderer: Renderer) -> None:
    for medium in ("mail", "json"):
        message = renderer.plain(replace(summary(*MIXED), zone="UTC"), medium)  # type: ignore[arg-type]
        assert message.subject == "Summary to Sat 27 Dec 2025"
        assert "1 overdue" in message.text
    assert message.body is not None
    assert message.body["type"] == "deadline.summary"


def test_a_summary_draws_what_it_lists_and_says_up_to_when(renderer: Renderer) -> None:
    message, error = renderer.render(summary(*MIXED), "mail")
    assert error is None
    assert "DATES BY WEEK" in message.text
    assert "Mon 1 Dec   The filing               ●  ·  ·  ·  ·" in message.text
    said = "Only what is due by Sat 27 Dec 2025 is shown. Not shown: 1 past its date, 2 open or without a date."
    assert said in " ".join(message.text.split())
    assert message.html
    assert said in message.html
    assert message.html.count("The review") == 2


def test_a_summary_without_a_date_to_come_draws_nothing(renderer: Renderer) -> None:
    message, error = renderer.render(summary(MIXED[4]), "mail")
    assert error is None
    assert "by week" not in message.text.lower() + (message.html or "").lower()
