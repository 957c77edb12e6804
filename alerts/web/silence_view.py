"""A silence as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.core.silences import Silence
from alerts.rendering.template_filters import clean, flat


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """A silence, its texts on one line each. `what`: what it silences."""

    id: str
    what: str
    since: datetime
    ends: datetime
    reason: str
    by: str
    of_settings: bool

    @classmethod
    def of(cls, silence: Silence) -> SilenceView:
        """Return a silence as pages show it."""
        what, reason, by = (flat(clean(text)) for text in (silence.to_text, silence.reason, silence.by))
        times = {"since": silence.since, "ends": silence.ends}
        return cls(id=silence.id, what=what, reason=reason, by=by, of_settings=silence.of_settings, **times)
