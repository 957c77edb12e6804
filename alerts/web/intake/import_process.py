"""`python -m alerts.web.intake.import_process`: the process that reads and loads one upload, within limits.

It gets an `ImportRequest` on standard input, and writes an `ImportResult` as JSON to standard output. Whatever the
content does to it, the HTTP server goes on.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys

from alerts.store import Store
from alerts.store.store_error import StoreError
from alerts.web.intake.import_steps import run_import
from alerts.web.intake.import_values import RESULT, ImportLimits, ImportRequest

NOT_STORED = 3  # the exit code where the database cannot be used
TOO_LARGE = 4  # where the memory is used up


def main() -> None:
    """Answer one request."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    request = pickle.load(sys.stdin.buffer)  # noqa: S301  # written by the HTTP server, which starts this
    assert isinstance(request, ImportRequest)
    _limit(request.limits)
    try:
        store = Store(request.settings.database, request.settings.timezone)
        with answer:
            answer.write(RESULT.dump_json(run_import(store, request)))
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(NOT_STORED)
    except MemoryError:
        sys.exit(TOO_LARGE)
    store.close()


def _limit(limits: ImportLimits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
