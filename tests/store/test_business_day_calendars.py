"""Calendars and rolls in the store: kept, recomputed with the party's, and part of what a file states."""

from sqlalchemy import update

from alerts.core.stated_values import stated
from alerts.deadlines.bounds import Bounds
from alerts.store import tables
from tests.factories import NOW, at, commitment, entry, load, move, party, plan_at, remind, rule, tracked

LATER = at("2025-10-29T09:00")


def test_calendars_and_roll_are_kept_and_decide(store):
    load(store, entry("a", "2026-01-01", calendars=("US", "CN"), roll="following"))
    found = tracked(store, "a")
    assert (found.commitment.calendars, found.commitment.roll) == (("US", "CN"), "following")
    assert (found.bounds.calendars, found.bounds.latest) == (("US", "CN"), at("2026-01-06"))  # 2 January: off in China


def test_another_roll_moves_it_and_whatever_hangs_on_it(store):
    load(store, entry("a", "2026-01-31", calendars=("US",)), entry("b", "P1D after a"))
    report = load(store, entry("a", "2026-01-31", calendars=("US",), roll="preceding"), now=LATER)
    assert [one.key for one in report.moved + report.moved_dependants] == ["a", "b"]
    assert tracked(store, "b").bounds.latest == at("2026-02-01")


def test_other_calendars_that_move_nothing_are_an_edit(store):
    load(store, entry("a", "2025-11-10", calendars=("US",)))
    report = load(store, entry("a", "2025-11-10", calendars=("CN",)), now=LATER)
    assert (report.edited, report.moved) == (["a"], [])
    assert (tracked(store, "a").bounds.calendars, tracked(store, "a").bounds_version) == (("CN",), 1)


def test_a_party_with_another_calendar_takes_its_deadlines_along(store):
    stated_by_it = entry("a", "1 business day after 2025-11-10", by=("us",))
    load(store, stated_by_it, parties=[party("us")])
    report = load(store, stated_by_it, parties=[party("us", calendar="US")], now=LATER)
    assert [one.key for one in report.moved] == ["a"]
    assert tracked(store, "a").bounds.latest == at("2025-11-13")  # past Veterans Day, 11 November


def test_a_party_with_another_calendar_takes_the_leads_along_where_nothing_moves(store):
    said = rule(remind=remind(before=("2 business days",)))
    stated_by_it = entry("a", "2025-11-12", by=("us",))
    load(store, stated_by_it, parties=[party("us")])
    assert next_alert_at(store, NOW, said) == at("2025-11-10T09:00")
    load(store, stated_by_it, parties=[party("us", calendar="US")], now=LATER)
    assert tracked(store, "a").revision == 1
    assert next_alert_at(store, LATER, said) == at(
        "2025-11-07T09:00"
    )  # Monday 10, past Veterans Day; two are Monday and Friday


def test_the_office_hours_of_a_party_are_its_close_of_business_and_move_with_it(store):
    stated_by_it = entry("a", "close of business on 2025-11-10", by=("us",), timezone="UTC")
    load(store, stated_by_it, parties=[party("us", hours="09:00-17:30")])
    assert tracked(store, "a").bounds.latest == at("2025-11-10T17:30")
    assert tracked(store, "a").bounds.explanation[0] == "office hours of US: 09:00-17:30"
    report = load(store, stated_by_it, parties=[party("us", hours="09:00-16:00")], now=LATER)
    assert [one.key for one in report.moved] == ["a"]
    assert tracked(store, "a").bounds.latest == at("2025-11-10T16:00")


def test_the_fiscal_year_of_a_party_is_that_of_its_deadlines_and_moves_them(store):
    stated_by_it = entry("a", "end of FY2026 Q1", by=("us",), timezone="UTC")
    load(store, stated_by_it, parties=[party("us", fiscal_year="FY2026 from 2025-10-01")])
    assert tracked(store, "a").bounds.latest == at("2026-01-01")
    report = load(store, stated_by_it, parties=[party("us", fiscal_year="FY2026 from 2025-11-01")], now=LATER)
    assert [one.key for one in report.moved] == ["a"]
    assert tracked(store, "a").bounds.latest == at("2026-02-01")


def next_alert_at(store, now, said):
    plan_at(store, now, said)
    ((found,),) = (times.values() for times in store.ledger.next_alert_at(range(100)).values())
    return found


def test_what_a_file_stated_before_there_were_calendars_undoes_no_move(store):
    said = stated(commitment("a"))
    del said["calendars"], said["roll"]
    load(store, entry("a"))
    with store.database.change() as connection:
        connection.execute(update(tables.commitments).values(loaded=said))
    move(store, "a", "2025-12-24")
    assert load(store, entry("a"), now=LATER).moved == []
    assert tracked(store, "a").commitment.deadline == "2025-12-24"
    assert load(store, entry("a"), now=LATER).unchanged == 1


def test_bounds_that_were_stored_before_there_were_calendars_are_read():
    kept = {"form": "undated", "basis": [], "assumptions": []}
    assert Bounds.from_json(kept) == Bounds()
