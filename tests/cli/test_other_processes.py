"""What only a process of its own shows: pipes that break, disks that are full, terminals of another kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts

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
def test_a_full_disk_is_one_line() -> None:
    ended = shell("alerts list --json > /dev/full")
    assert (ended.returncode, ended.stderr) == (1, "alerts: output: No space left on device\n")


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("shut", ["<&-", ">&-"])
def test_a_stream_that_is_closed_is_no_error(shut: str) -> None:
    ended = shell(f"alerts list --json {shut}")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_terminal_without_the_characters_shows_others(loaded: Alerts, home: Path) -> None:
    (home / "seed.yaml").write_text("commitments:\n  - {key: x, title: A–B, deadline: 2025-10-30}\n", encoding="utf-8")
    loaded("load", "seed.yaml", "--at", NOW)
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = shell("alerts show x", **plain)
    assert ended.returncode == 0
    assert ended.stdout.startswith("A?B\n")
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("loaded")
def test_a_process_says_what_it_is_told_to() -> None:
    ended = shell("alerts list --json && alerts zzz")
    assert ended.returncode == 2
    assert [row["key"] for row in json.loads(ended.stdout)] == ["summit", "decision"]
    assert ended.stderr == "alerts: No such command 'zzz'; see `alerts --help`\n"
