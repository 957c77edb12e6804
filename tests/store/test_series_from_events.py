"""A series from the date of another commitment: it begins when that date is known, and follows when it moves."""

import pytest

from alerts.deadlines.errors import InputError
from tests import acting
from tests.factories import at, change, entry, load, move, tracked
from tests.store.recurring import LOADED, days, said, tick

SIGNING = entry("signing", "undated (tbd)")
REVIEW = entry("review", "every 3 months after signing")


def test_it_is_undated_until_the_date_is_known_and_then_follows(store):
    load(store, SIGNING, REVIEW, now=LOADED)
    assert not tracked(store, "review").recurs
    tick(store, days("2025-11-10", "2025-11-14"))
    assert said(store) == []
    report = move(store, "signing", "2025-11-20", now=at("2025-11-15T00:00"))
    assert [one.key for one in report.moved_dependants] == ["review"]
    tick(store, days("2025-11-15", "2026-02-21"))
    assert [one for one in said(store) if one.startswith(("moved", "2026"))] == [
        "moved, Sat 15 Nov",  # of the signing
        "moved, Sat 15 Nov",  # of the review
        "2026-02-20 before P7D, Fri 13 Feb",
        "2026-02-20 on_the_day, Fri 20 Feb",
        "2026-02-20 overdue P0D, Sat 21 Feb",
    ]


def test_what_is_closed_stays_closed_where_the_date_remains_and_the_rest_follows(store):
    load(store, entry("signing", "2025-11-20", kind="event"), REVIEW, now=LOADED)
    tick(store, days("2025-11-10", "2026-02-15"))
    acting.close(store, "review", "fulfilled", change(at("2026-02-15T12:00")), "2026-02-20")
    tick(store, days("2026-02-16", "2026-02-17"))
    report = move(store, "review", "every 3 months after P1M after signing", now=at("2026-02-18T00:00"))
    assert [str(one.after.recurrence) for one in report.moved] == ["every FREQ=MONTHLY;INTERVAL=3 from 2026-03-20[UTC]"]
    move(store, "review", "every 3 months after signing", now=at("2026-02-18T01:00"))
    tick(store, days("2026-02-18", "2026-05-20"))
    assert [one for one in said(store) if one.startswith("2026")] == [
        "2026-02-20 before P7D, Fri 13 Feb",
        "2026-02-20 closed, Mon 16 Feb",
        "2026-05-20 before P7D, Wed 13 May",
        "2026-05-20 on_the_day, Wed 20 May",
    ]


def test_without_a_date_again_it_is_quiet(store):
    load(store, entry("signing", "2025-11-20"), REVIEW, now=LOADED)
    tick(store, days("2025-11-10", "2026-02-14"))
    move(store, "signing", "undated (tbd)", now=at("2026-02-15T00:00"))
    sent = len(said(store))
    tick(store, days("2026-02-15", "2026-06-30"))
    assert said(store)[sent:] == ["moved, Sun 15 Feb", "moved, Sun 15 Feb"]
    with pytest.raises(InputError, match="does not recur"):
        acting.close(store, "review", "fulfilled", change(at("2026-07-01T00:00")), "2026-02-20")
