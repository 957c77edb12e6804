"""`python -m tests.web.api_fuzzing`: Schemathesis tries the whole API by its document, with all checks, statefully.

`--seconds` is how long it tries, `--seed` repeats a run. It exits with 1 where it found something.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from alerts.web.api.api_routes import DOCUMENT
from alerts.web.rate_limit import RateLimit
from tests.factories import at, entry, load, party, source
from tests.web.answering import NOW, Desk, opened

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
ROOT = Path(__file__).parents[2]
TRACKED = (
    entry("offer", "2026-11-20", title="Offer", owner="ann", tags=("single",), priority="critical"),
    entry("answer", "P2D after offer", title="Answer", owner="bob", tags=("list",)),
    entry("report", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-09-01", title="Report", tags=("single",)),
    entry("plan", "undated", title="Plan", tags=("list",), note="Ask first."),
)


def schemathesis(desk: Desk, *options: str) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis against a server, as a program that may record changes."""
    load(desk.store, *TRACKED, parties=[party("us"), party("cn")], sources=[source("brief")], now=at("2026-10-01"))
    token = desk.store.api_tokens.add("fuzzing", "write", by="x", now=NOW)
    program = shutil.which("schemathesis", path=Path(sys.executable).parent)
    assert program, "Schemathesis is not installed: `make web` installs it"
    line = [
        program, "--config-file", str(CONFIGURATION), "--no-color", "run", desk.server.url + DOCUMENT,
        "--url", desk.server.url, "--checks", "all",
        "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off", *options,
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.web.schemathesis_hooks", "PYTHONPATH": str(ROOT), "ALERTS_TOKEN": token}
    # The checks try more wrong tokens in a minute than any address may, and expect that each is refused as wrong.
    with tempfile.TemporaryDirectory() as folder, patch.object(RateLimit, "is_exceeded", return_value=False):
        return subprocess.run(line, cwd=folder, check=False, stdout=subprocess.PIPE, text=True, env=os.environ | hooks)


def main() -> int:
    """Return 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=900)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, opened(f"sqlite:///{name}/alerts.db", Path(name)) as desk:
        done = schemathesis(
            desk, "--max-time", str(chosen.seconds), "--seed", str(chosen.seed), "--continue-on-failure"
        )
    sys.stdout.write(f"{done.stdout}\nseed {chosen.seed}\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
