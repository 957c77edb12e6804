"""The UID of a calendar's component (RFC 5545, section 3.8.4.7) as a key."""

from __future__ import annotations

import hashlib
import re

from alerts.deadlines.keys import KEY, RESERVED_WORDS

LONGEST = 89  # characters: a date can follow, and the limit is 100
HASHED = 8


def key_of(uid: str) -> str:
    """Return the key for a UID: itself if it is valid, else with `-` for invalid characters.

    A key without a letter, a deadline keyword, or what looks like a date gets the prefix `uid-`. A long one is cut and
    gets a hash.
    """
    if KEY.fullmatch(uid) and uid.lower() not in RESERVED_WORDS:
        return uid
    key = re.sub(r"[^A-Za-z0-9._@-]", "-", uid).lstrip("._@-")
    if not KEY.fullmatch(key[:LONGEST]) or key.lower() in RESERVED_WORDS:
        key = f"uid-{key}" if key else f"uid-{_hash(uid)}"
    return _shortened(key, uid)


def occurrence_key(uid: str, day: object) -> str:
    """Return the key for one occurrence of a recurring component: `standup@example.org.2025-12-31`."""
    return f"{_shortened(key_of(uid), uid)}.{day}"


def _shortened(key: str, uid: str) -> str:
    return key if len(key) <= LONGEST else f"{key[: LONGEST - HASHED - 1]}-{_hash(uid)}"


def _hash(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:HASHED]
