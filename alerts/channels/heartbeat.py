"""The heartbeat: a request after every good sweep, to a dead man's switch that raises the alarm when they cease.

Services of that kind (healthchecks.io "Pinging API", Cronitor, Uptime Kuma's push monitors) all take a plain GET.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr, ValidationError

from alerts.channels._http import Poster, Url
from alerts.channels._settings import Strict
from alerts.core.errors import InputError

TIMEOUT = timedelta(seconds=10)


class _Settings(Strict):
    url: Url


class Heartbeat:
    """Pings one URL, which is a secret. Raises InputError where it is no URL."""

    def __init__(self, url: str) -> None:
        try:
            settings = _Settings.model_validate({"url": url})
        except ValidationError:
            raise InputError("heartbeat.url: expected a URL that starts with https:// or http://") from None
        self._poster = Poster(settings.url, 1)
        self._root = Poster(SecretStr(urlunsplit((*urlsplit(settings.url.get_secret_value())[:2], "/", "", ""))), 1)

    def date(self) -> datetime | None:
        """Return the clock of the other side, without saying that all is well. Raises DeliveryError."""
        return self._root.date(TIMEOUT)

    def ping(self) -> None:
        """Say that all is well. Raises DeliveryError."""
        self._poster.get(TIMEOUT)
