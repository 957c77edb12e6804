"""What one answer is worked out from: as commands have it, with the people and the time read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.core.commitments import Person
from alerts.core.owners import Owners
from alerts.scheduled_rules import ScheduledRule
from alerts.settings import Settings
from alerts.store import Store
from alerts.web.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class WebReading:
    """The settings, the database, the rules, the people and the time of one answer."""

    services: Services
    rules: Mapping[str, ScheduledRule]
    people: Mapping[str, Person]
    now: datetime

    @property
    def settings(self) -> Settings:
        return self.services.settings

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def owners(self) -> Owners:
        return Owners(channel=self.settings.owners_channel, people=self.people)

    @property
    def zone(self) -> str:
        return self.settings.timezone or "UTC"


def everybody_known(services: Services) -> Mapping[str, Person]:
    """Read the people: those of files, and those of the settings."""
    return services.store.linked_deliveries.people() | {one.key: one for one in services.settings.people}
