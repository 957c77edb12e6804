"""Messages as they are handed over: placeholders of answer links become working links, in memory only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from alerts.core.answer_links import ABSENT, fill, key_id_of, placeholders
from alerts.core.messages import Message

HIDDEN = "***"
_TOKEN = re.compile(r"[0-9a-z]{40,}")
_RUN = re.compile(r"[0-9A-Za-z]{8,}")  # what a server echoes of a token may be cut


def signed(message: Message, delivery: UUID, keys: Sequence[bytes]) -> Message:
    """Return a message with working links. It holds secrets: it is handed over, never stored or logged."""
    if not keys:
        return message

    def filled(text: str) -> str:
        with suppress(LookupError):  # its key is gone; the alert goes out all the same
            return fill(text, delivery, keys)
        return text

    return replace(
        message,
        text=filled(message.text),
        html=None if message.html is None else filled(message.html),
        body=None if message.body is None else _each(dict(message.body), filled),
    )


def lacks_key(message: Message, delivery: UUID, keys: Sequence[bytes]) -> bool:
    """Whether a message has a link that no key can sign any more."""
    known = {key_id_of(key) for key in keys}
    links = (link for text in _texts(message) for link in placeholders(text))
    return any(link.delivery == delivery and link.key_id not in known for link in links)


def without_tokens(text: str, message: Message) -> str:
    """Return an answer or error of a server without the tokens of a message, also where it repeats only parts."""
    if not _RUN.search(text):
        return text
    pieces = (piece for part in _texts(message) for piece in part.split("/a/")[1:])  # ten times as fast as a search
    tokens = {found[0] for piece in pieces if (found := _TOKEN.match(piece))}
    if not tokens:
        return text

    def hidden(found: re.Match[str]) -> str:
        run = found[0].lower()
        return HIDDEN if any(run in token or token in run for token in tokens) else found[0]

    return _RUN.sub(hidden, text)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with each of its texts that has a placeholder changed."""
    if isinstance(value, str):
        return change(value) if ABSENT in value else value
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    if isinstance(value, dict):  # most of what it holds is looked at here: a call for each would take twice as long
        return {
            name: one if one is None or (type(one) is str and ABSENT not in one) else _each(one, change)
            for name, one in value.items()
        }
    return value


def _texts(message: Message) -> Iterator[str]:
    yield message.text
    yield message.html or ""
    yield json.dumps(message.body) if message.body else ""
