"""Measures deliveries next to Debian's `prometheus-alertmanager`, and to a bare loop, in the same run.

`python -m benchmarks.peers` prints a table of CPU, times and ratios; exit code 1 if an aim is missed. All are due at
once, the sinks on loopback are another process, and CPU is that of all threads. Alertmanager keeps nothing on disk;
here each delivery is durable and has answer links. "Kept only" is what it costs to be durable, without rendering or
sending. Without Alertmanager the comparison is left out, in red.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from alerts.answer_keys import make_key_file
from alerts.cli.app import App
from alerts.core.deliveries import Delivery, Outcome
from alerts.core.messages import Message
from alerts.planning import plan
from alerts.startup import prepare
from alerts.store.outbox.reach import ServedRecipients
from benchmarks.deliveries import BARE, CONFIG, FIRINGS, LABELS, Bench, Cost, databases
from benchmarks.figures import Figure, Unit, give
from benchmarks.processes import cpu_of, free_port
from benchmarks.sinks import Sinks, Taken, running

PROGRAM = "prometheus-alertmanager"
CPU_AT_MOST = {"mail": 1.3, "web": 4.0}  # times Alertmanager's, planning included
TIME_AT_MOST = {"mail": 1.0, "web": 2.0}  # times Alertmanager's for mails, a bare loop's for posts
AGAINST = {"mail": PROGRAM, "web": "bare loop"}
AGAINST_LABELS = {"mail": "Alertmanager", "web": "a bare loop"}
LATER, LEASE, CLAIMED = timedelta(hours=2), timedelta(minutes=1), 64  # of what is only kept
WEB_LINKS = CONFIG.replace('/hook"', '/hook", answers: true')
LINKS = "http: {{public_url: https://alerts.example.org, answer_keys: {{file: {}}}}}\n"
PEER_CONFIG = """
global: {smtp_smarthost: "127.0.0.1:%(mail)s", smtp_from: alerts@example.org, smtp_require_tls: false,
         smtp_hello: alerts.example.org}
route: {receiver: web, group_by: ["..."], group_wait: 0s, group_interval: 1h, repeat_interval: 9h,
        routes: [{receiver: mail, matchers: ['tag="mail"']}]}
receivers:
  - {name: web, webhook_configs: [{url: "http://127.0.0.1:%(web)s/hook", send_resolved: false}]}
  - {name: mail, email_configs: [{to: desk@example.org, send_resolved: false}]}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """CPU seconds for each delivery, and seconds until the first and the last was at the sink."""

    cpu: float
    first: float
    last: float


class Alertmanager:
    """A running Alertmanager. `process` is its own."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, sinks: Sinks) -> None:
        self.process, self.url, self.sinks = process, url, sinks

    def run(self, tag: str, count: int) -> Run:
        """Hand over `count` alerts at once and wait until the sink has them."""
        self.sinks.take(tag)
        cpu, began = cpu_of(self.process.pid), time.time()
        alerts = [_alert(tag, f"{tag}-{began:.0f}-{number:05d}") for number in range(count)]  # anew in each run
        requests.post(f"{self.url}/api/v2/alerts", json=alerts, timeout=60).raise_for_status()
        taken = wait_for(self.sinks, tag, count)
        return Run((cpu_of(self.process.pid) - cpu) / count, taken.first_at - began, taken.last_at - began)


def _alert(tag: str, key: str) -> dict[str, object]:
    """Return an alert with about as much to say as a commitment of ours."""
    notes = {
        "summary": f"Report {key} of the United States to the desk",
        "description": "Send it to the desk and keep a copy of what was sent.",
        "source": "Ahead of the summit, Example Press: every report is due within the quarter",
    }
    labels = {"alertname": "report", "tag": tag, "key": key, "priority": "high", "by": "us"}
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return {"labels": labels, "annotations": notes, "endsAt": ends, "generatorURL": "https://example.org/brief"}


def wait_for(sinks: Sinks, tag: str, count: int) -> Taken:
    """Return what a sink received in all, once that is `count`."""
    found, until = Taken(), time.time() + 60 + count / 10
    while found.count < count:
        time.sleep(0.2)
        more = sinks.take(tag)
        first = found.first_at or more.first_at
        found = Taken(found.count + more.count, first, more.last_at or found.last_at, more.last or found.last)
        if time.time() > until:
            raise SystemExit(f"{found.count} of {count} arrived: this measures nothing")
    return found


@contextmanager
def alertmanager(sinks: Sinks, folder: Path) -> Iterator[Alertmanager | None]:
    """Start Alertmanager; None where it is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        yield None
        return
    (folder / "peer.yml").write_text(PEER_CONFIG % sinks.ports)
    address = f"127.0.0.1:{free_port()}"
    command = [program, f"--config.file={folder}/peer.yml", f"--storage.path={folder}/peer"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=error"]
    process = subprocess.Popen(command)
    try:
        for _ in range(100):
            time.sleep(0.1)
            try:
                requests.get(f"http://{address}/-/ready", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                continue
        yield Alertmanager(process, f"http://{address}", sinks)
    finally:
        process.terminate()
        process.wait(30)


def bare(sinks: Sinks, tag: str, body: bytes, count: int) -> Run:
    """Send the same bytes in a loop over one connection."""
    sinks.take(tag)
    costs: list[Cost] = []
    began = time.time()
    with Cost.of(count, costs):
        BARE[tag](sinks.ports[tag], body, count)
    taken = wait_for(sinks, tag, count)
    return Run(costs[0].cpu, taken.first_at - began, taken.last_at - began)


def ours(bench: Bench, tag: str) -> tuple[Run, float, bytes]:
    """Return what planning and delivering cost together, the CPU of planning alone, and the last message."""
    bench.sinks.take(tag)
    planned, delivered = bench.ours(tag)
    taken = bench.sinks.take(tag)
    began = planned.began
    whole = Run(planned.cpu + delivered.cpu, taken.first_at - began, taken.last_at - began)
    return whole, planned.cpu, taken.last


def kept_only(bench: Bench, tag: str, size: int) -> float:
    """Return the CPU of planning, claiming, storing and recording a delivery; nothing is rendered or sent.

    This is the floor of a delivery that survives a kill. What is stored has `size` octets, and as many
    outcomes share a commit as the channel has connections.
    """
    firing = FIRINGS[tag] + LATER
    bench.load(tag, firing, FIRINGS[tag])  # the same commitments, moved
    app = App(bench.folder, None)
    channel, outbox = app.channels[tag], app.store.outbox
    prepare(app.store, app.rules, FIRINGS[tag])
    message = Message(subject="Report to the desk", text="x" * size, rendered_at=firing)
    served, done = ServedRecipients(recipients=channel.recipients), 0
    costs: list[Cost] = []
    with Cost.of(bench.count, costs):
        plan(app.store, app.rules, app.channels, firing)
        while claims := outbox.claim(tag, firing, CLAIMED, LEASE, served=served):
            outbox.keep({one.id: (one.fence, message, None) for one in claims})
            for some in batched(claims, channel.connections):
                outbox.record_outcomes([(one, Outcome(state="sent"), firing, firing) for one in some])
            done += len(claims)
    app.close()
    if done != bench.count:
        raise SystemExit(f"{done} of {bench.count} were due again: this measures nothing")
    return costs[0].cpu


def batched(claims: Sequence[Delivery], count: int) -> Iterator[Sequence[Delivery]]:
    """Yield claims in groups of `count`."""
    return (claims[first : first + count] for first in range(0, len(claims), count))


class Report:
    """The table, and whether all aims are met."""

    def __init__(self, count: int) -> None:
        self.good = True
        self.figures: list[Figure] = []
        self.table = Table(title=f"{count:,} due at once")
        for heading in ("", "CPU each", "first", "last", "CPU ratio", "time ratio", "aims"):
            self.table.add_column(heading, justify="left" if heading in ("", "aims") else "right")

    def peer(self, label: str, run: Run) -> None:
        self.table.add_row(label, *_figures(run))

    def kept_only(self, tag: str, name: str, cpu: float, peer: Run | None) -> None:
        ratio = f"{cpu / peer.cpu:.2f}" if peer and peer.cpu else "–"
        self.figures.append(Figure(f"{LABELS[tag]} kept only, {name}", cpu))
        label = f"{LABELS[tag]}: {name}, kept only"
        self.table.add_row(label, f"{cpu * 1000:.2f} ms", "", "", ratio, "", "nothing is rendered or sent: the floor")

    def ours(self, tag: str, name: str, run: Run, planning: float, peers: dict[str, Run]) -> None:
        label = f"{LABELS[tag]}: {name} (planning {planning * 1000:.2f} ms)"
        cpu, against = peers.get(PROGRAM), peers.get(AGAINST[tag])
        ratios = [run.cpu / cpu.cpu if cpu and cpu.cpu else None, run.last / against.last if against else None]
        aims = [CPU_AT_MOST[tag], TIME_AT_MOST[tag]]
        met = [ratio is None or ratio <= aim for ratio, aim in zip(ratios, aims, strict=True)]
        self.good &= all(met)
        self.figures += [Figure(f"{LABELS[tag]}, {name}", run.cpu), Figure(f"{LABELS[tag]} planned, {name}", planning)]
        times = zip(("CPU", "until the last"), ratios, ("Alertmanager", AGAINST_LABELS[tag]), strict=True)
        self.figures += [
            Figure(f"{LABELS[tag]}, {name}: {what} next to {whose}", ratio, Unit.RATIO, noisy=True)
            for what, ratio, whose in times
            if ratio
        ]
        shown = [f"{ratio:.2f}" if ratio else "–" for ratio in ratios]
        text = f"≤ {aims[0]:g} of {PROGRAM}, ≤ {aims[1]:g} of {AGAINST[tag]}: " + ("met" if all(met) else "missed")
        self.table.add_row(label, *_figures(run), *shown, f"[{'green' if all(met) else 'red'}]{text}[/]")


def _figures(run: Run) -> tuple[str, str, str]:
    return f"{run.cpu * 1000:.2f} ms", f"{run.first:.2f} s", f"{run.last:.1f} s"


def measure(given: str | None, count: int) -> Report:
    """Measure the bare loop, Alertmanager and ourselves, one right after the other, for each kind and database."""
    report = Report(count)
    with (
        tempfile.TemporaryDirectory() as name,
        running() as sinks,
        databases(given, Path(name)) as found,
        alertmanager(sinks, Path(name)) as peer,
    ):
        (folder := Path(name) / "config").mkdir()
        make_key_file(Path(name) / "keys", datetime.now(UTC))
        config = WEB_LINKS + LINKS.format(Path(name) / "keys")
        for tag in BARE:
            for database, url in found:
                bench = Bench(folder, url, sinks, count, config)
                run, planning, body = ours(bench, tag)
                peers = {"bare loop": bare(sinks, tag, body, count)}
                if peer:
                    peers[PROGRAM] = peer.run(tag, count)
                for label, one in peers.items():
                    report.peer(f"{LABELS[tag]}: {label}", one)
                report.ours(tag, database, run, planning, peers)
                report.kept_only(tag, database, kept_only(bench, tag, len(body)), peers.get(PROGRAM))
                report.table.add_section()
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", metavar="URL")
    parser.add_argument("--count", type=int, default=2000)
    given = parser.parse_args()
    report = measure(given.database, given.count)
    console = Console(width=150)
    console.print(report.table)
    give(report.figures)
    if shutil.which(PROGRAM) is None:
        console.print(f"[red]{PROGRAM} is not installed: NOT compared with it (apt-get install {PROGRAM})[/]")
    sys.exit(not report.good)


if __name__ == "__main__":
    main()
