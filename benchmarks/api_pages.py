"""Measures what the API costs: CPU seconds and size of answers, on a large register, through the whole application.

`python -m benchmarks.api_pages` loads the register of `benchmarks.listings` and runs a tick first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from starlette.types import Message

from alerts.actions.all_or_none import unique_keys
from alerts.actions.close import close
from alerts.clock import utc_now
from alerts.core.changes import Change
from alerts.web.api.api_routes import PREFIX
from alerts.web.web_app import create_app
from benchmarks.site_pages import open_register

CLOSED = 2_000  # commitments, so that there are pages of those
PATHS = (
    ("the first list after the start", "/commitments"),
    ("a page", "/commitments"),
    ("a page of 100", "/commitments?limit=100"),
    ("the last page", "/commitments?limit=100&cursor={last}"),
    ("with a text", "/commitments?search=audit"),
    ("with a text that none has", "/commitments?search=nowhere"),
    ("overdue", "/commitments?overdue=true"),
    ("closed", "/commitments?closed=true"),
    ("closed, with a text that none has", "/commitments?closed=true&search=nowhere"),
    ("one", "/commitments/c5000"),
    ("why", "/commitments/c5000/why"),
    ("plan", "/plan"),
    ("deliveries", "/deliveries"),
)


async def answered(app: FastAPI, path: str, token: str) -> tuple[float, bytes]:
    """Return the CPU seconds and the body of an answer."""
    address, _, query = (PREFIX + path).partition("?")
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "http", "method": "GET", "path": address, "raw_path": address.encode(), "query_string": query.encode(),
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080), "scheme": "http",
        "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    began = process_time()
    await app(scope, receive, send)
    seconds = process_time() - began
    assert sent[0]["status"] == 200, (path, sent)
    return seconds, b"".join(one.get("body", b"") for one in sent)


async def measured(app: FastAPI, token: str, table: Table) -> None:
    """Add a row for each kind of answer."""
    last = ""
    for title, path in PATHS:
        if "{last}" in path:
            last = await last_cursor(app, token)
        seconds, body = await answered(app, path.format(last=last), token)
        table.add_row(title, path.partition("&cursor")[0], f"{seconds:.3f}", f"{len(body):,}")


async def last_cursor(app: FastAPI, token: str) -> str:
    """Return the cursor of the last page of 100."""
    cursor = ""
    while True:
        _, body = await answered(app, f"/commitments?limit=100{cursor and f'&cursor={cursor}'}", token)
        page: dict[str, Any] = json.loads(body)
        if page["next"] is None:
            return cursor
        cursor = page["next"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commitments", type=int, default=20_000)
    chosen = parser.parse_args()
    table = Table(title=f"{chosen.commitments:,} commitments, {CLOSED:,} of them closed")
    for heading in ("answer", "address", "CPU seconds", "octets"):
        table.add_column(heading, justify="right" if heading in ("CPU seconds", "octets") else "left")
    with tempfile.TemporaryDirectory() as name:
        services = open_register(Path(name), chosen.commitments)
        keys = [one.commitment.key for one in services.store.ledger.tracked() if not one.recurs][:CLOSED]
        close(services.store, unique_keys(keys), "withdrawn", Change(now=utc_now(), by="benchmark"))
        token = services.store.api_tokens.add("benchmark", "read", by="benchmark", now=utc_now())
        asyncio.run(measured(create_app(services), token, table))
        services.store.close()
    Console(soft_wrap=True).print(table)


if __name__ == "__main__":
    main()
