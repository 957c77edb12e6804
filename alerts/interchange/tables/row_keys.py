"""The key of a row, made from its columns: registers number rows, or name them by an address."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from alerts.deadlines.errors import InputError
from alerts.interchange.tables.cell_values import Cell, UnusableCell, is_blank, text_of
from alerts.interchange.tables.columns import KeyColumns
from alerts.interchange.uid_keys import key_of

HASHED = 12  # hex digits: two of a million rows get the same once in five hundred registers


def key_of_row(cells: Sequence[Cell], made_from: KeyColumns) -> str:
    """Return the key that cells make. Raises InputError where they are empty."""
    unusable = next((one for one in cells if isinstance(one, UnusableCell)), None)
    if unusable:
        raise InputError(unusable.reason)
    texts = ["" if is_blank(one) else " ".join(text_of(one).split()) for one in cells]
    if not any(texts):
        raise InputError("is empty, and the key of the row is made from it (key_from)")
    if made_from.hashed:
        return made_from.prefix + hashlib.sha256("\n".join(texts).encode()).hexdigest()[:HASHED]
    return key_of(made_from.prefix + "-".join(filter(None, texts)))
