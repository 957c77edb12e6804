"""One send by Apprise, in a process of its own: asked by a JSON object on stdin, answered by one on stdout.

Apprise's requests have a time-out for each read only, its services may do anything, and its log holds what was sent
where. A process can be ended whatever it does, and says no more than is asked. It is run by its path, without `alerts`.
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

_MEMORY = 1 << 30  # octets of address space, against an answer that has no end
_PARTS = re.compile(r"[/:@?&=#,+\s]+")


class _LastWarning(logging.Handler):
    """Keeps the last of Apprise's warnings."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def redacted(text: str, url: str) -> str:
    """A line of Apprise's log without any part of the URL, as it is written or as it is meant."""
    scheme, _, rest = url.rpartition("://")
    written = _PARTS.split(rest)
    parts = {rest, unquote(rest), *written, *map(unquote, written), *_PARTS.split(unquote(rest))}
    for part in sorted((part for part in parts - {scheme} if len(part) > 2), key=len, reverse=True):
        text = text.replace(part, "***")
    return re.sub(r"\S+://\S*", "***", text)


def service_of(url: str) -> Any:
    """The service of one URL, with all switched off that a URL may switch on; None where Apprise knows none.

    Not followed: redirects. Not done: repeats, which are ours to decide. Not kept: anything on the disk. What is too
    long is split rather than cut, though it has been cut to fit before.
    """
    import apprise  # noqa: PLC0415 # an extra, and slow

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
    """What comes of it: `ok`, what Apprise said if not, and the limits of the service."""
    last_warning = _LastWarning(logging.WARNING)
    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(last_warning)
    service = service_of(request["url"])
    if service is None:
        return {"ok": False, "said": redacted(last_warning.last, request["url"])}
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
    return {"ok": bool(ok), "said": redacted(last_warning.last, request["url"])}


def main() -> None:
    """Answer, by the deadline at the latest: also when nobody is left who would end it."""
    request = json.load(sys.stdin)
    signal.setitimer(signal.ITIMER_REAL, request["timeout"] + 1)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    out, sys.stdout = sys.stdout, sys.stderr  # a service may print
    print(json.dumps(answer(request)), file=out)  # it is what it is asked for


if __name__ == "__main__":
    main()
