"""Measures when a daemon sends the first of 5,000 alerts, alone and while ten readers keep opening the pages.

`python -m benchmarks.first_alert` prints seconds from the firing of the rule until a mail server on loopback has the
first mail, and the peak memory of the daemon until then; exit code 1 if the first mail takes longer than a second. Each
reader opens the list of due commitments and the page of one in turn, without a pause. With `--digest` all alerts are in
one mail, which has no such limit. With `--whole` the benchmark also waits for the last mail. With either of these there
are no readers.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import requests

from benchmarks.processes import daemon, free_port, helper, program, wait_until_ready
from benchmarks.sinks import Sinks, running

READERS = 10
WITHIN = 1.0  # seconds
STARTS = timedelta(seconds=20)
CONFIG = """
database: sqlite:///{folder}/alerts.db
timezone: UTC
channels:
  mail: {{kind: email, from: Alerts <alerts@example.org>, to: [desk@example.org],
         smtp: {{host: 127.0.0.1, port: {mail}, security: none}}}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [mail], digest: {digest}, remind: {{before: [P7D]}}}}
http: {{port: {port}}}
"""


@contextmanager
def reading(port: int) -> Iterator[Connection]:
    """Let readers open pages until the block sends anything; it then receives how often each status came."""
    with helper(_readers, port) as wire:
        wire.recv()  # they have begun
        yield wire


def _readers(wire: Connection, port: int) -> None:
    found, ended = Counter[int](), threading.Event()

    def read() -> None:
        session = requests.Session()
        while not ended.is_set():
            for path in ("/", "/c/due-1"):
                found[session.get(f"http://127.0.0.1:{port}{path}", timeout=60).status_code] += 1

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    wire.send("begun")
    wire.recv()
    ended.set()
    for reader in readers:
        reader.join()
    wire.send(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Seconds from the firing to the first and the last mail, peak memory in octets, and statuses that readers got."""

    first: float
    last: float
    peak: int
    statuses: Counter[int]


def measure(sinks: Sinks, count: int, *, digest: bool, read: bool, whole: bool) -> Found:
    """Let a daemon send what is due, and return what was found."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder, mail = Path(name), sinks.ports["mail"]
        config = CONFIG.format(folder=folder, mail=mail, port=port, digest=str(digest).lower())
        (folder / "alerts.yaml").write_text(config)
        begin = datetime.now(UTC) + STARTS + timedelta(seconds=count / 250)
        firing = (begin + timedelta(minutes=1)).replace(second=0, microsecond=0)
        deadline = (firing + timedelta(days=7)).strftime("%Y-%m-%dT%H:%MZ")
        rows = (f'  - {{key: due-{n}, title: Report {n}, deadline: "{deadline}"}}\n' for n in range(count))
        (folder / "due").mkdir()
        (folder / "due" / "due.yaml").write_text("commitments:\n" + "".join(rows))
        subprocess.run([*program(folder), "load", f"{folder}/due/due.yaml"], check=True, capture_output=True)
        with daemon(folder) as running_daemon:
            wait_until_ready(port)
            with reading(port) if read else nullcontext() as wire:
                first, last = _mails(sinks, firing.timestamp(), count if whole and not digest else 1)
                if wire:
                    wire.send("end")
                statuses: Counter[int] = wire.recv() if wire else Counter()
            peak = _peak(running_daemon.pid)
    sinks.take("mail")
    return Found(first=first - firing.timestamp(), last=last - firing.timestamp(), peak=peak, statuses=statuses)


def _mails(sinks: Sinks, firing: float, count: int) -> tuple[float, float]:
    """Return when the first and the last of so many mails came, as Unix time."""
    found, first, moved = 0, 0.0, firing
    while time.time() < moved + 60:
        time.sleep(0.2)
        taken = sinks.take("mail")
        if not taken.count:
            continue
        found, first, moved = found + taken.count, first or taken.first_at, taken.last_at
        if first < firing:
            raise SystemExit("something was sent before the firing: this measures nothing")
        if found >= count:
            return first, moved
    raise SystemExit(f"{found} of {count} were sent, and no more for a minute")


def _peak(pid: int) -> int:
    """Return the peak memory of a process in octets (VmHWM, proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--digest", action="store_true")
    options.add_argument("--whole", action="store_true")
    given = options.parse_args()
    slow, alone = 0, given.digest or given.whole
    with running() as sinks:
        for read in ((False,) if alone else (False, True)) * given.rounds:
            found = measure(sinks, given.count, digest=given.digest, read=read, whole=given.whole)
            slow += found.first > WITHIN and not given.digest
            pages = ", ".join(f"{number} × {status}" for status, number in sorted(found.statuses.items()))
            who = f"{READERS} readers ({pages})" if read else "nobody reads"
            how = ", in one digest" if given.digest else ""
            last = f", the last after {found.last:.1f} s" if given.whole else ""
            took = f"the first after {found.first:.2f} s{last}, {found.peak / 1e6:.0f} MB"
            print(f"{given.count:,} due{how}, {who}: {took}", flush=True)
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
