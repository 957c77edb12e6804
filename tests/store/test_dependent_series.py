"""What depends on a series: an occurrence for each of the other's, which follows it and is answered by itself."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from alerts.actions.move import preview_move
from alerts.deadlines.errors import InputError
from alerts.forecasting import forecast
from alerts.scheduled_rules import ScheduledRule
from alerts.store import planning_tables, tables
from tests import acting
from tests.factories import at, change, close, entry, load, move, tracked
from tests.store.recurring import DESK, LOADED, days, tick

LEASE = entry("lease", "every FREQ=YEARLY from 2026-07-01")
NOTICE = entry("notice", "P90D before lease")
QUARTER = entry("quarter", "every FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1 from 2025-12-31")
REPORT = entry("report", "P45D after quarter")


def sent(store, key: str) -> list[str]:
    """`2026-07-01 before P7D, Thu 26 Mar`: what was sent about a commitment."""
    r, c = planning_tables.reminders.c, tables.commitments.c
    query = select(r.occurrence, r.kind, r.offset, r.planned_at).where(c.key == key, r.skipped.is_(None))
    query = query.join(tables.commitments, c.id == r.commitment_id).order_by(r.planned_at, r.occurrence, r.moment)
    with store.database.read() as connection:
        rows = connection.execute(query).all()
    return [
        f"{' '.join(filter(None, (row.occurrence, row.kind, row.offset)))}, {row.planned_at:%a} "
        f"{row.planned_at.day} {row.planned_at:%b}"
        for row in rows
    ]


def due(store, key: str, *names: str) -> list[str]:
    return [tracked(store, key).at(name).bounds.text for name in names]


def test_each_occurrence_is_alerted_by_itself(store):
    load(store, NOTICE, LEASE, now=LOADED)
    tick(store, days("2026-03-20", "2026-04-12"))
    acting.close(store, "notice", "fulfilled", change(at("2026-04-12T12:00")), "2026-07-01")
    tick(store, days("2026-04-13", "2026-06-25"))
    assert sent(store, "notice") == [
        "2026-07-01 before P7D, Thu 26 Mar",
        "2026-07-01 on_the_day, Thu 2 Apr",
        "2026-07-01 overdue P0D, Fri 3 Apr",
        "2026-07-01 overdue P7D, Fri 10 Apr",
        "2026-07-01 closed, Mon 13 Apr",
    ]
    assert sent(store, "lease") == ["2026-07-01 before P7D, Wed 24 Jun"]
    assert tracked(store, "notice").bounds.text == (
        "90 days before each occurrence of lease: Thu 2 Apr 2026, Fri 2 Apr 2027, Sun 2 Apr 2028, …"
    )


def test_what_lies_far_from_its_name_is_found(store):
    load(store, LEASE, entry("notice", "P400D before lease"), now=at("2026-01-01"))
    load(store, entry("later", "P400D after lease"), now=at("2027-08-01"))
    assert tracked(store, "notice").current.occurrence == "2027-07-01"
    assert tracked(store, "later").current.occurrence == "2026-07-01"
    relevant = tracked(store, "later").relevant_occurrences(at("2028-09-01"))
    assert due(store, "later", *relevant) == ["Thu 5 Aug 2027", "Fri 4 Aug 2028", "Sun 5 Aug 2029"]
    tick(store, days("2026-05-15", "2026-05-29"))
    assert sent(store, "notice") == [
        "2027-07-01 before P7D, Wed 20 May",
        "2027-07-01 on_the_day, Wed 27 May",
        "2027-07-01 overdue P0D, Thu 28 May",
    ]


def test_what_had_passed_when_it_was_recorded_is_history(store):
    load(store, LEASE, NOTICE, now=at("2026-05-01"))
    tick(store, days("2026-05-01", "2026-06-20"))
    assert sent(store, "notice") == []
    assert tracked(store, "notice").current.occurrence == "2027-07-01"


def test_what_is_forecast_is_what_is_sent(store):
    load(store, QUARTER, REPORT, now=LOADED)
    tick(store, [LOADED])
    expected = [
        (one.reminder.commitment, one.reminder.occurrence, one.reminder.kind, one.reminder.moment)
        for one in forecast(store, ScheduledRule.all([DESK]), LOADED, at("2026-09-01"))
    ]
    tick(store, days("2025-11-11", "2026-08-31"))
    r, c = planning_tables.reminders.c, tables.commitments.c
    with store.database.read() as connection:
        query = select(c.key, r.occurrence, r.kind, r.moment).join(tables.commitments, c.id == r.commitment_id)
        came = [tuple(row) for row in connection.execute(query.where(r.skipped.is_(None)))]
    assert sorted(expected) == sorted(came)
    assert {one[1] for one in came if one[0] == "report"} == {"2025-12-31", "2026-03-31", "2026-06-30"}


def test_an_occurrence_follows_the_one_that_it_counts_from(store):
    load(store, LEASE, NOTICE, entry("early", "P10D before notice"), now=LOADED)
    tick(store, days("2026-01-01", "2026-01-02"))
    report = acting.move(store, "lease", "2026-08-01", change(at("2026-01-02T12:00")), "2026-07-01")
    assert [one.key for one in report.moved_dependants] == ["notice 2026-07-01", "early 2026-07-01"]
    assert due(store, "notice", "2026-07-01", "2027-07-01") == ["Sun 3 May 2026", "Fri 2 Apr 2027"]
    assert due(store, "early", "2026-07-01", "2027-07-01") == ["Thu 23 Apr 2026", "Tue 23 Mar 2027"]
    tick(store, days("2026-01-03", "2026-04-30"))
    assert sent(store, "notice") == ["2026-07-01 moved, Sat 3 Jan", "2026-07-01 before P7D, Sun 26 Apr"]
    last = store.ledger.history(tracked(store, "notice").id)[-1]
    assert (last.what, last.cause, last.occurrence) == ("moved", "lease", "2026-07-01")


def test_an_occurrence_that_was_moved_by_hand_follows_nothing(store):
    load(store, LEASE, NOTICE, now=LOADED)
    acting.move(store, "notice", "2026-05-05", change(LOADED), "2026-07-01")
    acting.move(store, "lease", "2026-08-01", change(LOADED), "2026-07-01")
    assert due(store, "notice", "2026-07-01") == ["Tue 5 May 2026"]


def test_a_series_follows_when_the_other_is_stated_anew(store):
    load(store, LEASE, NOTICE, now=LOADED)
    acting.move(store, "lease", "2026-08-01", change(LOADED), "2026-07-01")
    tick(store, days("2026-01-01", "2026-01-02"))
    report = move(store, "lease", "every FREQ=MONTHLY from 2026-07-01", now=at("2026-01-02T12:00"))
    assert [one.key for one in report.moved_dependants] == ["notice"]
    assert due(store, "notice", "2026-07-01", "2026-09-01") == ["Sun 3 May 2026", "Wed 3 Jun 2026"]
    tick(store, days("2026-01-03", "2026-05-01"))
    assert sent(store, "notice") == [
        "moved, Sat 3 Jan",
        "2026-07-01 before P7D, Sun 26 Apr",
        "2026-08-01 before P7D, Sun 26 Apr",
    ]


@pytest.mark.parametrize("new", ["P60D before lease", "P60D before other"])
def test_a_series_that_is_stated_anew_counts_from_where_the_other_stands(store, new):
    load(store, LEASE, entry("other", LEASE.commitment.deadline), NOTICE, now=LOADED)
    acting.move(store, "lease", "2026-08-01", change(LOADED), "2026-07-01")
    acting.move(store, "other", "2026-09-01", change(LOADED), "2027-07-01")
    move(store, "notice", new, now=at("2026-01-01"))
    moved = ["Tue 2 Jun 2026", "Sun 2 May 2027"] if new.endswith("lease") else ["Sat 2 May 2026", "Fri 3 Jul 2026"]
    assert due(store, "notice", "2026-07-01", "2027-07-01") == moved


def test_a_new_one_counts_from_where_the_other_stands(store):
    load(store, LEASE, now=LOADED)
    acting.move(store, "lease", "2026-08-01", change(LOADED), "2026-07-01")
    load(store, NOTICE, now=LOADED)
    assert due(store, "notice", "2026-07-01") == ["Sun 3 May 2026"]


def test_it_ends_with_the_other_and_what_has_come_stays(store):
    load(store, QUARTER, REPORT, now=LOADED)
    tick(store, days("2026-04-01", "2026-04-09"))
    close(store, "quarter", now=at("2026-04-10"))
    assert due(store, "report", "2025-12-31", "2026-03-31") == ["Sat 14 Feb 2026", "Fri 15 May 2026"]
    with pytest.raises(InputError, match="there is no occurrence"):
        tracked(store, "report").at("2026-06-30")
    before = len(sent(store, "report"))
    tick(store, days("2026-04-10", "2026-09-30"))
    assert {one.partition(" ")[0] for one in sent(store, "report")[before:]} == {"moved,", "2025-12-31", "2026-03-31"}
    expected = "45 days after each occurrence of quarter: Sat 14 Feb 2026, Fri 15 May 2026"
    assert tracked(store, "report").bounds.text == expected
    acting.reopen(store, "quarter", change(at("2026-10-01")))
    assert due(store, "report", "2026-09-30") == ["Sat 14 Nov 2026"]


def test_an_answer_is_its_own(store):
    load(store, LEASE, NOTICE, now=LOADED)
    acting.close(store, "lease", "fulfilled", change(LOADED), "2026-07-01")
    assert tracked(store, "notice").at("2026-07-01").open
    acting.close(store, "notice", "fulfilled", change(LOADED), "2026-07-01")
    assert not tracked(store, "notice").at("2026-07-01").open
    assert tracked(store, "lease").at("2027-07-01").open


def test_each_is_rolled_on_its_own_calendars(store):
    load(store, LEASE, entry("notice", "P90D before lease", roll="preceding", calendars=("US",)), now=LOADED)
    assert due(store, "notice", "2026-07-01", "2028-07-01") == ["Thu 2 Apr 2026", "Fri 31 Mar 2028"]


@pytest.mark.parametrize(
    ("deadline", "refusal"),
    [
        ("later of (P90D before lease; 2026-05-01)", "lease recurs, so .* cannot count from 2026-05-01 as well"),
        ("between lease and quarter", "lease recurs, so .* cannot count from quarter as well"),
        ("P10D after extra", "in a circle"),
    ],
)
def test_what_counts_from_a_series_counts_from_nothing_else(store, deadline, refusal):
    load(store, LEASE, QUARTER, entry("notice", "P1D before lease"), entry("extra", "P1D after notice"), now=LOADED)
    with pytest.raises(InputError, match=refusal):
        load(store, entry("notice", deadline), now=LOADED)


def test_a_move_of_one_occurrence_can_be_seen_before(store):
    load(store, LEASE, NOTICE, now=LOADED)
    report = preview_move(store, "lease", "2026-08-01", change(LOADED), "2026-07-01")
    assert [one.key for one in report.moved_dependants] == ["notice 2026-07-01"]
    assert due(store, "notice", "2026-07-01") == ["Thu 2 Apr 2026"]


def test_what_counts_from_the_end_of_each_quarter_needs_no_other_commitment(store):
    load(store, entry("chase", "P10D before accounts"),
         entry("accounts", "P45D after the end of each quarter"), now=at("2025-12-01"))  # fmt: skip
    assert tracked(store, "accounts").current.occurrence == "2025-12-31"
    tick(store, days("2026-01-20", "2026-02-14"))
    acting.close(store, "accounts", "fulfilled", change(at("2026-02-14T12:00")), "2025-12-31")
    tick(store, days("2026-02-15", "2026-05-09"))
    assert sent(store, "accounts") == [
        "2025-12-31 before P7D, Sat 7 Feb",
        "2025-12-31 on_the_day, Sat 14 Feb",
        "2025-12-31 closed, Sun 15 Feb",
        "2026-03-31 before P7D, Fri 8 May",
    ]
    assert sent(store, "chase")[:2] == ["2025-12-31 before P7D, Wed 28 Jan", "2025-12-31 on_the_day, Wed 4 Feb"]
    with pytest.raises(InputError, match="say which one is moved, as in --occurrence 2026-03-31"):
        acting.move(store, "accounts", "2026-08-01", change(at("2026-05-10")))
