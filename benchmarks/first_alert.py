"""Measures when the first of 5,000 alerts goes out, alone and while ten readers keep opening the pages.

`python -m benchmarks.first_alert` prints seconds from the firing of the rule until a mail server on loopback has the
first mail; exit code 1 if one takes longer than a second. Each reader opens the list of what is due and a
commitment's page in turn, the next as soon as one has come.
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
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [mail], digest: false, remind: {{before: [P7D]}}}}
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


def measure(sinks: Sinks, count: int, *, read: bool) -> tuple[float, Counter[int]]:
    """Return the seconds until the first mail, and how often each status came to the readers."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "alerts.yaml").write_text(CONFIG.format(folder=folder, mail=sinks.ports["mail"], port=port))
        begin = datetime.now(UTC) + STARTS + timedelta(seconds=count / 250)
        firing = (begin + timedelta(minutes=1)).replace(second=0, microsecond=0)
        deadline = (firing + timedelta(days=7)).strftime("%Y-%m-%dT%H:%MZ")
        rows = (f'  - {{key: due-{n}, title: Report {n}, deadline: "{deadline}"}}\n' for n in range(count))
        (folder / "due").mkdir()
        (folder / "due" / "due.yaml").write_text("commitments:\n" + "".join(rows))
        subprocess.run([*program(folder), "load", f"{folder}/due/due.yaml"], check=True, capture_output=True)
        with daemon(folder):
            wait_until_ready(port)
            with reading(port) if read else nullcontext() as wire:
                first = _first(sinks, firing.timestamp())
                if wire:
                    wire.send("end")
                statuses: Counter[int] = wire.recv() if wire else Counter()
    sinks.take("mail")
    return first - firing.timestamp(), statuses


def _first(sinks: Sinks, firing: float) -> float:
    """Return when the first mail came, as Unix time."""
    while time.time() < firing + 60:
        time.sleep(0.2)
        if first := sinks.take("mail").first_at:
            if first < firing:
                raise SystemExit("something was sent before the firing: this measures nothing")
            return first
    raise SystemExit("nothing was sent within a minute")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--rounds", type=int, default=2)
    given = options.parse_args()
    slow = 0
    with running() as sinks:
        for read in (False, True) * given.rounds:
            seconds, statuses = measure(sinks, given.count, read=read)
            slow += seconds > WITHIN
            pages = ", ".join(f"{number} × {status}" for status, number in sorted(statuses.items()))
            who = f"{READERS} readers ({pages})" if read else "nobody reads"
            print(f"{given.count:,} due, {who}: the first after {seconds:.2f} s", flush=True)
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
