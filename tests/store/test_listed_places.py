"""The places of commitments in listings: the order that the database gives is that of the whole, worked out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from alerts.core.stage_wording import order_of, stage_now
from alerts.core.stages import STAGES
from alerts.store import tables
from alerts.store.commitments_in_order import ListedCommitments
from alerts.store.rows import tracked_of
from tests import acting
from tests.factories import NOW, change, close, entry, load, rule, settle
from tests.patience import cases

MONTHLY = "every FREQ=MONTHLY from 2025-10-15"
STATED = {
    "late": "2025-10-20", "b-late": "2025-10-20", "B-late": "2025-10-20", "window": "between 2025-10-20 and 2026-01-02",
    "today": "2025-10-28", "tomorrow": "2025-10-29", "after": "after 2025-10-20", "later": "after 2026-10-20",
    "none": "undated", "a-none": "undated", "from": "2025-11-20/..", "until": "../2025-11-20", "monthly": MONTHLY,
    "monthly-closed": MONTHLY, "over": "every FREQ=DAILY;COUNT=1 from 2025-10-29", "closed": "2025-10-29",
    "care": "after monthly", "claim": "until care",
}  # fmt: skip


@pytest.fixture
def listed(store):
    load(store, *(entry(key, deadline, owner="ann" if "l" in key else None) for key, deadline in STATED.items()))
    anywhere = {"anywhere": "2025-10-29", "anywhere-2": "between 2025-11-01 and 2025-11-03"}
    load(store, *(entry(key, deadline, timezone=None) for key, deadline in anywhere.items()))
    settle(store, rule())
    close(store, "closed")
    acting.close(store, "monthly-closed", "fulfilled", change(), "2025-11-15")
    acting.close(store, "over", "fulfilled", change(), "2025-10-29")
    settle(store, rule())
    return store


def whole(store, now, *, closed=False):
    found = [(order_of(one.current, now), one) for one in store.ledger.tracked(closed=closed)]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def keys(tracked):
    return [one.commitment.key for one in tracked]


@pytest.mark.parametrize("days", cases([0, 2, 400], 1, 5, 30))
@pytest.mark.parametrize("size", cases([1, 3], 1000))
def test_pages_have_the_order_of_the_whole(listed, days, size, monkeypatch):
    monkeypatch.setattr("alerts.store.commitments_in_order.PAGE", size * 4)
    now, places = NOW + timedelta(days=days), ListedCommitments(listed.database)
    assert keys(places.in_order(now)) == keys(whole(listed, now))
    assert keys(places.in_order(now, closed=True)) == keys(whole(listed, now, closed=True))
    assert keys(places.in_order(now, owners=["ann"])) == [
        one.commitment.key for one in whole(listed, now) if one.commitment.owner == "ann"
    ]
    for stage in STAGES:
        of_stage = [one.commitment.key for one in whole(listed, now) if stage_now(one.current, now) == stage]
        assert keys(places.in_order(now, stage=stage)) == of_stage
    by = now + timedelta(days=3)
    ending = [one for one in whole(listed, now) if one.current.bounds.latest and one.current.bounds.latest <= by]
    assert keys(places.in_order(now, ends_by=by)) == keys(ending)


def test_what_an_earlier_version_left_gets_a_place_at_the_next_ticks(listed):
    before = keys(ListedCommitments(listed.database).in_order(NOW, closed=True))
    with listed.database.write() as connection:
        connection.execute(update(tables.commitments).values(listed_rank=None, listed_at=None))
    assert len(ListedCommitments(listed.database).without_place(3)) == 3
    settle(listed, rule())
    assert ListedCommitments(listed.database).without_place(3) == []
    assert keys(ListedCommitments(listed.database).in_order(NOW, closed=True)) == before


def test_what_cannot_be_read_is_not_tried_at_each_tick(listed, statements):
    with listed.database.write() as connection:
        broken = {"bounds": {"odd": 1}, "listed_rank": None}
        connection.execute(update(tables.commitments).where(tables.commitments.c.key == "late").values(broken))
    settle(listed, rule())
    with statements() as heard:
        settle(listed)
    with listed.database.read() as connection:
        ranks = connection.execute(select(tables.commitments.c.listed_rank)).scalars().all()
    assert None not in ranks
    assert not [one for one, _ in heard if "UPDATE commitments" in one]


def test_what_has_changed_is_named_until_the_next_tick(listed):
    close(listed, "tomorrow")
    (id_,) = (one.id for one in listed.ledger.tracked(closed=True) if one.commitment.key == "tomorrow")
    assert ListedCommitments(listed.database).without_place(5) == [id_]


@pytest.mark.parametrize("count", [20, 200])
def test_the_first_page_reads_as_much_however_much_is_tracked(store, count, monkeypatch):
    monkeypatch.setattr("alerts.store.commitments_in_order.PAGE", 20)
    load(store, *(entry(f"c{number}", "2025-11-20") for number in range(count)))
    settle(store, rule())
    read = []
    monkeypatch.setattr(
        "alerts.store.commitments_in_order.tracked_of", lambda row: read.append(row["key"]) or tracked_of(row)
    )
    pages = ListedCommitments(store.database).in_order(NOW)
    assert [next(pages).commitment.key for _ in range(3)] == ["c0", "c1", "c10"]
    assert len(read) == 5
