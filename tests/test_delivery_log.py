"""One log line for each alert that was sent or failed, and for each reminder that was skipped, with ids."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from alerts.core.deliveries import Outcome
from alerts.delivery_log import log_failed, log_sent
from alerts.store import Store
from tests.factories import NOW, at, claim, entry, load, plan_at, remind, rule

NINE = at("2025-11-09T09:00")
BOTH = rule(remind=remind(before=("P7D", "P1D")), digest=False)


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    found = [(record.getMessage(), getattr(record, "fields", {})) for record in caplog.records]
    return [(text, fields) for text, fields in found if fields]


def test_what_is_merged_sent_and_refused_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    load(store, entry())
    plan_at(store, NOW, BOTH)
    plan_at(store, NINE, BOTH)  # both leads at once: the earlier one is merged
    (delivery,) = claim(store, NINE)
    one_second = timedelta(seconds=1)
    log_sent([(delivery, Outcome(state="sent"), NINE, NINE + one_second)])
    log_sent([(delivery, Outcome(state="retry", error="451 not now"), NINE, NINE + one_second)])
    log_failed(delivery, Outcome(state="dead", error="550 no such user"))
    (skipped, of_skipped), (sent, of_sent), (failed, of_failed) = said(caplog)
    short = str(delivery.id)[:8]
    assert "of rule desk about truce: skipped (merged into the later one of 2025-11-09" in skipped
    assert (of_skipped["event"], of_skipped["kind"], of_skipped["commitment"]) == ("skipped", "before", "truce")
    assert sent == f"{short} via mail: sent (attempt 1, reminders: 1)"
    assert of_sent == {"event": "sent", "delivery": delivery.id, "channel": "mail", "attempt": 1, "alerts": 1}
    assert failed == f"{short} via mail: 550 no such user (dead)"
    assert of_failed == {"event": "failed", "delivery": delivery.id, "channel": "mail", "state": "dead"}
