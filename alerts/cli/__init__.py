"""The command line: thin, and the one place where everything is wired together."""

from __future__ import annotations

import sys

from alerts.cli import checking, sending, tracking
from alerts.cli.wiring import app
from alerts.core.errors import InputError

__all__ = ["app", "checking", "main", "sending", "tracking"]


def main() -> None:
    """Run a command. What a user got wrong is one line each on stderr, and exit code 1 (2 for wrong usage)."""
    try:
        app()
    except InputError as error:
        for line in str(error).splitlines():
            print(f"alerts: {line}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
