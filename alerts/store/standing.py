"""A commitment with its watches, as a forecast reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked


@dataclass(frozen=True, slots=True)
class WatchedCommitment:
    """A commitment with its watches by rule and occurrence, and the time of a change that they have not seen."""

    tracked: Tracked
    watches: Mapping[tuple[str, str], Watch]
    changed_at: datetime | None
