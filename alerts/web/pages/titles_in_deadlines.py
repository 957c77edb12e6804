"""A deadline that names another commitment by its title, as people do who have never seen a key."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alerts.core.commitments import Commitment

BASE = re.compile(r"\b(?:after|before|during|from|of)\s+", re.IGNORECASE)
AROUND = " \t\"'“”‘’"


def with_key(deadline: str, commitments: Iterable[Commitment]) -> str:
    """Return a deadline with the key of the commitment whose title it ends with; as it is, where no one or two do.

    `90 days before Supply contract ends` becomes `90 days before supply-contract-ends`. A key goes before a title.
    """
    bases = {_plain(deadline[found.end() :]): found.end() for found in BASE.finditer(deadline)}
    keys = {base: set[str]() for base in bases}
    for one in commitments if bases else ():
        if one.key.casefold() in bases:
            return deadline
        if (title := _plain(one.title)) in bases:
            keys[title].add(one.key)
    for base, found in keys.items():  # the longest first
        if len(found) == 1:
            return deadline[: bases[base]] + found.pop()
    return deadline


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(AROUND).casefold()
