"""What the handlers of requests share."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts import shipped
from alerts.clock import Clock
from alerts.rendering.web_pages import WebPages
from alerts.settings import Settings
from alerts.settings.http_section import HttpSettings
from alerts.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, the database, the pages, the clock, and the keys that sign links (the first signs, all verify)."""

    settings: Settings
    store: Store
    pages: WebPages
    clock: Clock
    keys: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def http(self) -> HttpSettings:
        """Return the settings of the HTTP server."""
        return self.settings.http or HttpSettings()


def open_services(settings: Settings, clock: Clock) -> Services:
    """Open the database and load the templates. Raises InputError where that fails."""
    own = [settings.templates] if settings.templates else []
    pages = WebPages([*own, shipped.folder("templates")])
    return Services(settings, Store(settings.database, settings.timezone), pages, clock)
