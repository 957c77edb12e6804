"""What went through each channel: the last success, what waits, and what failed."""

from __future__ import annotations

from datetime import timedelta

from alerts.core.deliveries import Outcome
from alerts.store import Store
from alerts.store.channel_traffic import ChannelTraffic, channel_traffic
from tests.factories import at, claim, entries, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
MINUTE = timedelta(minutes=1)


def test_of_each_channel_it_has_the_last_success_what_waits_and_what_failed(store: Store) -> None:
    load(store, *entries(5, "2025-11-10"), now=at("2025-10-01"))
    plan_at(store, NINE, rule(remind=remind(before=("P7D",)), digest=False))
    sent, later, dead, *others = claim(store, NINE)
    store.outbox.record_outcomes([(sent, Outcome(state="sent"), NINE, NINE + MINUTE)])
    store.outbox.record_outcomes([(later, Outcome(state="sent"), NINE, NINE + 2 * MINUTE)])
    store.outbox.record_outcomes([(dead, Outcome(state="dead", error="no"), NINE, NINE + 3 * MINUTE)])
    found = channel_traffic(store.database, [sent.channel, "other"])
    assert found == {
        sent.channel: ChannelTraffic(sent_at=NINE + 2 * MINUTE, waiting=len(others), oldest=NINE, failed=1),
        "other": ChannelTraffic(),
    }
