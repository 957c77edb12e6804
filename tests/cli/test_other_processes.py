"""What only a process of its own shows: pipes that break, and what commands in a row say."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.cli.conftest import NOW

ALERTS = [sys.executable, "-m", "alerts"]


def shell(line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line in which `alerts` is the command."""
    command = " ".join(ALERTS)
    return subprocess.run(
        ["bash", "-c", f'alerts() {{ {command} "$@"; }}; {line}'],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | more,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.usefixtures("loaded")
def test_a_pipe_that_breaks_is_no_error_to_speak_of() -> None:
    ended = shell(f"alerts plan --at {NOW} --days 3650 --json | head -c 1; exit ${{PIPESTATUS[0]}}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "[", "")


@pytest.mark.usefixtures("loaded")
def test_a_process_says_what_it_is_told_to() -> None:
    ended = shell("alerts list --json && alerts zzz")
    assert ended.returncode == 2
    assert [row["key"] for row in json.loads(ended.stdout)] == ["summit", "decision"]
    assert ended.stderr == "alerts: No such command 'zzz'; see `alerts --help`\n"
