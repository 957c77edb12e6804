"""How the message of a delivery is stored: whole at first, then compressed, at last without its text."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator

WHOLE, COMPRESSED, SHORTENED = 0, 1, 2  # `deliveries.message_form`
SHORTENED_HAS = {"rendered_at", "links"}  # the names in a shortened one
FEW = 5  # entries of a delivery
_encoded = json.JSONEncoder().encode
_decoded = json.JSONDecoder().decode  # without the look of `json.loads` at what it is given
DEFLATED = "deflated"  # the only name in a compressed message: the message as JSON, zlib (RFC 1950), base64


class JsonText(str):
    """A value as JSON already: it is stored as it is."""

    __slots__ = ()


def as_json(value: object) -> str:
    """Return a value as the JSON that its column stores. Five of the ten in a new commitment are mostly empty lists."""
    if value == []:
        return "[]"
    return value if type(value) is JsonText else _encoded(value)


def read_json(text: str) -> Any:
    """Return the value of a column. Of eight in each commitment, five are mostly empty lists."""
    return [] if text == "[]" else _decoded(text)


def compressed(message: Mapping[str, Any]) -> dict[str, str]:
    """Return a message in a fifth to a tenth of its size. Reading the column gives the message back."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return {DEFLATED: base64.b64encode(zlib.compress(text.encode())).decode("ascii")}


def compressed_if_long(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return entries of a delivery compressed, unless there are so few that their text would be no shorter."""
    return compressed(entries) if len(entries) > FEW else dict(entries)


def decompressed(stored: Mapping[str, str]) -> dict[str, Any]:
    """Return a message that `compressed` has made smaller."""
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(stored[DEFLATED])))
    return found


class StoredMessage(TypeDecorator[dict[str, Any]]):
    """A message as JSON; one that is compressed is given back as it was."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002  # the base class names it
        if value is None or value.keys() != {DEFLATED}:
            return value
        return decompressed(value)
