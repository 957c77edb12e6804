"""The octets of an audit: their SHA-256 stands in old mails, so the same rows give the same octets everywhere."""

from __future__ import annotations

import csv
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from alerts.core.bounce_tokens import SentMail
from alerts.core.deliveries import Outcome
from alerts.store import Store
from alerts.store.rows import chunks
from alerts.views.audit_export import AuditExport, csv_pieces
from tests import acting
from tests.factories import acknowledge, at, change, claim, entry, load, message, move, plan_at, remind, rule, tracked

NINE = at("2025-11-03T09:00")
HOUR = timedelta(hours=1)
LEAD = rule(remind=remind(before=("P7D",)), digest=True)
FILE = Path(__file__).parent / "audit_export.csv"  # never changed: old mails state what comes of such rows


def octets(store: Store, *, shared: frozenset[str] = frozenset()) -> bytes:
    export = AuditExport(
        database=store.database, since=NINE - HOUR, until=NINE + 9 * HOUR, zone="Europe/Brussels", shared=shared
    )
    return b"".join(csv_pieces(export.lines()))


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with tries, an end apart from a try, and changes, several of which share their time."""
    load(store, *(entry(key) for key in ("a.2", "B", "a-1")), now=NINE - HOUR)
    plan_at(store, NINE - HOUR, LEAD)
    plan_at(store, NINE, LEAD)
    (one,) = claim(store, NINE)
    store.outbox.keep({one.id: (one.fence, message(), None)}, {}, {one.id: {"a.2": "Mon 10 Nov 2025"}})
    store.outbox.record_outcomes([(one, Outcome(state="retry", error="busy", next_at=NINE + HOUR), NINE, NINE)])
    (again,) = claim(store, NINE + HOUR)
    sent = Outcome(state="sent", remote="250 ok", server="mx.example.org")
    store.outbox.record_outcomes([(again, sent, NINE + HOUR, NINE + HOUR)])
    store.bounces.record(SentMail(delivery=one.id, attempt=2), "it came back", NINE + 2 * HOUR)
    acknowledge(store, "B", now=NINE + 2 * HOUR)
    move(store, "a-1", "2025-11-20", NINE + 2 * HOUR)
    return store


def test_the_same_rows_give_these_octets_on_both_databases(filled: Store) -> None:
    assert octets(filled) == FILE.read_bytes()


@pytest.mark.parametrize("size", [1, 2])
def test_however_many_are_read_at_a_time_the_octets_are_the_same(
    filled: Store, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = octets(filled)
    monkeypatch.setattr("alerts.store.audit_records.chunks", partial(chunks, size=size))
    assert octets(filled) == whole


def test_another_kind_later_leaves_the_lines_before_as_they_were(store: Store) -> None:
    load(store, entry("lease", "2025-12-01", kind="notice"), now=NINE - HOUR)
    acting.close(store, "lease", "renewed", change(NINE))
    before = octets(store)
    assert b"closed: renewed" in before
    acting.reopen(store, "lease", change(NINE + 20 * HOUR))
    load(store, entry("lease", "2025-12-01", kind="obligation"), now=NINE + 21 * HOUR)
    assert tracked(store, "lease").commitment.kind == "obligation"
    assert octets(store) == before


def test_what_was_accepted_before_it_was_sent_again_shows_no_hash_of_a_later_message(filled: Store) -> None:
    (row,) = filled.ledger.deliveries()
    filled.ledger.retry(str(row["id"]), NINE + 3 * HOUR)
    assert hashes(filled) == [""]
    (again,) = claim(filled, NINE + 3 * HOUR)
    filled.outbox.keep({again.id: (again.fence, message("Another text.\n"), None)})
    filled.outbox.record_outcomes([(again, Outcome(state="sent"), NINE + 3 * HOUR, NINE + 3 * HOUR)])
    first, second = hashes(filled)
    assert first == ""
    assert len(second) == 64


def hashes(store: Store) -> list[str]:
    lines = csv.DictReader(octets(store).decode("utf-8-sig").splitlines())
    return [one["sha256"] for one in lines if one["result"].startswith(("accepted by", "handed over"))]
