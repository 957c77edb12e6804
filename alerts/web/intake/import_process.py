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
from alerts.web.intake.import_values import RESULT, ImportRequest

MEMORY = 1024 * 2**20  # bytes of addresses; 100,000 rows take half of it
CPU_SECONDS = 180
NOT_STORED = 3  # the exit code where the database cannot be used
TOO_LARGE = 4  # where the memory is used up


def main() -> None:
    """Answer one request."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = pickle.load(sys.stdin.buffer)  # noqa: S301  # written by the HTTP server, which starts this
    assert isinstance(request, ImportRequest)
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


if __name__ == "__main__":
    main()
