"""Whether a daemon works, by the signs of life that it leaves in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

ALIVE = timedelta(minutes=5)  # a process that was not seen for longer counts as dead
PASS = "pass:"  # noqa: S105  # the prefix of a sign of life, before the host and the process


def is_working(signs: Iterable[tuple[str, str, datetime]], now: datetime, host: str | None = None) -> bool:
    """Return whether a daemon (of this host, if named) has lately planned, and looked at all its channels.

    `signs`: the name, value and time of each fact in the database, those of other kinds among them.
    """
    for name, value, at in signs:
        if not name.startswith(PASS + (f"{host}:" if host else "")) or abs(now - at) > ALIVE:
            continue  # in the future, too: the clock has been put back since
        workers = [datetime.fromisoformat(status["seen_at"]) for status in json.loads(value).values()]
        if all(at - seen <= ALIVE for seen in workers):
            return True
    return False
