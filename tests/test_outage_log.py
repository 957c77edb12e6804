"""An outage has a line when it begins and one when it has ended, however many steps meet it and however often."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from alerts.outage_log import OutageLog
from alerts.store.store_error import StoreError
from tests.factories import at

DOWN = StoreError("database db.example.org: connection refused")
FULL = StoreError("database db.example.org: the disk is full")


class Site:
    """An outage log with a clock that is set, and the lines that it wrote."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.now = at("2025-11-03T09:00")
        self.outages = OutageLog(lambda: self.now)
        self._caplog = caplog

    @property
    def lines(self) -> list[str]:
        return [f"{one.levelname} {one.getMessage()}" for one in self._caplog.records]


@pytest.fixture
def site(caplog: pytest.LogCaptureFixture) -> Site:
    caplog.set_level(logging.INFO)
    return Site(caplog)


def test_an_outage_has_a_line_when_it_begins_and_one_when_it_has_ended(site: Site) -> None:
    for _ in range(20):
        for step in ("planning", "sending via mail", "sending via chat"):
            site.outages.failed(step, DOWN)
        site.now += timedelta(seconds=5)
    began = f"ERROR planning: {DOWN}; again in a moment"
    assert site.lines == [began]
    site.outages.succeeded("sending via mail")
    site.outages.succeeded("planning")
    assert site.lines == [began], "one step still fails"
    site.outages.succeeded("sending via chat")
    assert site.lines == [began, f"INFO works again after 100 s: {DOWN}"]
    site.outages.succeeded("planning")
    assert len(site.lines) == 2


def test_each_reason_has_a_line_and_the_next_outage_has_its_own(site: Site) -> None:
    site.outages.failed("planning", DOWN)
    site.outages.failed("planning", FULL)
    site.outages.succeeded("planning")
    site.outages.failed("planning", DOWN)
    assert [line.split(":")[0] for line in site.lines] == [
        "ERROR planning", "ERROR planning", "INFO works again after 0 s", "ERROR planning"
    ]  # fmt: skip


def test_who_succeeded_all_along_ends_nothing(site: Site) -> None:
    site.outages.failed("planning", DOWN)
    site.outages.succeeded("sending via mail")
    assert len(site.lines) == 1


def test_a_channel_that_is_gone_keeps_no_outage_open(site: Site) -> None:
    site.outages.failed("planning", DOWN)
    site.outages.failed("sending via mail", DOWN)
    site.outages.withdraw("sending via mail")
    site.outages.succeeded("planning")
    assert site.lines[-1] == f"INFO works again after 0 s: {DOWN}"


def test_what_is_no_error_of_ours_has_its_traceback_once(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        site.outages.failed("planning", ZeroDivisionError())
    assert site.lines == ["ERROR planning: ZeroDivisionError; again in a moment"]
    assert caplog.records[0].exc_info
