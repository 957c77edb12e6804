"""A headless Chromium that takes pictures of pages, controlled by the DevTools protocol over a pipe.

Chromium's own `--screenshot` has neither a dark mode nor a window as narrow as a phone; the protocol has both.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --force-color-profile=srgb --remote-debugging-pipe"
).split()
READS, WRITES = 3, 4  # Chromium's file descriptors for JSON in and out; a NUL ends each message


class Browser:
    """One tab. Raises RuntimeError if Chromium reports an error."""

    def __init__(self, into: int, out_of: int) -> None:
        self._into, self._out_of = os.fdopen(into, "wb", buffering=0), os.fdopen(out_of, "rb", buffering=0)
        self._read, self._count, self._session = b"", 0, ""
        tab = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def picture(self, html: str, *, width: int, dark: bool = False, scale: float = 1) -> tuple[bytes, int]:
        """Return a PNG of the whole page in a window of this width, and the width that the page needs."""
        metrics = {"width": width, "height": 600, "deviceScaleFactor": scale, "mobile": width < 500}
        self._ask("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._ask("Page.setDocumentContent", frameId=frame, html=html)
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1}
        taken = self._ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(taken["data"]), int(size["width"])

    def _ask(self, method: str, **params: object) -> dict[str, Any]:
        self._count += 1
        asked: dict[str, object] = {"id": self._count, "method": method, "params": params}
        asked |= {"sessionId": self._session} if self._session else {}
        self._into.write(json.dumps(asked).encode() + b"\0")
        for answer in self._answers():
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                found: dict[str, Any] = answer["result"]
                return found
        raise RuntimeError(f"{method}: Chromium ended without an answer")

    def _answers(self) -> Iterator[dict[str, Any]]:
        while chunk := self._out_of.read(1 << 16):
            *whole, self._read = (self._read + chunk).split(b"\0")
            yield from map(json.loads, whole)


def find() -> Path | None:
    """Return the path of a Chromium on this machine; CHROMIUM overrides it."""
    named = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    return Path(found) if found else None


@contextmanager
def browser(program: Path) -> Iterator[Browser]:
    """Start a Chromium with a profile of its own, and end it."""
    their_in, into = os.pipe()
    out_of, their_out = os.pipe()

    def place() -> None:
        for fd, wanted in ((os.dup(their_in), READS), (os.dup(their_out), WRITES)):
            os.dup2(fd, wanted)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(program), *FLAGS, f"--user-data-dir={profile}"]
        started = subprocess.Popen(
            command,
            close_fds=False,
            preexec_fn=place,  # noqa: PLW1509 - the pipes must have these numbers, and there is no thread here
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_in)
        os.close(their_out)
        try:
            yield Browser(into, out_of)
        finally:
            started.terminate()
            started.wait(timeout=20)
