"""`alerts health --live`, which a container runs every half minute: what it needs is read without the libraries that
commands load."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from alerts import shipped
from alerts.clock import utc_now
from alerts.core.liveness import PASS, is_working
from alerts.lock_files import is_served

DRIVERS = "prepare_threshold"  # an option that only the store knows
SIGNS = "SELECT name, value, at FROM meta WHERE name LIKE "
PLAIN = re.compile(r"^database:[ \t]+([\w+]+://[^\s#\'\"]+)[ \t]*(?:#.*)?$", re.MULTILINE)
STATED = re.compile(r"^[\'\"]?database\b", re.MULTILINE)


def answer(arguments: Sequence[str]) -> str | None:
    """Return "ok", or what is wrong. None where more is needed than this reads: then the command itself must be run.

    The arguments are arranged, as `alerts.cli.arguments` does it.
    """
    *options, command, flag = arguments if len(arguments) in (2, 4, 6) else ("", "", "")
    stated = dict(zip(options[::2], options[1::2], strict=False))
    if (command, flag) != ("health", "--live") or not set(stated) <= {"--config", "--database"}:
        return None
    address = stated.get("--database") or os.environ.get("ALERTS_DATABASE") or _configured(stated.get("--config"))
    signs = _signs(address) if address else None
    if signs is None:
        return None
    is_up = is_working(signs, utc_now(), socket.gethostname())
    return "ok" if is_up else "no daemon is running, or it has done nothing for five minutes: start `alerts run`"


def _configured(config: str | None) -> str | None:
    """Return the address that the configuration states as plain text; None where it must be read in earnest."""
    if any(name.startswith("ALERTS__DATABASE") for name in os.environ):
        return None
    named = config or os.environ.get("ALERTS_CONFIG") or ("config" if Path("config").is_dir() else None)
    folder = Path(named) if named else shipped.folder("config")
    try:
        text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("[!.]*.yaml")))
    except (OSError, UnicodeDecodeError):
        return None
    if not STATED.search(text):
        return shipped.DATABASE if text else None
    found = PLAIN.findall(text)
    return str(found[0]) if len(found) == len(STATED.findall(text)) == 1 else None


def _signs(address: str) -> list[tuple[str, str, datetime]] | None:
    """Return the signs of life in a database; None where they cannot be read."""
    path = re.fullmatch(r"sqlite:///([^?]+)", address)
    try:
        if path:
            return list(_of_sqlite(Path(path[1])))
        return list(_of_postgresql(address)) if address.startswith("postgresql") and DRIVERS not in address else None
    except Exception:  # noqa: BLE001  # the command itself says what is wrong
        return None


def _of_sqlite(path: Path) -> Iterator[tuple[str, str, datetime]]:
    if not is_served(path):
        return
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        for name, value, at in connection.execute(SIGNS + "?", (f"{PASS}%",)):
            yield name, value, datetime.fromisoformat(at).replace(tzinfo=UTC)
    finally:
        connection.close()


def _of_postgresql(address: str) -> Iterator[tuple[str, str, datetime]]:
    import psycopg

    with psycopg.connect(address.replace("postgresql+psycopg", "postgresql", 1)) as connection:
        yield from connection.execute(SIGNS + "%s", (f"{PASS}%",))


def main(arguments: Sequence[str]) -> None:
    """Answer and end, or return where the command itself must be run."""
    text = answer(arguments)
    if text is None:
        return
    print(text if text == "ok" else f"alerts: {text}", file=sys.stdout if text == "ok" else sys.stderr, flush=True)
    sys.exit(0 if text == "ok" else 1)
