"""Makes the databases of this folder: `python -m tests.store.schemas.make` makes those that are missing.

The newest commit whose last migration is that of the schema is put into a temporary folder. Its own code loads a
register, sends, records answers and leaves deliveries open; then the database is dumped. `life` has the commands.

Some migrations came together with later ones, so that no version ever ended with them. Their databases are those of an
earlier schema, brought there by the migrations of the first version that had them. The first line of a dump says so.
"""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres
from tests.faults.sinks import Sinks, open_sinks
from tests.patience import eventually
from tests.store.schemas import kept, life

ROOT = Path(__file__).parents[3]
VERSIONS = "alerts/store/migrations/versions"
UPGRADE = """
import sys
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
config = Config()
config.set_main_option("script_location", "alerts/store/migrations")
with create_engine(sys.argv[1]).begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, sys.argv[2])
"""
# What only the machine of the one who makes them knows.
SHOWN_FOLDER, SHOWN_HOST = "/srv/alerts", "desk.example.org"
# What psql knows and a server does not, and settings that only newer servers have.
LEFT_OUT = re.compile(r"^(\\.*|--.*|SET .*|SELECT pg_catalog\.set_config.*|CREATE SCHEMA public.*)?$")


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


def migrations() -> list[str]:
    """Return the names of all migrations, such as `0001_first_tables`, in order."""
    return sorted(path.stem for path in (ROOT / VERSIONS).glob("[0-9]*.py"))


def newest_commits() -> dict[str, str]:
    """Return the schemas that some version ended with, each with the newest such commit."""
    ours = migrations()
    found: dict[str, str] = {}
    for commit in git("log", "--topo-order", "--format=%h").decode().split():
        names = git("ls-tree", "--name-only", commit, f"{VERSIONS}/").decode().split()
        theirs = sorted(Path(name).stem for name in names if name.endswith(".py"))
        if theirs and theirs == ours[: len(theirs)]:
            found.setdefault(theirs[-1][:4], commit)
        elif not theirs:
            break
    return found


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Put the files of a commit into a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="alerts-") as folder:
        with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def environment(code: Path) -> dict[str, str]:
    """Return the environment in which Python runs the code of a checkout."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    return plain | {"PYTHONPATH": str(code), "ALERTS_USER": "desk", "TZ": "UTC"}


def start(code: Path, folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start Python on the code of a checkout."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *words], cwd=folder, env=environment(code), stdout=pipe, stderr=pipe, text=True
    )


def run(code: Path, folder: Path, *words: str) -> None:
    process = start(code, folder, *words)
    said = process.communicate()
    assert process.returncode == 0, f"{words}: {said}"


def live(code: Path, schema: str, url: str, sinks: Sinks) -> None:
    """Let a version live with its database, refuse its posts at last, and kill it while it posts again."""
    with tempfile.TemporaryDirectory(prefix="alerts-") as name:
        folder = Path(name)
        life.write_files(folder, int(schema), sinks.http)
        alerts = ("-m", "alerts", "--config", "config", "--database", url)
        for words in life.commands(int(schema)):
            run(code, folder, *alerts, *words)
        settings = folder / "config" / "alerts.yaml"
        with_sink = settings.read_text()
        with socket.create_server(("127.0.0.1", 0)) as unused:
            settings.write_text(with_sink.replace(f":{sinks.http}/", f":{unused.getsockname()[1]}/"))
        run(code, folder, *alerts, "tick", "--at", life.REFUSED)
        settings.write_text(with_sink)
        run(code, folder, *alerts, "load", "added.yaml", "--at", life.URGENT)
        sinks.gate.clear()
        process = start(code, folder, *alerts, "tick", "--at", life.KILLED)
        eventually(lambda: sinks.waiting > 0, "it posts")
        process.kill()
        process.communicate()
        sinks.gate.set()
        eventually(lambda: sinks.waiting == 0, "the server is done with it")


def make(schema: str, commits: dict[str, str], kind: str, url: str, sinks: Sinks) -> str:
    """Make the database of a schema; returns how it was made."""
    if commit := commits.get(schema):
        with checkout(commit) as code:
            live(code, schema, url, sinks)
        return f"{schema}, by the version {commit}"
    before = max(one for one in commits if one < schema)
    after = min(one for one in commits if one > schema)
    kept.restore(before, kind, url)
    with checkout(commits[after]) as code:
        run(code, code, "-c", UPGRADE, url, schema)
    return f"{schema}, of the database of {before}, by the migrations of the version {commits[after]}"


def dump(url: str) -> str:
    """Return a database as SQL statements."""
    if url.startswith("sqlite"):
        text = kept.sqlite_dump(url)
    else:
        folder = next(one for one in postgres.binaries() if (one / "pg_dump").exists())
        options = ("--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges")
        address = url.replace("+psycopg", "")
        text = subprocess.run([folder / "pg_dump", *options, address], check=True, capture_output=True).stdout.decode()
        text = "\n".join(line for line in text.splitlines() if not LEFT_OUT.match(line))
    text = re.sub(rf"{tempfile.gettempdir()}/alerts-[a-z0-9_]+", SHOWN_FOLDER, text)
    return re.sub(rf"(?<=:){re.escape(socket.gethostname())}(?=:[0-9])", SHOWN_HOST, text)  # in the names of processes


def main() -> None:
    """Make what is missing, oldest first: some are made of others."""
    commits = newest_commits()
    with postgres.running() as server, open_sinks() as sinks, tempfile.TemporaryDirectory() as folder:
        for schema in (name[:4] for name in migrations()):
            for kind in kept.KINDS:
                if kept.path(schema, kind).exists() or schema > max(commits):
                    continue
                url = server.url(server.create()) if kind == "postgresql" else f"sqlite:///{folder}/{schema}.db"
                how = make(schema, commits, kind, url, sinks)
                kept.write(schema, kind, f"-- {how}\n{dump(url)}")
                print(f"{kind} {how}: {kept.path(schema, kind).stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
