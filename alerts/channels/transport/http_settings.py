"""How an HTTP server is reached: the proxy, the trusted certificates, and the client certificate."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, FilePath, SecretStr, model_validator
from requests.utils import get_environ_proxies

from alerts.channels.transport.channel_settings import CommonSettings, StrictSettings
from alerts.channels.transport.time_budget import causes

ENVIRONMENT = "environment"
_TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSettings:
    """The arguments for `requests` for one URL. `verify`: a file or folder of certificates; None for the default."""

    proxies: Mapping[str, str] = field(default_factory=dict)
    verify: str | None = None
    certificate: str | tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """How a channel reaches its server. `proxy` is an address, "environment", or None for a direct connection."""

    proxy: SecretStr | None = None
    ca: str | None = None
    certificate: str | tuple[str, str] | None = None

    def settings_for(self, url: str) -> RequestSettings:
        """Return the settings for a URL. Environment variables count only if the settings ask for them."""
        asked = self.proxy.get_secret_value() if self.proxy else ""
        ours = self.ca
        if asked != ENVIRONMENT:
            proxies = {"http": asked, "https": asked} if asked else {}
            return RequestSettings(proxies=proxies, verify=ours, certificate=self.certificate)
        theirs = next((found for name in _TRUST if (found := os.environ.get(name))), None)
        return RequestSettings(proxies=get_environ_proxies(url), verify=self.ca or theirs, certificate=self.certificate)


DIRECT = HttpRoute()


def _proxy(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text == ENVIRONMENT:
        return value
    try:
        parts = urlsplit(text)
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:
        usable = False
    if not usable or not text.isprintable() or " " in text:
        raise ValueError("expected a proxy as http://HOST:PORT, or `environment`")
    return value


def _trusted(ca: FilePath) -> FilePath:
    try:
        ssl.create_default_context(cafile=str(ca))
    except OSError:
        raise ValueError("expected a readable file of PEM certificates") from None
    return ca


class Reaching(StrictSettings):
    """Settings for HTTP requests. Files are relative to the working directory."""

    proxy: Annotated[SecretStr, AfterValidator(_proxy)] | None = None
    ca: Annotated[FilePath, AfterValidator(_trusted)] | None = None
    certificate: FilePath | None = None
    key: FilePath | None = None

    @model_validator(mode="after")
    def _certificate_can_be_shown(self) -> Reaching:
        if self.key and not self.certificate:
            raise ValueError("a key goes with a certificate")
        if self.certificate:
            try:  # without a password OpenSSL would ask the terminal for one
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(self.certificate, self.key, password="")
            except (OSError, ValueError):
                raise ValueError(
                    "certificate: expected PEM files of a certificate and of its key without a password"
                ) from None
        return self

    @property
    def route(self) -> HttpRoute:
        """Return these settings as an `HttpRoute`."""
        shown: str | tuple[str, str] | None = str(self.certificate) if self.certificate else None
        if self.certificate and self.key:
            shown = str(self.certificate), str(self.key)
        return HttpRoute(proxy=self.proxy, ca=str(self.ca) if self.ca else None, certificate=shown)


class HttpSettings(Reaching, CommonSettings):
    """The settings of every channel that posts over HTTP."""


def proxy_says(error: BaseException) -> str | None:
    """Return what a proxy answered when it refused the connection; None if the error has another cause."""
    for cause in causes(error):
        if found := _REFUSED.search(str(cause)):
            return f"the proxy refuses (HTTP {found[1]})" + ("; it wants a login" if found[1] == "407" else "")
    return None
