"""Small histories, worked out by hand: a desk that gets its alerts at nine in New York, Monday to Friday."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.oracle.data import (
    Acknowledged,
    AddressedReminder,
    Closed,
    Commitment,
    Event,
    History,
    Moved,
    Overdue,
    Reopened,
    Rule,
)
from tests.oracle.expressions import Day, Every, Expression
from tests.oracle.one_recipient import to_one_recipient
from tests.oracle.reminders import reminders
from tests.oracle.spans import Span

DESK = Rule(
    name="desk",
    cron="0 9 * * mon-fri",
    zone="America/New_York",
    before=(Span(days=7), Span(days=1)),
    on_the_day=True,
    opens=True,
    overdue=Overdue(every=Span(days=1), at_most=2, then=Span(days=7)),
    moved=True,
    review=Span(days=14),
    closed=True,
)
TENTH, SUNDAY = Day(date(2025, 11, 10)), Day(date(2025, 11, 9))  # a Monday, and the day before it


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=UTC)


def sent(
    deadline: Expression, *events: Event, recorded: str = "10-28T12:30", until: str = "11-12T23:00", rule: Rule = DESK
) -> list[str]:
    """Tick every hour, and return `kind when`, times in UTC: nine in New York is 13:00 until 1 November, then 14:00."""
    one = Commitment(key="truce", deadline=deadline, recorded_at=at(recorded), timezone="America/New_York")
    start, hours = at("10-28T12:00"), int((at(until) - at("10-28T12:00")) / timedelta(hours=1))
    ticks = tuple(start + timedelta(hours=hour) for hour in range(hours + 1))
    history = History(parties=(), commitments=(one,), rules=(rule,), events=events, ticks=ticks)
    return [f"{one.kind} {one.tick:%m-%dT%H}" + f" {one.occurrence}".rstrip() for one in reminders(history) if one.sent]


def test_a_day_is_warned_of_and_then_overdue() -> None:
    assert sent(TENTH) == [
        "before 11-03T14",
        "before 11-07T14",
        "on_the_day 11-10T14",
        "overdue 11-11T14",
        "overdue 11-12T14",
    ]


def test_a_warning_is_not_swallowed_by_a_weekend() -> None:
    assert sent(SUNDAY)[:3] == ["before 11-03T14", "on_the_day 11-07T14", "overdue 11-10T14"]


def test_what_is_new_sends_the_latest_that_it_missed() -> None:
    assert sent(TENTH, recorded="11-05T12:30")[0] == "before 11-05T13"


def test_the_alert_of_a_move_stands_for_what_was_missed_by_it() -> None:
    assert sent(TENTH, Moved(at("11-05T12:30"), "truce", Day(date(2025, 11, 11))))[:3] == [
        "before 11-03T14", "moved 11-05T13", "before 11-10T14",
    ]  # fmt: skip


def test_a_move_there_and_back_is_none() -> None:
    there, back = Moved(at("11-05T12:10"), "truce", SUNDAY), Moved(at("11-05T12:20"), "truce", TENTH)
    assert sent(TENTH, there, back) == sent(TENTH)


def test_an_acknowledgement_silences_what_repeats() -> None:
    seen = Acknowledged(at("11-11T10:00"), "truce", until=at("11-12T10:00"))
    assert sent(TENTH, seen)[2:] == ["on_the_day 11-10T14", "overdue 11-12T14"]


def test_an_end_ends_it() -> None:
    assert sent(TENTH, Closed(at("11-04T10:00"), "truce")) == ["before 11-03T14", "closed 11-04T10"]


def test_the_alert_of_a_reopening_stands_for_what_was_missed_while_it_was_closed() -> None:
    events = Closed(at("11-04T10:00"), "truce"), Reopened(at("11-11T20:00"), "truce")
    assert sent(TENTH, *events)[1:] == ["closed 11-04T10", "reopened 11-11T20", "overdue 11-12T14"]


def test_the_alert_of_a_move_that_came_with_an_end_stands_for_what_was_missed_by_then() -> None:
    tuesday = Day(date(2025, 11, 11))  # its week before began on the fourth
    events = (
        Moved(at("11-05T12:10"), "truce", tuesday), Closed(at("11-05T12:20"), "truce"),
        Reopened(at("11-05T20:00"), "truce"),
    )  # fmt: skip
    found = sent(TENTH, *events, until="11-10T15:00", rule=replace(DESK, closed=False))
    assert found == ["before 11-03T14", "moved 11-05T13", "before 11-10T14"]


def test_closed_and_reopened_before_a_tick_is_nothing() -> None:
    events = Closed(at("11-04T10:10"), "truce"), Reopened(at("11-04T10:20"), "truce")
    assert sent(TENTH, *events) == sent(TENTH)


def test_each_turn_is_alerted_by_itself() -> None:
    weekly = Every("FREQ=WEEKLY", Day(date(2025, 10, 20)), (date(2025, 11, 3),))
    done = Closed(at("11-11T10:00"), "truce", "2025-11-10")
    assert sent(weekly, done, until="11-14T23:00") == [
        "before 11-03T14 2025-11-10", "before 11-07T14 2025-11-10", "on_the_day 11-10T14 2025-11-10",
        "before 11-10T14 2025-11-17", "closed 11-11T10 2025-11-10", "before 11-14T14 2025-11-17",
    ]  # fmt: skip


def test_what_is_merged_for_one_recipient_is_sent_where_another_rule_means_it_later() -> None:
    def review(tick: str, rule: str, moment: str) -> AddressedReminder:
        return AddressedReminder(at(tick), "truce", "", rule, "review", at(moment), True)

    early, late = review("11-10T14", "two", "11-08T09"), review("11-10T14", "one", "11-09T09")
    again = review("11-16T14", "three", "11-08T09")
    assert to_one_recipient([early, late, again]) == [replace(late, rule=""), replace(again, rule="")]
