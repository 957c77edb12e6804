"""Without `--at` a command goes by the machine's clock, which is read in one place, as an instant in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from freezegun import freeze_time

from alerts.clock import utc_now
from tests.cli.conftest import Alerts


def test_the_clock_is_read_as_an_instant_in_utc() -> None:
    with freeze_time("2025-10-28 13:30"):
        assert utc_now() == datetime(2025, 10, 28, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(("instant", "when"), [("2025-10-28 23:59", "in 2 days"), ("2025-10-29 00:00", "in 1 day")])
def test_without_a_stated_time_a_listing_is_of_now(loaded: Alerts, instant: str, when: str) -> None:
    with freeze_time(instant):
        shown = loaded("list", "--search", "summit")
    assert shown.code == 0
    assert when in shown.out
