"""Parts of the YAML that the program proposes to people: a value, and a key made from a text."""

from __future__ import annotations

import json
import re
import unicodedata

PLAIN_YAML = re.compile(r"[^\W\d_]([\w ./()&%'-]*[\w)])?")
WORDS = frozenset({"yes", "no", "true", "false", "on", "off", "null", "y", "n"})


def yaml_value(text: str) -> str:
    """Return text as a YAML value, within braces too."""
    return text if PLAIN_YAML.fullmatch(text) and text.lower() not in WORDS else json.dumps(text, ensure_ascii=False)


def slug(text: str) -> str:
    """Return the ASCII letters and digits of a text, in small letters, joined by `-`."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
