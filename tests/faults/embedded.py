"""A daemon on an SQLite database with a webhook to tell, as its user runs it, and what may befall it meanwhile."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.core.liveness import ALIVE, PASS
from tests import forked_alerts
from tests.faults.nursery import ROOT, Nursery, Ran
from tests.faults.sinks import Sinks, open_sinks
from tests.faults.world import write_config
from tests.patience import eventually
from tests.stored_ids import stored_id

TIMEOUT = 5
CHANNELS = """
database: sqlite:///{folder}/data/alerts.db
channels:
  chat: {{{{kind: webhook, url: "http://127.0.0.1:{{http}}/hook", timeout: {{timeout}}}}}}
"""
RULES = """
rules:
  - {name: leads, cron: "* * * * *", match: {}, digest: false, remind: {before: [P7D]}, notify: [chat]}
"""
WHOLE = os.environ.get("FAULTS") == "all"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "ALERTS_USER": "tester"} | ({} if WHOLE else {"HASTE": "yes"})
ON_TMPFS = 'mount -t tmpfs -o size=2m none "$0" && cp "$1" "$0" && shift && exec "$@"'
ASK = """
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1], 20).execute(sys.argv[2]).fetchall()
print(json.dumps(rows, default=bytes.hex))
"""
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


class Midwife(Nursery):
    """A nursery for several scenes at once, which take turns."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.turn = threading.Lock()


class Site:
    """A folder with a configuration and a database of so many commitments, of each of which there is a word to say."""

    def __init__(self, home: Path, sinks: Sinks, nursery: Midwife, count: int) -> None:
        self.sinks = sinks
        self._nursery = nursery
        self.count = count
        self.clock = home / "clock"  # seconds by which a turned clock is off
        self.folder = home / "data"
        self.folder.mkdir(parents=True)
        channels = CHANNELS.format(folder=home)
        self._config = write_config(home / "config", sinks, RULES, TIMEOUT, channels)
        self._process: forked_alerts.Started | None = None
        self._lines: list[str] = []
        self._inside: Sequence[str] = ()
        self._root = Path("/")
        day = (datetime.now(UTC) + timedelta(days=3)).date()
        lines = [f"  - {{key: item-{number}, title: Item {number}, deadline: {day}}}" for number in range(count)]
        loaded = home / "commitments.yaml"
        loaded.write_text("\n".join(["commitments:", *lines, ""]), encoding="utf-8")
        ran = self.run("load", str(loaded))
        assert ran.code == 0, ran.said

    @property
    def path(self) -> Path:
        """The database, as seen from here."""
        return self._root / (self.folder / "alerts.db").relative_to("/")

    @property
    def process(self) -> forked_alerts.Started:
        assert self._process
        return self._process

    @property
    def said(self) -> str:
        """What the daemon has said; while it is up, all its lines so far."""
        return "".join(self._lines)

    def run(self, *arguments: str, prefix: Sequence[str] = (), die_at: int | str | None = None) -> Ran:
        """Run a command beside the daemon, which sees what the daemon sees; it dies at that boundary."""
        options = ["--config", str(self._config), *arguments]
        if not (self._inside or prefix):
            with self._nursery.turn:
                return self._nursery.run(options, die_at)
        command = [*(prefix or self._inside), sys.executable, "-m", "alerts", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
        return Ran(done.returncode, done.stdout + done.stderr, ())

    def start(self, prefix: Sequence[str] = WITHOUT_PRIVILEGES, *, anew: bool = WHOLE, **environment: str) -> None:
        """Start the daemon, in the suite one that need not wait for the next minute.

        It speaks into a pipe: a full disk keeps no log.
        """
        ours, theirs = os.pipe()
        self._pipe = os.fdopen(ours, encoding="utf-8")
        with os.fdopen(theirs, "wb") as output:
            self._process = forked_alerts.start(
                *("--config", str(self._config), "run"),
                output=output,
                env=ENVIRONMENT | environment,
                module="alerts" if WHOLE and not environment else "tests.faults.turned",
                prefix=prefix,
                anew=anew,
            )
        self._reader = threading.Thread(target=self._lines.extend, args=(self._pipe,), daemon=True)
        self._reader.start()

    def start_on_tmpfs(self) -> None:
        """Start it with the data folder on a file system of 2 MB of its own, which goes with it."""
        shutil.copy(self.folder / "alerts.db", self.folder.parent / "alerts.db")
        template = str(self.folder.parent / "alerts.db")
        self.start(["unshare", "-rm", "sh", "-c", ON_TMPFS, str(self.folder), template], anew=True)
        pid = str(self.process.pid)
        self._root = Path("/proc") / pid / "root"
        self._inside = ("nsenter", "-t", pid, "-U", "-m", "--preserve-credentials")

    def end(self) -> None:
        """End the daemon, if it still runs, and read all that it said."""
        if self._process:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait(10)
            self._reader.join(10)
            self._pipe.close()

    def says(self, words: str) -> bool:
        """Whether it has said this (a regular expression). Fails where it has ended, which nobody made it do."""
        code = self.process.poll()
        assert code is None, f"it ended by itself with {code}:\n{self.said[-4000:]}"
        return re.search(words, self.said) is not None

    def ask(self, query: str) -> list[list[Any]]:
        """Rows of the database, as whoever sees what the daemon sees finds them."""
        if not self._inside:
            with closing(sqlite3.connect(self.path, timeout=20)) as connection:
                return [list(row) for row in connection.execute(query)]
        command = [*self._inside, sys.executable, "-S", "-c", ASK, str(self.folder / "alerts.db"), query]
        rows: list[list[Any]] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        return rows

    def states(self) -> dict[str, str]:
        """The deliveries by id, and their states."""
        return {str(stored_id(one)): state for one, state in self.ask("select id, state from deliveries")}

    def last_pass(self) -> datetime | None:
        """When it last said that all was well."""
        found = self.ask(f"select max(at) from meta where name like '{PASS}%'")[0][0]
        return datetime.fromisoformat(found).replace(tzinfo=UTC) if found else None

    def is_at_work(self) -> None:
        """Wait until it has passed once, and is amid its deliveries."""
        eventually(lambda: self.says("") and self.sinks.accepted, "something is accepted", every=0.02)
        eventually(self.last_pass, "it has passed", every=0.02)
        assert len(self.sinks.accepted) < self.count / 2, "too late: most is told"

    def is_live(self, at: datetime) -> bool:
        """Whether `alerts health --live` will say then that it is well."""
        ran = self.run("health", "--live", "--at", at.isoformat())
        assert ran.said.count("\n") == 1, f"a word or a line: {ran.said}"
        return ran.code == 0

    def is_done(self) -> bool:
        """Whether all that there is to say is sent, by the database."""
        return self.says("") and list(self.states().values()) == ["sent"] * self.count

    def check_the_end(self) -> None:
        """Wait until all is told; then nothing is lost, nothing came twice, and there is no traceback."""
        eventually(self.is_done, "all is told, and that is written down", every=0.1)
        assert set(self.sinks.ids()) == set(self.states()), "nothing is lost"
        assert set(self.sinks.ids().values()) == {1}, "nothing came twice"
        assert self.ask("pragma integrity_check") == [["ok"]]
        assert "Traceback" not in self.said, self.said

    def limit_files(self, size: int | None) -> None:
        """Let no file of the daemon grow beyond so many bytes, as if the disk were full; None: lift that."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def fill_disk(self) -> None:
        """Take all that is left of its file system, for as long as `filler` stands."""
        with (self.path.parent / "filler").open("ab", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass

    def free_disk(self) -> None:
        (self.path.parent / "filler").unlink()


@contextmanager
def site(home: Path, nursery: Midwife, count: int = 40, pause: float = 0.2) -> Iterator[Site]:
    """A site whose webhook takes so long, so that something is going on when it is hit."""
    with open_sinks() as sinks:
        sinks.pause = pause
        made = Site(home, sinks, nursery, count)
        try:
            yield made
        finally:
            made.end()


def survive(here: Site, strike: Callable[[], None], lift: Callable[[], None], words: str) -> None:
    """Strike while it delivers: it stays up and says in a line what is wrong; it is not well until that is lifted, and
    then it is by itself.
    """
    here.is_at_work()
    try:
        said = f"ERROR .*: database .*({words}).*; again in a moment"
        eventually(lambda: strike() or here.says(said), f"it says {said!r}", within=90, every=0.05)
        last = here.last_pass()
        assert last
        stale = last + ALIVE + timedelta(seconds=0.1)
        assert not here.is_live(stale), "it could not pass for five minutes, and yet is called well"
        assert not here.is_done(), "nothing was left to tell: this shows little"
    finally:
        lift()
    eventually(lambda: (here.last_pass() or last) > last, "it passes again", within=90, every=0.1)
    assert here.is_live(stale), "it is well again"
    here.check_the_end()
