"""The heartbeat: a request after every good tick, to a dead man's switch that raises the alarm if they stop.

Such services (healthchecks.io "Pinging API", Cronitor, Uptime Kuma's push monitors) all accept a plain GET.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr, ValidationError

from alerts.channels.transport.channel_settings import Where, setting_errors
from alerts.channels.transport.http import Poster, Url
from alerts.channels.transport.http_settings import Reaching
from alerts.deadlines.errors import InputError

TIMEOUT = timedelta(seconds=10)


class HeartbeatSettings(Reaching):
    url: Url


class Heartbeat:
    """Pings one URL, which is a secret, with the settings of any HTTP channel.

    Raises InputError with a line for every mistake; no line shows a value. `where` returns the prefix of a line.
    """

    def __init__(self, options: Mapping[str, object], where: Where = lambda _: "") -> None:
        try:
            settings = HeartbeatSettings.model_validate(dict(options))
        except ValidationError as error:
            raise InputError("\n".join(setting_errors(error, HeartbeatSettings, "heartbeat", where, {}))) from None
        root = urlunsplit((*urlsplit(settings.url.get_secret_value())[:2], "/", "", ""))
        self._poster = Poster(settings.url, 1, route=settings.route)
        self._root = Poster(SecretStr(root), 1, route=settings.route)

    def date(self) -> datetime | None:
        """Return the time of the server without reporting that all is well. Raises DeliveryError."""
        return self._root.date(TIMEOUT)

    def ping(self) -> None:
        """Report that all is well. Raises DeliveryError."""
        self._poster.get(TIMEOUT)
