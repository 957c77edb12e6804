"""One send by Apprise in a process of its own: a JSON object on stdin is the request, one on stdout the answer.

Apprise's requests have a time-out for each read only, its services may do anything, and its log contains secrets.
A process can be ended at any time, and it returns only what the caller needs. It runs without the package `alerts`.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import signal
import sys
from typing import Any
from urllib.parse import unquote

_MEMORY = 1 << 30  # octets of address space: it protects against an endless answer
_PARTS = re.compile(r"[/:@?&=#,+\s]+")


class _LastWarning(logging.Handler):
    """Keeps the last of Apprise's warnings."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def redacted(text: str, url: str) -> str:
    """Return a line of Apprise's log without any part of the URL, encoded or decoded."""
    scheme, _, rest = url.rpartition("://")
    written = _PARTS.split(rest)
    parts = {rest, unquote(rest), *written, *map(unquote, written), *_PARTS.split(unquote(rest))}
    for part in sorted((part for part in parts - {scheme} if len(part) > 2), key=len, reverse=True):
        text = text.replace(part, "***")
    return re.sub(r"\S+://\S*", "***", text)


def service_of(url: str) -> Any:
    """Return the service of one URL, without anything risky that a URL can switch on; None if Apprise knows none.

    It follows no redirects, does not retry (the daemon decides that), and stores nothing on disk. Text that is too
    long is split rather than cut; it was already fitted to the limits.
    """
    import apprise  # an extra, and slow

    asset = apprise.AppriseAsset(
        app_id="Deadline alerts", http_redirects=False, interpret_emojis=False, interpret_escapes=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY, secure_logging=True, pgp_autogen=False, pem_autogen=False,
    )  # fmt: skip
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is not None:
        service.redirects = False
        service.retry = 0
        service.optional = False
        service.persistent_storage = False
        service.overflow_mode = apprise.OverflowMode.SPLIT
    return service


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the result: `ok`, Apprise's warning if it failed, and the limits of the service."""
    last_warning = _LastWarning(logging.WARNING)
    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(last_warning)
    service = service_of(request["url"])
    if service is None:
        return {"ok": False, "warning": redacted(last_warning.last, request["url"])}
    limits = {"body": service.body_maxlen, "title": service.title_maxlen, "lines": service.body_max_line_count}
    if "body" not in request:
        return {"ok": True, "limits": limits}
    service.socket_connect_timeout = service.socket_read_timeout = request["timeout"]
    try:
        ok = service.notify(
            body=request["body"], title=request["title"], notify_type=request["type"], body_format="text", attach=None
        )
    except Exception as error:  # noqa: BLE001 # one of 200 services, which may fail in any way
        ok, last_warning.last = False, type(error).__name__
    return {"ok": bool(ok), "warning": redacted(last_warning.last, request["url"])}


def main() -> None:
    """Answer before the time is up, even if no parent process is left that could end this one."""
    request = json.load(sys.stdin)
    signal.setitimer(signal.ITIMER_REAL, request["timeout"] + 1)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    out, sys.stdout = sys.stdout, sys.stderr  # a service may print
    print(json.dumps(answer(request)), file=out)  # stdout belongs to the answer


if __name__ == "__main__":
    main()
