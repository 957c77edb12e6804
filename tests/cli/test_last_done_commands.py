"""What counts from when it was last done, as the commands print it."""

from __future__ import annotations

from tests.cli.conftest import NOW, Alerts

STATED = "every 12 months after it was last done from 2025-10-20"


def test_closing_says_when_it_is_due_again_and_reopening_takes_that_back(alerts: Alerts) -> None:
    done = alerts("add", "boiler", "Boiler", STATED, "--timezone", "UTC", "--at", NOW)
    assert "that date has passed: every 12 months after it was last done: Mon 20 Oct 2025" in done.err
    refused = alerts("close", "boiler", "--as", "fulfilled", "--at", NOW)
    assert (refused.code, "as in --occurrence 2025-10-20" in refused.err) == (1, True)
    closed = alerts("close", "boiler", "--as", "fulfilled", "--occurrence", "2025-10-20", "--at", NOW)
    assert closed.out.splitlines()[:2] == [
        "boiler 2025-10-20 is closed: fulfilled",
        "  due again Wed 28 Oct 2026 (2026-10-28)",
    ]
    listed = alerts("list", "--at", NOW).out
    assert "Wed 28 Oct 2026 (every 12 months after it was last done)" in listed
    shown = alerts("show", "boiler", "--at", NOW).out
    assert "every 12 months after it was last done: Wed 28 Oct 2026, as it was last done on Tue 28 Oct 2025" in shown
    alerts("reopen", "boiler", "--occurrence", "2025-10-20", "--because", "not yet", "--at", NOW)
    assert "state        open, 2025-10-20: 8 days overdue" in alerts("show", "boiler", "--at", NOW).out
    assert "there is no occurrence '2026-10-28'" in alerts("why", "boiler", "--occurrence", "2026-10-28").err


def test_nothing_else_can_count_from_it(alerts: Alerts) -> None:
    alerts("add", "boiler", "Boiler", STATED, "--timezone", "UTC", "--at", NOW)
    refused = alerts("add", "order", "Order", "30 days before boiler", "--at", NOW)
    assert (refused.code, "boiler counts from when it was last done" in refused.err) == (1, True)
