"""Measures a load in each format, and whether a daemon still delivers during a large load.

`python -m benchmarks.loads` prints the figures. The exit code is 1 if 5,000 commitments take 20 seconds or more in any
format, or if a load that moves 2,000 with a dependant each takes more than two seconds of CPU. It is also 1 if a load
of 100,000 next to a running daemon takes 200 MB or more, if another process waits 20 seconds or more for a write (after
30 it would fail), or if a mail leaves more than two minutes late (it waits until the daemon has evaluated the load). On
two idle cores the longest wait was 0.6 s, and no mail was late. `--large 0` leaves the daemon out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
from rich.console import Console
from rich.table import Table

from alerts.store import Store
from benchmarks.figures import Figure, Unit, give
from benchmarks.processes import Usage, daemon, program, run

OWNERS = 25
CONFIG = """
database: sqlite:///{folder}/alerts.db
channels:
  box: {{kind: maildir, path: {folder}/mail, to: [desk@example.org]}}
rules:
  - {{name: due, cron: "* * * * *", match: {{tags: [due]}}, remind: {{before: [PT1M]}}, notify: [box], digest: false}}
  - {{name: rest, cron: "0 9 * * mon-fri", match: {{tags: [reports]}}, remind: {{before: [P7D]}}, notify: [box]}}
"""
PEOPLE = "".join(f"  - {{key: desk-{n}, name: Desk {n}, email: desk-{n}@example.org}}\n" for n in range(OWNERS))
HEADINGS = ("key", "title", "deadline", "owner", "tags", "note")
MINUTES, EACH_MINUTE = 5, 20
MOVED, MOVED_WITHIN = 2_000, 2.0
MOST_SECONDS, MOST_MEGABYTES, LONGEST_WAIT, LATEST_MAIL = 20.0, 200.0, 20.0, 120.0


def rows(count: int) -> Iterator[tuple[str, ...]]:
    """Yield commitments as cells."""
    for number in range(count):
        day = datetime(2027, 1, 1, tzinfo=UTC).date() + timedelta(days=number % 3650)
        note = "Send it to the desk, and keep a copy of what was sent."
        yield f"item-{number:06}", f"Report number {number}", str(day), f"desk-{number % OWNERS}", "reports", note


def write(path: Path, count: int) -> None:
    """Write a file of `count` commitments, in the format of its suffix."""
    match path.suffix:
        case ".csv":
            cells = [",".join(f'"{cell}"' for cell in row) for row in rows(count)]
            path.write_text("\r\n".join([",".join(HEADINGS), *cells, ""]))
        case ".xlsx":
            book = openpyxl.Workbook(write_only=True)
            sheet = book.create_sheet()
            for row in (HEADINGS, *rows(count)):
                sheet.append(row)
            book.save(path)
        case ".ics":
            todos = [
                f"BEGIN:VTODO\r\nUID:{key}\r\nSUMMARY:{title}\r\nDUE;VALUE=DATE:{day.replace('-', '')}\r\n"
                f"CATEGORIES:{tag}\r\nDESCRIPTION:{note.replace(',', chr(92) + ',')}\r\nEND:VTODO\r\n"
                for key, title, day, _, tag, note in rows(count)
            ]
            path.write_text("".join(["BEGIN:VCALENDAR\r\n", *todos, "END:VCALENDAR\r\n"]))
        case _:
            entries = (
                f'  - {{key: {key}, title: "{title}", deadline: {day}, owner: {owner}, tags: [{tag}],\n'
                f'     note: "{note}"}}\n'
                for key, title, day, owner, tag, note in rows(count)
            )
            path.write_text("".join(["commitments:\n", *entries]))


def load(folder: Path, path: Path) -> Usage:
    """Load a file in another process."""
    used = run([*program(folder / "config"), "load", str(path)])
    if used.status:
        raise SystemExit(f"load of {path.name} ended with status {used.status}")
    return used


@contextmanager
def site() -> Iterator[Path]:
    """Yield a folder with a configuration."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "alerts.yaml").write_text(CONFIG.format(folder=folder) + "people:\n" + PEOPLE)
        yield folder


def formats(count: int, out: Console) -> bool:
    """Load `count` commitments in each format; return whether all were fast enough."""
    table = Table(title=f"load of {count:,}")
    for heading in ("format", "seconds", "CPU seconds", "peak memory"):
        table.add_column(heading, justify="right")
    slowest, figures = 0.0, []
    for suffix in ("yaml", "csv", "xlsx", "ics"):
        with site() as folder:
            write(folder / f"x.{suffix}", count)
            used = load(folder, folder / f"x.{suffix}")
        slowest = max(slowest, used.seconds)
        table.add_row(suffix, f"{used.seconds:.1f}", f"{used.cpu:.1f}", f"{used.megabytes:.0f} MB")
        figures.append(Figure(f"{suffix}, {count:,}", used.cpu))
        figures.append(Figure(f"{suffix}, {count:,}, peak memory", used.megabytes, Unit.MEGABYTES))
    out.print(table)
    give(figures)
    return slowest < MOST_SECONDS


def moves(out: Console) -> bool:
    """Move commitments with a dependant each, by a load without and with the dependants; return whether it was fast."""
    slowest, figures = 0.0, []
    for which in ("them", "them and what follows"):
        with site() as folder:
            everything = folder / "x.csv"
            everything.write_text(_with_dependants(1))
            load(folder, everything)
            run([*program(folder / "config"), "tick"])
            text = _with_dependants(11)
            everything.write_text(text if which != "them" else text[: text.index("after-")])
            cpu = load(folder, everything).cpu
        out.print(f"load of {which}, in which {MOVED:,} move with a dependant each: {cpu:.2f} s of CPU")
        figures.append(Figure(f"{MOVED:,} moved by a load of {which}", cpu))
        slowest = max(slowest, cpu)
    give(figures)
    return slowest <= MOVED_WITHIN


def _with_dependants(day: int) -> str:
    """Return a table of commitments from a day of each month on, and of others that count from them."""
    bases = [f"base-{n:04},Report {n},2027-{1 + n % 12:02}-{day + n % 9:02}" for n in range(MOVED)]
    others = [f"after-{n:04},After {n},P5D after base-{n:04}" for n in range(MOVED)]
    return "\n".join(
        ["key,title,deadline,owner,tags", *(f"{row},desk-{n % OWNERS},reports" for n, row in enumerate(bases + others))]
    )


def during_a_daemon(count: int, out: Console) -> bool:
    """Load while a daemon delivers; return whether writes of others and mails were in time."""
    with site() as folder:
        write(folder / "x.yaml", count)
        first = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
        due = [first + timedelta(minutes=minute, seconds=30) for minute in range(MINUTES) for _ in range(EACH_MINUTE)]
        _load_due(folder, due)
        done, waits = threading.Event(), [0.0]
        probe = threading.Thread(target=_probe, args=(folder, done, waits))
        with daemon(folder / "config"):
            time.sleep(max(0.0, (first - datetime.now(UTC)).total_seconds() - 5))
            probe.start()
            began = datetime.now(UTC)
            try:
                used = load(folder, folder / "x.yaml")
            finally:
                ended = datetime.now(UTC)
                done.set()
                probe.join()
            time.sleep(max(0.0, (due[-1] - datetime.now(UTC)).total_seconds() + LATEST_MAIL))
        mails = sorted(path.stat().st_mtime for path in (folder / "mail").glob("**/new/*"))
    if len(mails) != len(due):
        raise SystemExit(f"{len(mails)} mails for {len(due)} that were due")
    late = max(mail - at.timestamp() for mail, at in zip(mails, due, strict=True))
    during = sum(1 for mail in mails if began.timestamp() <= mail <= ended.timestamp())
    out.print(
        f"load of {count:,} with a running daemon: {used.seconds:.1f} s, {used.megabytes:.0f} MB "
        f"(under {MOST_MEGABYTES:g}); writes of another process waited {max(waits):.2f} s at most "
        f"(under {LONGEST_WAIT:g}); {during} mails left meanwhile, the latest {late:+.1f} s from its instant "
        f"(at most {LATEST_MAIL:+g})"
    )
    good = used.megabytes < MOST_MEGABYTES and max(waits) < LONGEST_WAIT and late <= LATEST_MAIL
    return good and during > 0


def _load_due(folder: Path, due: list[datetime]) -> None:
    """Load commitments that are due at these times."""
    entries = "".join(
        f"  - {{key: due-{n}, title: Due {n}, deadline: '{at:%Y-%m-%dT%H:%M:%SZ}', tags: [due]}}\n"
        for n, at in enumerate(due)
    )
    (folder / "due.yaml").write_text("commitments:\n" + entries)
    load(folder, folder / "due.yaml")


def _probe(folder: Path, done: threading.Event, waits: list[float]) -> None:
    """Write every tenth of a second, and note how long each write waits."""
    store = Store(f"sqlite:///{folder}/alerts.db")
    while not done.wait(0.1):
        began = time.perf_counter()
        store.ledger.record_fact("probe", "x", datetime.now(UTC))
        waits.append(time.perf_counter() - began)
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--large", type=int, default=100_000)
    chosen = parser.parse_args()
    out = Console(soft_wrap=True)
    good = formats(chosen.count, out)
    good = moves(out) and good
    if chosen.large:
        good = during_a_daemon(chosen.large, out) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
