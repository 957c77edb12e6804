"""How a complete export is told from other files, without what reads it."""

from __future__ import annotations

import json
from pathlib import Path

MARK = "alerts_export"  # the first name in the first line


def is_complete_export(file: Path) -> bool:
    """Return whether a file begins as a complete export does."""
    begins = f"{{{json.dumps(MARK)}:".encode()
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(len(begins)) == begins
