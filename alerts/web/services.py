"""What the handlers of requests share."""

from __future__ import annotations

from dataclasses import dataclass

from alerts import shipped
from alerts.clock import Clock
from alerts.link_signing import NO_LINKS, LinkSigning, link_signing
from alerts.rendering.web_pages import WebPages
from alerts.settings import Settings
from alerts.settings.http_section import HttpSettings
from alerts.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, the database, the pages, the clock, and what signs links."""

    settings: Settings
    store: Store
    pages: WebPages
    clock: Clock
    signing: LinkSigning = NO_LINKS

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Return the keys of links, also after a rotation: the first signs, all verify."""
        return self.signing.keys()

    @property
    def http(self) -> HttpSettings:
        """Return the settings of the HTTP server."""
        return self.settings.http or HttpSettings()


def open_services(settings: Settings, clock: Clock) -> Services:
    """Open the database and compile the templates. Raises InputError where that fails."""
    own = [settings.templates] if settings.templates else []
    pages = WebPages([*own, shipped.folder("templates")])
    pages.compile()
    return Services(settings, Store(settings.database, settings.timezone), pages, clock, link_signing(settings))
