"""`python -m tests.web.tools`: says which of the tools that `make web` uses are missing, and fails if any is."""

from __future__ import annotations

import shutil
import sys

TOOLS = {
    "curl": "apt-get install curl",
    "promtool": "apt-get install prometheus",
    "prometheus": "apt-get install prometheus",
    "chromium": "apt-get install chromium",
    "node": "apt-get install nodejs",
    "npm": "apt-get install npm",
}


def main() -> int:
    """Return 1 where a tool is missing."""
    missing = [f"make web: {name} is MISSING: {how}\n" for name, how in TOOLS.items() if shutil.which(name) is None]
    sys.stderr.write("".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
