"""What is read from: commands and pages have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from alerts.core.commitments import Person
    from alerts.core.owners import Owners
    from alerts.scheduled_rules import ScheduledRule
    from alerts.settings import Settings
    from alerts.store import Store


class Reading(Protocol):
    """The settings and the database, and what follows from both. `zone`: that of readers who state none."""

    @property
    def settings(self) -> Settings: ...

    @property
    def store(self) -> Store: ...

    @property
    def rules(self) -> Mapping[str, ScheduledRule]: ...

    @property
    def people(self) -> Mapping[str, Person]: ...

    @property
    def owners(self) -> Owners: ...

    @property
    def zone(self) -> str: ...
