"""What a message says: by kind of reminder, kind of commitment, zone, and how now lies to the date."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from alerts.core.commitments import KINDS
from alerts.core.messages import Medium, Message
from alerts.core.notifications import Notification
from alerts.core.reminders import Kind
from alerts.core.tracked import Acknowledgement, Revision
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NEW_YORK, at, bounds_of, single, slack_body

AFTER = "after 2025-11-10"
FORMS: tuple[Medium, ...] = get_args(Medium)


def rendered(renderer: Renderer, notification: Notification, medium: Medium = "mail") -> Message:
    message, error = renderer.render(notification, medium)
    assert error is None
    return message


def flat(text: str) -> str:
    return " ".join(text.split())


def visible(html: str) -> str:
    return flat(re.sub(r"<[^>]+>", " ", re.sub(r"<(style|title)>.*?</\1>", "", html, flags=re.DOTALL)))


SUBJECTS = [
    # deadline, reminder, commitment kind, now, subject without the title
    ("2025-11-10", "before", "obligation", "2025-11-03T14:00", "Due Mon 10 Nov (in 7 days)"),
    ("2025-11-10", "on_the_day", "obligation", "2025-11-10T14:00", "Due Mon 10 Nov (today)"),
    ("by 2025-11-10", "before", "request", "2025-11-03T14:00", "Answer due by Mon 10 Nov (in 7 days)"),
    ("until 2025-11-10", "before", "expiry", "2025-11-03T14:00", "Expires Mon 10 Nov (in 7 days)"),
    ("2025-11-10", "overdue", "obligation", "2025-11-11T14:00", "Overdue since Mon 10 Nov"),
    ("2025-11-10", "overdue", "expiry", "2025-11-11T14:00", "Expired Mon 10 Nov"),
    ("2025-11-10", "overdue", "request", "2025-11-11T14:00", "Answer overdue since Mon 10 Nov"),
    ("2025-11-10", "overdue", "event", "2025-11-11T14:00", "Was on Mon 10 Nov"),
    ("2025-11-10", "overdue", "expectation", "2025-11-11T14:00", "Was expected by Mon 10 Nov"),
    (AFTER, "before", "obligation", "2025-11-03T14:00", "In force through Mon 10 Nov"),
    (AFTER, "on_the_day", "expiry", "2025-11-10T14:00", "In force through Mon 10 Nov"),
    (AFTER, "on_the_day", "event", "2025-11-10T14:00", "Not before Tue 11 Nov"),
    (AFTER, "opens", "obligation", "2025-11-11T14:00", "Under review since Tue 11 Nov"),
    (AFTER, "review", "obligation", "2025-12-11T14:00", "Under review since Tue 11 Nov"),
    ("undated", "review", "obligation", "2025-11-11T14:00", "Date missing"),
    ("undated (tbd)", "review", "obligation", "2025-11-11T14:00", "Date still to be decided"),
    ("undated (none)", "review", "expectation", "2025-11-11T14:00", "Still without a date"),
    ("between 2025-11-28 and 2025-12-28", "opens", "expectation", "2025-11-28T14:00", "Window open until Sun 28 Dec"),
    (
        "2025-11-10T12:01[Asia/Shanghai]",
        "before",
        "expiry",
        "2025-11-09T14:00",
        "Expires Sun 9 Nov 23:01 (in 14 hours)",
    ),
]


@pytest.mark.parametrize("case", SUBJECTS)
def test_the_subject_says_when_and_what_is_the_matter(renderer: Renderer, case: tuple[str, ...]) -> None:
    deadline, kind, what, now, subject = case
    asked = single(deadline, kind, now=at(now), commitment={"kind": what})
    assert rendered(renderer, asked).subject == f"{subject}: Trade truce"
    assert len(subject) <= 40, "a telephone shows so much"


LONG = "The agreement on export licences for rare earths, gallium, germanium and graphite with all its annexes"
WINDOW = "between 2025-11-28T12:00[America/New_York] and 2025-12-28T12:00[America/New_York]"
SHORTENED = [
    # deadline, title, the subject
    ("2025-11-10", "Trade truce", "Due Mon 10 Nov (in 7 days): Trade truce"),
    (
        "2025-11-10",
        LONG,
        f"Due Mon 10 Nov (in 7 days): {LONG[:49]}…",
    ),
    (
        WINDOW,
        "Trade truce",
        "Due by Sun 28 Dec 12:00 (in 55 days): Trade truce",
    ),
    (
        WINDOW,
        LONG,
        f"Due by Sun 28 Dec 12:00 (in 55 days): {LONG[:49]}…",
    ),
]


@pytest.mark.parametrize(("deadline", "title", "subject"), SHORTENED)
def test_a_long_subject_keeps_its_date_and_what_tells_its_title_from_others(
    renderer: Renderer, deadline: str, title: str, subject: str
) -> None:
    message = rendered(renderer, single(deadline, commitment={"title": title}))
    assert message.subject == subject
    assert len(subject) <= 90


def test_the_subject_of_a_move_names_the_new_date(renderer: Renderer) -> None:
    change = Revision(
        number=2,
        what="moved",
        recorded_at=at("2025-11-02T10:00"),
        recorded_by="maria",
        cause="the-summit-of-the-leaders-in-busan",
        before=bounds_of("between 2025-10-30 and 2025-11-30", NEW_YORK),
        after=bounds_of("2025-11-10", NEW_YORK),
    )
    subject = rendered(renderer, single(kind="moved", change=change, commitment={"title": LONG[:60]})).subject
    assert subject == f"Moved to Mon 10 Nov: {LONG[:56]}…"


STANDING = [
    # deadline, its zone, reader, commitment kind, now, what the text says
    ("2025-11-10", NEW_YORK, NEW_YORK, "obligation", "2025-11-03T14:00", "in 7 days (as of Mon 3 Nov 2025)."),
    ("2025-11-10", NEW_YORK, NEW_YORK, "obligation", "2025-11-10T14:00", "Due today, Mon 10 Nov 2025."),
    ("2025-11-10", NEW_YORK, NEW_YORK, "obligation", "2025-11-11T04:59", "Due today, Mon 10 Nov 2025."),
    (
        "2025-11-10",
        NEW_YORK,
        NEW_YORK,
        "obligation",
        "2025-11-11T05:00",
        "Was due Mon 10 Nov 2025: 1 day overdue (as of Tue 11 Nov 2025).",
    ),
    ("2025-10-30", "Asia/Seoul", NEW_YORK, "event", "2025-10-28T20:00", "(as of Wed 29 Oct 2025 in Asia/Seoul)"),
    ("2025-10-30", "Asia/Seoul", NEW_YORK, "event", "2025-10-28T20:00", "The day in Asia/Seoul"),
    ("2025-10-30", "Asia/Seoul", "Asia/Seoul", "event", "2025-10-31T20:00", "Took place Thu 30 Oct 2025, 2 days ago"),
    (
        "2025-11-10",
        None,
        NEW_YORK,
        "obligation",
        "2025-11-11T02:00",
        "; the time zone is unknown, so the day may not be over yet.",
    ),
    ("2025-11-10", None, NEW_YORK, "obligation", "2025-11-03T02:00", "Time zone not stated"),
    (
        "2025-11-10T12:01",
        None,
        NEW_YORK,
        "obligation",
        "2025-11-10T13:00",
        "; the time zone is unknown, so it may not be late yet.",
    ),
    (
        "2025-11-10 AoE",
        None,
        NEW_YORK,
        "obligation",
        "2025-11-03T14:00",
        "The day ends when it ends everywhere on earth (AoE)",
    ),
    (
        "2025-11-10T12:01[Asia/Shanghai]",
        None,
        NEW_YORK,
        "expiry",
        "2025-11-09T23:01",
        "in 5 hours (as of Sun 9 Nov",
    ),
    (
        "2025-11-10T12:01[Asia/Shanghai]",
        None,
        NEW_YORK,
        "expiry",
        "2025-11-09T23:01",
        "= Mon 10 Nov 2025 12:01 Asia/Shanghai",
    ),
    (
        "until 2025-11-10",
        NEW_YORK,
        NEW_YORK,
        "expiry",
        "2025-11-12T14:00",
        "Expired at the end of Mon 10 Nov 2025, 2 days ago",
    ),
    ("until 2025-11-10", NEW_YORK, NEW_YORK, "expiry", "2025-11-12T14:00", "Was it extended, and until when?"),
    ("2025-11-10", NEW_YORK, NEW_YORK, "event", "2025-11-12T14:00", "What was the outcome?"),
    (
        AFTER,
        NEW_YORK,
        NEW_YORK,
        "obligation",
        "2025-11-10T14:00",
        "In force through today, Mon 10 Nov 2025. Review starts Tue 11 Nov",
    ),
    (AFTER, None, NEW_YORK, "obligation", "2025-11-11T14:00", "Under review since today, Tue 11 Nov 2025."),
    (AFTER, None, NEW_YORK, "obligation", "2025-11-25T14:00", "Under review since Tue 11 Nov 2025."),
    (AFTER, None, NEW_YORK, "obligation", "2025-11-25T14:00", "No end date is given."),
    ("undated", None, NEW_YORK, "obligation", "2025-11-25T14:00", "No date is given. Is there one now?"),
]


@pytest.mark.parametrize("case", STANDING)
def test_the_body_says_how_long_until_the_date(
    renderer: Renderer, case: tuple[str, str | None, str, str, str, str]
) -> None:
    deadline, zone, reader, what, now, said = case
    asked = single(deadline, zone=zone, reader=reader, now=at(now), commitment={"kind": what})
    message = rendered(renderer, asked)
    assert said in flat(message.text)
    assert message.html is not None
    assert said in visible(message.html)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("zone", [None, NEW_YORK, "Asia/Shanghai"])
def test_what_only_opens_never_says_overdue_or_expired(
    renderer: Renderer, kind: Kind, what: str, zone: str | None
) -> None:
    for now in ("2025-11-03T14:00", "2025-11-10T14:00", "2025-11-11T14:00", "2026-05-01T14:00"):
        asked = single(AFTER, kind, zone=zone, now=at(now), commitment={"kind": what})
        message = rendered(renderer, asked)
        words = message.subject + message.text + visible(message.html or "")
        words += str(slack_body(renderer, asked))
        assert not re.search(r"overdue|expire|passed", words, re.IGNORECASE)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize(
    "deadline",
    [
        "2025-11-10",
        "by 2025-11-10",
        "until 2025-11-10T12:00Z",
        "within P6M of 2025-10-28",
        "P1Y after 2025-10-30",
        "after 2025-11-10T12:01[Asia/Shanghai]",
        "undated (tbd)",
    ],
)
def test_every_kind_is_rendered_in_every_form_without_an_error(
    renderer: Renderer, kind: Kind, what: str, deadline: str
) -> None:
    for now in ("2025-11-10T12:00", "2027-01-01T14:00"):
        asked = single(deadline, kind, now=at(now), commitment={"kind": what})
        for medium in FORMS:
            message = rendered(renderer, asked, medium)
            shown = message.subject + message.text + visible(message.html or "")
            assert not re.search(r"None(?! unless the date changes)", shown)
            assert "  " not in message.subject


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-30"])
@pytest.mark.parametrize("reader", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_the_ends_of_the_calendar_are_said_as_well(renderer: Renderer, year: str, reader: str) -> None:
    day = Day(at(year + "T00:00").date(), "UTC")
    asked = single(bounds=Bounds(first=day, last=day, named=day, form="on"), reader=reader)
    subject = rendered(renderer, asked).subject
    assert subject.startswith("Overdue since 1 Jan 1:" if year == "0001-01-01" else "Due 30 Dec 9999")


UNTIMELY = [
    ({"send_at": at("2025-10-31T14:00")}, "Sent 3 days late (scheduled for Fri 31 Oct 2025 10:00 America/New_York)."),
    ({"send_at": at("2025-11-03T11:00")}, "Sent 3 hours late"),
    (
        {"catching_up": True, "moment": at("2025-10-20T05:00")},
        "Tracked since Tue 28 Oct 2025; this reminder was scheduled for Mon 20 Oct",
    ),
    ({"catching_up": True, "moment": at("2025-10-31T05:00")}, "This reminder was scheduled for Fri 31 Oct 2025."),
    ({"early": True}, "Sent early: the rule's next run would be too late."),
]


@pytest.mark.parametrize(("reminder", "said"), UNTIMELY)
def test_a_reminder_that_comes_at_another_time_says_why(
    renderer: Renderer, reminder: dict[str, Any], said: str
) -> None:
    assert said in flat(rendered(renderer, single(reminder=reminder)).text)


def test_a_lead_that_comes_when_the_day_is_past_says_so(renderer: Renderer) -> None:
    late = single(now=at("2025-11-12T14:00"), reminder={"send_at": at("2025-11-03T14:00")})
    message = rendered(renderer, late)
    assert message.subject.startswith("Overdue since Mon 10 Nov: ")
    assert "Sent 9 days late" in flat(message.text)


def test_a_move_says_from_where_to_where_and_why(renderer: Renderer) -> None:
    change = Revision(
        number=2,
        what="moved",
        recorded_at=at("2025-11-02T10:00"),
        recorded_by="maria",
        cause="busan-summit",
        before=bounds_of("2025-10-30", NEW_YORK),
        after=bounds_of("2025-11-10", NEW_YORK),
    )
    message = rendered(renderer, single(kind="moved", change=change))
    assert message.subject == "Moved to Mon 10 Nov: Trade truce"
    assert "Moved from Thu 30 Oct 2025 to Mon 10 Nov 2025 (11 days later)" in flat(message.text)
    assert "because busan-summit moved. Recorded by maria on Sun 2 Nov 2025." in flat(message.text)


def test_what_is_closed_says_as_what_and_asks_nothing(renderer: Renderer) -> None:
    change = Revision(
        number=2,
        what="closed",
        recorded_at=at("2025-11-02T10:00"),
        recorded_by="maria",
        reason="done",
        detail="fulfilled",
    )
    message = rendered(renderer, single(kind="closed", change=change, commitment={"status": "fulfilled"}))
    assert message.subject == "Closed as fulfilled: Trade truce"
    assert "Closed as fulfilled. Why: done." in flat(message.text)
    assert "alerts move" not in message.text


def test_what_depends_on_something_undated_names_it(renderer: Renderer) -> None:
    bounds = bounds_of("during busan-summit", known={"busan-summit": bounds_of("undated")})
    message = rendered(renderer, single("during busan-summit", "review", bounds=bounds))
    assert "it depends on busan-summit, which has no date. Is there one now?" in flat(message.text)


def test_a_message_holds_all_that_one_needs_to_act(renderer: Renderer) -> None:
    asked = single(
        AFTER,
        zone=None,
        commitment={"to": ("cn",), "by": ("us",), "note": "Ask the desk.", "assumptions": ("the day is ours",)},
        tracked={"acknowledged": Acknowledgement(by="maria", at=at("2025-11-02T10:00"))},
        next_alert_at=at("2025-11-10T14:00"),
    )
    message = rendered(renderer, asked)
    for words in (flat(message.text), visible(message.html or "").replace("&amp;", "&").replace("&#34;", '"')):
        for said in (
            "United States → China",
            "start known, no end date",
            "Ask the desk.",
            "https://example.org/brief?a=1&b=2",
            "after 2025-11-10",
            "the day is ours",
            "no time zone is stated",
            "Pre-summit brief, The desk, published Tue 28 Oct 2025",
            "paragraph 1: “until after November 10”",
            "Acknowledged by maria on Sun 2 Nov 2025 05:00 America/New_York (before it was due)",
            "Mon 10 Nov 2025 09:00 America/New_York",
            "alerts ack truce-review",
            'alerts move truce-review "YYYY-MM-DD" --because "…"',
            "alerts close truce-review --as fulfilled",
        ):
            assert said.lower() in words.lower()


def test_without_a_next_reminder_it_says_so(renderer: Renderer) -> None:
    assert "none unless the date changes" in rendered(renderer, single()).text


def test_an_occurrence_is_named_in_its_commands(renderer: Renderer) -> None:
    text = rendered(renderer, single(reminder={"occurrence": "2025-11-10"})).text
    assert "alerts ack truce-review --occurrence 2025-11-10" in text


def test_plain_text_fits_a_terminal(renderer: Renderer) -> None:
    message = rendered(
        renderer, single(AFTER, zone=None, commitment={"note": "word " * 60, "title": "word " * 40}), "text"
    )
    assert message.html is None
    assert max(map(len, message.text.splitlines())) <= 76
