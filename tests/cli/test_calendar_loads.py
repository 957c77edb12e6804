"""`alerts load` of calendars: what is left out is named and stays named, and what a calendar cancels is withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts
from tests.interchange.test_ics import event, ics

GOOD = event("DTSTART;VALUE=DATE:20251110", uid="good")
BAD = event("DTSTART:never", uid="bad")
LATER = "2025-10-29T12:00Z"


@pytest.fixture
def put(home: Path) -> Callable[..., None]:
    """Write a calendar."""

    def write(*components: str, name: str = "x.ics") -> None:
        (home / name).write_text(ics(*components))

    return write


def keys(alerts: Alerts) -> list[str]:
    return [row["key"] for row in alerts("list", "--json").json]


def test_one_entry_that_cannot_be_loaded_does_not_refuse_the_others(alerts: Alerts, put) -> None:
    put(GOOD, BAD)
    said = alerts("load", "x.ics", "--at", NOW)
    assert (said.code, keys(alerts)) == (3, ["good"])
    assert "x.ics:9: VEVENT: DTSTART cannot be read: `never`" in said.err
    assert "1 left out: correct the file and load it again, or track them with `alerts add`" in said.out


def test_what_was_left_out_stays_listed_until_it_loads(alerts: Alerts, put) -> None:
    put(GOOD, BAD)
    alerts("load", "x.ics", "--at", NOW)
    put(GOOD, name="other.ics")
    alerts("load", "other.ics", "--at", NOW)
    for _ in range(2):
        assert "left out by a load: x.ics:9: VEVENT: DTSTART cannot be read: `never`" in alerts("check").err
    put(GOOD, event("DTSTART;VALUE=DATE:20251111", uid="bad"))
    assert alerts("load", "x.ics", "--at", NOW).code == 0
    assert "left out" not in alerts("check").err
    assert keys(alerts) == ["good", "bad"]


def test_what_was_left_out_is_not_listed_once_it_is_tracked_from_elsewhere(alerts: Alerts, put) -> None:
    put(GOOD, BAD)
    alerts("load", "x.ics", "--at", NOW)
    assert alerts("add", "bad", "Bad", "2025-11-12", "--at", NOW).code == 0
    assert "left out" not in alerts("check").err


def test_what_is_tracked_and_can_no_longer_be_read_stays_as_it_is_and_is_listed(alerts: Alerts, put) -> None:
    put(GOOD, event("DTSTART;VALUE=DATE:20251111", uid="bad"))
    alerts("load", "x.ics", "--at", NOW)
    put(GOOD, BAD)
    assert alerts("load", "x.ics", "--close-missing", "--at", LATER).code == 3
    assert keys(alerts) == ["good", "bad"]
    assert "left out by a load: x.ics:9" in alerts("check").err


def test_all_or_nothing_stores_nothing(alerts: Alerts, put) -> None:
    put(GOOD, BAD)
    said = alerts("load", "x.ics", "--all-or-nothing", "--at", NOW)
    assert (said.code, keys(alerts)) == (1, [])
    assert "x.ics:9: VEVENT: DTSTART cannot be read: `never`" in said.err
    assert "left out" not in alerts("check").err


def test_a_calendar_of_which_nothing_can_be_loaded_is_refused(alerts: Alerts, put) -> None:
    put(BAD)
    assert (alerts("load", "x.ics", "--at", NOW).code, keys(alerts)) == (1, [])


def test_a_dry_run_names_it_and_remembers_nothing(alerts: Alerts, put) -> None:
    put(GOOD, BAD)
    said = alerts("load", "x.ics", "--dry-run", "--at", NOW)
    assert (said.code, "1 would be left out" in said.out) == (3, True)
    assert "left out" not in alerts("check").err


def test_yaml_stays_all_or_nothing(alerts: Alerts, put, home: Path) -> None:
    put(GOOD)
    (home / "c.yaml").write_text("commitments:\n  - {key: one, title: One, deadline: never}\n")
    assert (alerts("load", "x.ics", "c.yaml", "--at", NOW).code, keys(alerts)) == (1, [])


def test_what_depends_on_what_is_not_there_is_left_out(alerts: Alerts, put) -> None:
    lines = ["DUE;VALUE=DATE:20251201", "X-ALERTS-DEADLINE:P1D after nowhere", "X-ALERTS-TIMES:20251201"]
    follows = ["DUE;VALUE=DATE:20251202", "X-ALERTS-DEADLINE:P1D after one", "X-ALERTS-TIMES:20251202"]
    put(GOOD, event(*lines, uid="one", kind="VTODO"), event(*follows, uid="two", kind="VTODO"))
    said = alerts("load", "x.ics", "--at", NOW)
    assert (said.code, keys(alerts)) == (3, ["good"])
    assert "deadline depends on 'nowhere', which is not tracked" in said.err
    assert "2 left out" in said.out


def test_single_occurrences_that_have_passed_are_history(alerts: Alerts, put) -> None:
    """Like those that a rule gives: otherwise an old calendar alerted about what was moved years ago."""
    series = event("DTSTART;VALUE=DATE:20250107", "RRULE:FREQ=WEEKLY", "RDATE;VALUE=DATE:20250301,20251101")
    put(series, event("RECURRENCE-ID;VALUE=DATE:20250114", "DTSTART;VALUE=DATE:20250115"))
    said = alerts("load", "x.ics", "--at", NOW)
    assert "2 single occurrences have passed and are not tracked: a.2025-01-14, a.2025-03-01" in said.out
    assert sorted(keys(alerts)) == ["a", "a.2025-11-01"]
    said = alerts("load", "x.ics", "--at", "2025-11-20T00:00Z")  # what is tracked is never history
    assert "0 new, 0 changed, 0 moved, 2 unchanged" in said.out
    assert "no longer in" not in said.out


CANCEL = ["DTSTART;VALUE=DATE:20251110", "SEQUENCE:3"]


def cancel(put, *lines: str) -> None:
    put("METHOD:CANCEL", event(*lines), name="cancel.ics")


def test_a_cancelled_event_is_withdrawn(alerts: Alerts, put) -> None:
    put("METHOD:REQUEST", event("DTSTART;VALUE=DATE:20251110", "SEQUENCE:2"), GOOD)
    alerts("load", "x.ics", "--at", NOW)
    cancel(put, *CANCEL)
    assert "1 would be withdrawn" in alerts("load", "cancel.ics", "--dry-run", "--at", LATER).out
    assert sorted(keys(alerts)) == ["a", "good"]
    said = alerts("load", "cancel.ics", "--at", LATER)
    assert (said.code, "cancel.ics: 1 withdrawn, because the calendar cancels them: a" in said.out) == (0, True)
    shown = alerts("show", "a", "--json").json
    assert (keys(alerts), shown["status"]) == (["good"], "withdrawn")


def test_an_older_cancellation_withdraws_nothing(alerts: Alerts, put) -> None:
    put(event("DTSTART;VALUE=DATE:20251110", "SEQUENCE:4"))
    alerts("load", "x.ics", "--at", NOW)
    cancel(put, *CANCEL)
    assert "1 cancelled by an older SEQUENCE than the one loaded: a" in alerts("load", "cancel.ics", "--at", LATER).out
    assert keys(alerts) == ["a"]


BERLIN = ["DTSTART;TZID=Europe/Berlin:20251103T090000", "RRULE:FREQ=WEEKLY"]


def test_a_cancelled_series_goes_with_the_occurrences_that_are_tracked_by_themselves(alerts: Alerts, put) -> None:
    put(event(*BERLIN, "RDATE;TZID=Europe/Berlin:20251105T090000"), event(*BERLIN, uid="a.b"))
    alerts("load", "x.ics", "--at", NOW)
    assert sorted(keys(alerts)) == ["a", "a.2025-11-05", "a.b"]
    cancel(put, "DTSTART;TZID=Europe/Berlin:20251103T090000")
    alerts("load", "cancel.ics", "--at", LATER)
    assert keys(alerts) == ["a.b"]


def test_a_cancelled_occurrence_is_withdrawn_by_itself(alerts: Alerts, put) -> None:
    put(event(*BERLIN, "RDATE;TZID=Europe/Berlin:20251105T090000"))
    alerts("load", "x.ics", "--at", NOW)
    cancel(put, "RECURRENCE-ID:20251110T080000Z", "DTSTART:20251110T080000Z")
    said = alerts("load", "cancel.ics", "--at", LATER)
    assert "1 withdrawn, because the calendar cancels them: a 2025-11-10T09:00" in said.out
    cancel(put, "RECURRENCE-ID:20251105T080000Z", "DTSTART:20251105T080000Z")
    said = alerts("load", "cancel.ics", "--at", LATER)
    assert "1 withdrawn, because the calendar cancels them: a.2025-11-05" in said.out
    assert keys(alerts) == ["a"]


@pytest.mark.parametrize("method", ["COUNTER", "REPLY", "REFRESH", "DECLINECOUNTER"])
def test_what_states_no_date_changes_nothing_and_is_reported(alerts: Alerts, put, method: str) -> None:
    put(event("DTSTART;VALUE=DATE:20251110"))
    alerts("load", "x.ics", "--at", NOW)
    put(f"METHOD:{method}", event("DTSTART;VALUE=DATE:20251117"))
    said = alerts("load", "x.ics", "--close-missing", "--at", LATER)
    assert (said.code, f"x.ics: line 5: METHOD:{method} " in said.out) == (0, True)
    assert alerts("show", "a", "--json").json["deadline"] == "2025-11-10"


@pytest.mark.parametrize("method", ["PUBLISH", "REQUEST", "publish"])
def test_what_states_dates_is_loaded(alerts: Alerts, put, method: str) -> None:
    put(f"METHOD:{method}", event("DTSTART;VALUE=DATE:20251110"))
    assert alerts("load", "x.ics", "--at", NOW).code == 0
    assert keys(alerts) == ["a"]


def test_an_added_date_leaves_the_others(alerts: Alerts, put) -> None:
    put("METHOD:REQUEST", event(*BERLIN))
    alerts("load", "x.ics", "--at", NOW)
    put("METHOD:ADD", event("DTSTART;TZID=Europe/Berlin:20251107T090000", "SEQUENCE:1"), name="add.ics")
    assert alerts("load", "add.ics", "--at", LATER).code == 0
    assert sorted(keys(alerts)) == ["a", "a.2025-11-07"]
