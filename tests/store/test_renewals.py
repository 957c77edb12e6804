"""The answers of a notice: the renewal goes on, or it ends after the term; and back again."""

from __future__ import annotations

from importlib import import_module

import pytest
from sqlalchemy import update

from alerts.core.icalendar import FeedEntry
from alerts.deadlines.errors import InputError
from alerts.interchange import gather
from alerts.interchange.ics.feed_writer import FeedWriter
from alerts.store import tables
from tests import acting
from tests.factories import at, change, entry, load, move, tracked
from tests.store.recurring import days, tick
from tests.store.test_dependent_series import LEASE, due, sent

NOTICE = entry("lease-notice", "P90D before lease", kind="notice")
NOW = at("2026-03-30T12:00")


def answer(store, end: str, name: str = "2026-07-01", reason: str | None = None) -> None:
    acting.close(store, "lease-notice", end, change(NOW, reason=reason), name)


def test_what_is_cancelled_ends_after_the_term(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    tick(store, days("2026-03-20", "2026-03-30"))
    answer(store, "cancelled", reason="too dear")
    assert tracked(store, "lease").commitment.deadline == "every FREQ=YEARLY;UNTIL=20260701 from 2026-07-01"
    assert list(tracked(store, "lease-notice").bounds.recurrence.names()) == ["2026-07-01"]
    assert not tracked(store, "lease-notice").at("2026-07-01").open
    assert tracked(store, "lease").at("2026-07-01").open
    assert store.ledger.history(tracked(store, "lease").id)[-1].reason == "lease-notice 2026-07-01: cancelled: too dear"
    tick(store, days("2026-03-31", "2027-06-30"))
    assert sent(store, "lease-notice") == [
        "2026-07-01 before P7D, Thu 26 Mar",
        "moved, Tue 31 Mar",
        "2026-07-01 closed, Tue 31 Mar",
    ]


def test_what_is_renewed_goes_on(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    answer(store, "renewed")
    assert tracked(store, "lease").commitment == LEASE.commitment
    assert tracked(store, "lease-notice").current.occurrence == "2027-07-01"
    revision = store.ledger.history(tracked(store, "lease-notice").id)[-1]
    assert (revision.what, revision.detail, revision.reason) == ("closed", "fulfilled", "renewed")


@pytest.mark.parametrize("end", ["renewed", "cancelled"])
def test_it_is_known_what_was_answered_also_later_and_not_once_it_is_reopened(store, end):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    answer(store, end, reason="as agreed")
    found = tracked(store, "lease-notice").at("2026-07-01")
    assert (found.ended_as, found.commitment.status) == (end, "fulfilled")
    then = store.commitments.as_of("lease-notice", NOW).at("2026-07-01")
    assert (then.ended_as, then.commitment.status) == (end, "fulfilled")
    with pytest.raises(InputError, match=f"is closed \\({end}\\): it cannot be closed any more"):
        answer(store, "renewed")
    acting.reopen(store, "lease-notice", change(NOW), "2026-07-01")
    assert tracked(store, "lease-notice").at("2026-07-01").ended_as == "open"
    details = [one.detail for one in store.ledger.history(tracked(store, "lease-notice").id) if one.what == "reopened"]
    assert details == [f"it was {end}"]


def test_a_notice_of_one_date_has_its_answer_and_nothing_else_has(store):
    load(
        store,
        entry("term", "2026-07-01"),
        entry("last-notice", "P90D before term", kind="notice"),
        now=at("2026-01-01"),
    )
    acting.close(store, "last-notice", "renewed", change(NOW))
    acting.close(store, "term", "fulfilled", change(NOW, reason="renewed"))
    assert (tracked(store, "last-notice").ended_as, tracked(store, "term").ended_as) == ("renewed", "fulfilled")
    acting.reopen(store, "last-notice", change(NOW))
    assert tracked(store, "last-notice").ended_as == "open"
    acting.close(store, "last-notice", "withdrawn", change(NOW))
    assert tracked(store, "last-notice").ended_as == "withdrawn"


def test_an_upgrade_finds_what_was_answered_before(store):
    load(store, LEASE, NOTICE, entry("term", "2026-07-01"), entry("last-notice", "P90D before term", kind="notice"),
         now=at("2026-01-01"))  # fmt: skip
    answer(store, "renewed", reason="as agreed")
    acting.reopen(store, "lease-notice", change(NOW), "2026-07-01")
    answer(store, "cancelled")
    acting.close(store, "last-notice", "renewed", change(NOW))
    acting.close(store, "term", "fulfilled", change(NOW, reason="renewed"))
    with store.database.write() as connection:
        connection.execute(update(tables.commitments).values(answer=None))
        connection.execute(update(tables.occurrences).values(answer=None))
        import_module("alerts.store.migrations.versions.0027_notice_answers").note_answers(connection)
    assert tracked(store, "lease-notice").at("2026-07-01").ended_as == "cancelled"
    assert (tracked(store, "last-notice").ended_as, tracked(store, "term").ended_as) == ("renewed", "fulfilled")


def test_what_nobody_answers_is_overdue_and_goes_on(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    tick(store, days("2026-03-31", "2026-04-10"))
    assert sent(store, "lease-notice")[-1] == "2026-07-01 overdue P7D, Fri 10 Apr"
    tick(store, days("2027-03-25", "2027-03-27"))
    assert sent(store, "lease-notice")[-1] == "2027-07-01 before P7D, Fri 26 Mar"


def test_what_was_cancelled_can_be_reopened(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    answer(store, "cancelled")
    acting.reopen(store, "lease-notice", change(NOW), "2026-07-01")
    assert tracked(store, "lease").commitment == LEASE.commitment
    assert tracked(store, "lease-notice").at("2026-07-01").open
    assert due(store, "lease-notice", "2027-07-01") == ["Fri 2 Apr 2027"]


def test_what_was_stated_anew_since_stays_as_it_was_stated(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    answer(store, "cancelled")
    move(store, "lease", "every FREQ=YEARLY;COUNT=2 from 2026-07-01", now=NOW)
    acting.reopen(store, "lease-notice", change(NOW), "2026-07-01")
    assert tracked(store, "lease").commitment.deadline == "every FREQ=YEARLY;COUNT=2 from 2026-07-01"


@pytest.mark.parametrize(
    ("key", "end", "name", "refusal"),
    [
        ("lease-notice", "fulfilled", "2026-07-01", "--as cancelled.* or renewed"),
        ("lease-notice", "breached", "2026-07-01", "--as cancelled.* or renewed"),
        ("lease-notice", "cancelled", "", "say which notice was answered"),
        ("lease", "renewed", "2026-07-01", "lease is no notice: close it as fulfilled, breached or withdrawn"),
        ("early", "cancelled", "2026-07-01", "lease-notice has no rule of its own that could end"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_with_those_that_can(store, key, end, name, refusal):
    load(store, LEASE, NOTICE, entry("early", "P1D before lease-notice", kind="notice"), now=at("2026-01-01"))
    with pytest.raises(InputError, match=refusal):
        acting.close(store, key, end, change(NOW), name, all_occurrences=not name)
    assert all(one.open for one in store.ledger.tracked(closed=True))
    assert tracked(store, "lease").commitment == LEASE.commitment


def test_a_calendar_shows_both_and_loads_to_the_same_dates(store, tmp_path):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    answer(store, "renewed")
    entries = [
        FeedEntry(tracked=tracked(store, key), installation="here", sequence=0, revised_at=NOW, ended={})
        for key in ("lease", "lease-notice")
    ]
    feed = FeedWriter(name="All", texts=lambda one: (one.commitment.title, "")).write(entries, NOW)
    (tmp_path / "feed.ics").write_bytes(feed)
    found = {one.commitment.key: one.commitment.deadline for one in gather(tmp_path / "feed.ics").entries}
    assert found == {
        "lease@here": "every FREQ=YEARLY from 2026-07-01[UTC]",
        "lease-notice.2027-07-01@here": "2027-04-02[UTC]",
    }


def test_a_notice_cannot_be_done(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    with pytest.raises(InputError, match=r"--as cancelled.* or renewed"):
        answer(store, "fulfilled")


def test_a_notice_can_be_withdrawn_as_a_whole(store):
    load(store, LEASE, NOTICE, now=at("2026-01-01"))
    acting.close(store, "lease-notice", "withdrawn", change(NOW), all_occurrences=True)
    assert tracked(store, "lease").open
