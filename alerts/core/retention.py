"""How long the database keeps what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long: the texts of `messages` after they were sent, and the `ledger` of deliveries after they ended."""

    messages: timedelta = timedelta(days=90)
    ledger: timedelta = timedelta(days=10 * 365)
