"""What counts from when it was last done, as the commands print it."""

from __future__ import annotations

from pathlib import Path

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
    assert refused.code == 1
    assert "boiler counts from when it was last done, so only its next date is known" in refused.err
    assert "let a rule remind of boiler before that (`before: [30 days]`), or state this one by itself" in refused.err


def test_the_message_about_the_closing_says_when_it_is_due_again(alerts: Alerts, tmp_path: Path) -> None:
    alerts("add", "boiler", "Boiler", STATED, "--timezone", "UTC", "--tag", "truce", "--at", "2025-10-01T00:00Z")
    alerts("tick", "--at", "2025-10-13T09:00Z")
    alerts("close", "boiler", "--as", "fulfilled", "--occurrence", "2025-10-20", "--at", NOW)
    alerts("tick", "--at", "2025-10-29T09:00Z")
    mails = [" ".join(one.read_text().split()) for one in sorted((tmp_path / "mail" / "new").iterdir())]
    (closed,) = [mail for mail in mails if "Closed as fulfilled" in mail]
    assert "The next one is due Wed 28 Oct 2026." in closed
    assert "Nothing until the next one. It has its own reminders." in closed
    assert "no more" not in closed
