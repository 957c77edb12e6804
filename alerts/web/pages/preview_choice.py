"""Which message is previewed, as an address states it, and that message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from alerts.rendering.template_filters import clean, flat

LONGEST = 200  # characters of a value


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewChoice:
    """A rule, a commitment (none: the summary of the rule), and a channel (none: the first of the rule)."""

    rule: str = ""
    key: str = ""
    channel: str = ""

    @classmethod
    def read(cls, query: QueryParams) -> PreviewChoice:
        """Read an address."""
        rule, key, channel = (flat(clean(query.get(name, "")))[:LONGEST] for name in ("rule", "key", "channel"))
        return cls(rule=rule, key=key, channel=channel)

    @property
    def message_url(self) -> str:
        """Return where the HTML of the message is."""
        return f"/preview/message?{urlencode({'rule': self.rule, 'key': self.key, 'channel': self.channel})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePreview:
    """A message as it would go out. `text`: the body of a post as JSON. `failed`: which template could not be used."""

    channel: str
    recipient: str
    at: datetime
    subject: str
    text: str
    html: str | None
    failed: str | None
