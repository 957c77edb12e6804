"""`make demo`: the replay ends with pages on which the autumn can be walked through, or says how to get them."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from benchmarks import truce_autumn

ROOT = Path(__file__).parents[2]
DEMO = (sys.executable, "-m", "benchmarks.truce_autumn")
WALK = re.compile(r"http://127\.0\.0\.1:\d+/\?as_of=2025-10-28")
NEXT = re.compile(r'<a href="([^"]+)">Next change<')


@contextmanager
def demo_in_a_terminal(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the demo in a terminal, and give the process and the address that it prints."""
    ours, theirs = pty.openpty()
    with closing(os.fdopen(ours, "rb", buffering=0)) as screen:
        process = subprocess.Popen(
            DEMO, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        try:
            text = ""
            while not (found := WALK.search(text.replace("\r\n", ""))):
                text += screen.read(4096).decode(errors="replace")
            yield process, found[0]
        finally:
            process.kill()
            process.wait()


def test_in_a_terminal_it_ends_with_pages_until_ctrl_c(tmp_path: Path) -> None:
    with demo_in_a_terminal(tmp_path) as (process, address):
        days, html = [], requests.get(address, timeout=30).text
        assert "Alerts sent on this day" in html
        assert "<strong>7 days before</strong>" in html
        while found := NEXT.search(html):
            url = urljoin(address, unescape(found[1]))
            days.append(url.partition("as_of=")[2])
            html = requests.get(url, timeout=30).text
            if days[-1] == "2025-10-29":
                assert "Moved</strong>: Thu 30 Oct 2025 → Sat 1 Nov 2025 (put off by two days)" in html
        assert (len(days), days[0], days[-1]) == (25, "2025-10-29", "2026-01-26")
        now = requests.get(urljoin(address, "/"), timeout=30).text
        assert "Sun 1 Feb 2026" in now
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_without_a_terminal_it_says_how_to_get_the_pages_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two days, so in a thirtieth of the time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["make demo"])
    monkeypatch.setattr("sys.stdin", io.StringIO())  # no terminal, wherever the tests run
    monkeypatch.setattr(truce_autumn, "END", truce_autumn.START + timedelta(days=2))
    with pytest.raises(SystemExit) as ended:
        truce_autumn.main()
    found = capsys.readouterr()
    assert (ended.value.code, found.err) == (0, "")
    assert "`make demo ARGS=--page`" in found.out
    assert not WALK.search(found.out)
    assert (tmp_path / "var/demo/alerts.db").stat().st_size > 0
