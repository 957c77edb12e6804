"""Taking secrets out of text: as they are written, and as libraries take them apart."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "***"
_TOKENS = re.compile(
    r"(?<=/a/)[0-9A-Za-z]{20,}|(?<=/calendar/)[\w-]{20,}|(?<=/sign-in/)[\w-]{20,}|\bdla_[0-9a-f]{20,}", re.ASCII
)
TELLING = 6  # characters: a shorter piece is no secret by itself, and would blank parts of ordinary text


class Redaction:
    """Replaces secrets, and those of their parts that give them away: urllib3 logs a path without its host."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {secret for secret in secrets if secret}
        parts = {part for secret in known for part in _parts(secret) if len(part) >= TELLING}
        longest_first = sorted(known | parts, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text without them, and without the tokens of links and programs, which let anybody answer."""
        text = _TOKENS.sub(HIDDEN, text)
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _parts(secret: str) -> Iterator[str]:
    yield from (quote(secret), quote(secret, safe=""), repr(secret)[1:-1])
    yield b64encode(secret.encode(errors="replace")).decode().rstrip("=")
    if "://" not in secret:
        return
    try:
        url = urlsplit(secret)
        password = url.password
    except ValueError:  # no URL after all
        return
    path = url.path.strip("/")
    pieces = [path, f"{url.path}?{url.query}" if url.query else url.path, password or ""]
    pieces += [piece for piece in path.split("/") if _telling(piece)]
    pieces += [piece.partition("=")[2] for piece in url.query.split("&")]
    for piece in pieces:
        yield from (piece, unquote(piece), quote(piece))


def _telling(piece: str) -> bool:
    """Whether a piece of a path looks random, as a token does, and is no name such as `services`."""
    return len(piece) >= 16 or bool(re.search(r"\d", piece))
