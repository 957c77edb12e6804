"""Ends with what was counted."""

from __future__ import annotations

import os

import pytest

from tests.faults.report import REPORT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("FAULTS") == "all":
        for row in REPORT.rows():
            terminalreporter.write_line(row)
