"""The heartbeat: a request after every good sweep, to a dead man's switch that raises the alarm when they cease.

Services of that kind (healthchecks.io "Pinging API", Cronitor, Uptime Kuma's push monitors) all take a plain GET.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import ValidationError

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

    def ping(self) -> None:
        """Say that all is well. Raises DeliveryError."""
        self._poster.get(TIMEOUT)
