"""What one page is worked out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.channels import Channel
from alerts.scheduled_rules import ScheduledRule
from alerts.views.built_channels import built_channel
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services
from alerts.web.web_reading import WebReading, everybody_known


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading(WebReading):
    """What a page is worked out from, and who uses it."""

    visitor: Visitor

    @classmethod
    def begin(cls, services: Services, rules: Mapping[str, ScheduledRule], visitor: Visitor) -> PageReading:
        """Read the people."""
        people = everybody_known(services)
        return cls(services=services, visitor=visitor, rules=rules, people=people, now=services.clock())

    def channel(self, name: str) -> Channel:
        """Return a channel. Raises InputError."""
        return built_channel(self.settings, name)
