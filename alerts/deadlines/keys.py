"""What may be the key of a commitment, so that a deadline can name it."""

from __future__ import annotations

import re

DATED = r"\d[\dX]{3}(-[\dX]{2}){0,2}(T\d.*)?"  # what looks like a date is not a key, though it may hold a letter
KEY = re.compile(rf"(?!(?i:{DATED})\Z)(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._@-]{{0,99}}", re.ASCII)
RESERVED_WORDS = frozenset(
    "after and before between by during earlier every except from later of undated until within none tbd".split()
)
