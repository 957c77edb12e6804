"""`python -m alerts.web`: the process that the daemon starts. It ends when its standard input closes.

So it never outlives the daemon, even where that is killed. Why it cannot start is a line on standard output, which the
daemon reads.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from pathlib import Path

from alerts.clock import utc_now
from alerts.deadlines.errors import InputError
from alerts.log_output import start_log
from alerts.settings import load_settings
from alerts.web.http_server import GRACE, listen, listener, serve
from alerts.web.pages.due_index import due_index
from alerts.web.pages.page_access import has_pages
from alerts.web.services import open_services
from alerts.web.web_app import create_app, create_operations_app

BELOW_THE_DAEMON = 10  # of niceness: on a busy machine, sending goes first


def main() -> None:
    """Serve until the daemon ends this process."""
    arguments = argparse.ArgumentParser(prog="python -m alerts.web", add_help=False)
    arguments.add_argument("--config", type=Path)
    arguments.add_argument("--database")
    stated = arguments.parse_args()
    os.nice(BELOW_THE_DAEMON)
    try:
        asyncio.run(_serve(stated.config, stated.database))
    except InputError as error:
        sys.stdout.write(str(error).splitlines()[0] + "\n")
        sys.exit(1)


async def _serve(config: Path | None, database: str | None) -> None:
    settings = load_settings(config, database, os.environ)
    if settings.http is None:
        raise InputError("`http` is not set")
    start_log(settings.redaction, settings.log)
    services = open_services(settings, utc_now)
    index = due_index(services)
    pairs = [(listener(create_app(services, index)), listen(settings.http.bind, settings.http.port))]
    if settings.http.operations:
        pairs.append((listener(create_operations_app(services)), listen(*settings.http.operations)))
    stopped = asyncio.Event()
    _end_with_the_daemon(asyncio.get_running_loop(), stopped)
    if has_pages(settings.http):  # reading 20,000 commitments takes over a second, which nobody should wait for
        threading.Thread(target=index.read_ahead, name="read-ahead", daemon=True).start()
    await serve(pairs, stopped)
    services.store.close()


def _end_with_the_daemon(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        loop.call_soon_threadsafe(stopped.set)
        threading.Event().wait(2 * GRACE)
        os._exit(1)  # a handler that does not end must not keep the port

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    main()
