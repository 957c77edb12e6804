"""What a cell with a date shows, by its number format (ECMA-376 part 1, section 18.8.31)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

# Text in quotes, an escaped character, a space or a filling as wide as a character, and what is in brackets (a locale,
# a colour, a condition), but no elapsed time such as [h].
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)

Shown = Literal["day", "month", "year", "time", "part"]


@lru_cache(maxsize=256)
def shown_precision(number_format: str) -> Shown:
    """Return the precision that a date format shows; "part" where no year can be seen, as in `mmmm`."""
    letters = LITERAL.sub("", number_format).lower().partition(";")[0]
    if re.search("[hs]", letters):
        return "time"
    if "d" in letters:
        return "day"
    if "y" not in letters:
        return "part"
    return "month" if "m" in letters else "year"
