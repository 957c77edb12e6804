"""What a provider publishes of itself: where to sign in, and the keys of its signatures. Both are kept for an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from alerts.clock import Clock
from alerts.web.pages.sign_in.provider_failure import ProviderFailure, one_line
from alerts.web.pages.sign_in.provider_session import ProviderSession, provider_session

KEPT_FOR = timedelta(hours=1)
FAILURE_KEPT_FOR = timedelta(seconds=10)  # so that all who wait for a provider that is down do not each try it
KEYS_ASKED_EVERY = timedelta(minutes=1)  # for a key that is unknown: the provider may have changed it
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderDocuments:
    """Fetches the documents of a provider when they are needed. Threads may share it.

    Source: OpenID Connect Discovery 1.0, sections 3 and 4.
    """

    def __init__(self, issuer: str, clock: Clock) -> None:
        self._issuer, self._clock = issuer, clock
        self._lock = Lock()
        self._metadata: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._failure: tuple[datetime, ProviderFailure] | None = None

    def metadata(self) -> Mapping[str, Any]:
        """Return what the provider says of itself. Raises ProviderFailure."""
        with self._lock:
            now = self._clock()
            if self._metadata and now - self._metadata[0] < KEPT_FOR:
                return self._metadata[1]
            if self._failure and now - self._failure[0] < FAILURE_KEPT_FOR:
                raise ProviderFailure(self._failure[1].state, str(self._failure[1]))
            try:
                with provider_session() as session:
                    found = self._fetch(session)
            except ProviderFailure as failure:
                self._failure = now, failure
                raise
            self._metadata, self._keys = (now, found), None
            return found

    def keys(self, session: ProviderSession, *, renew: bool = False) -> KeySet:
        """Return the keys of the provider. `renew`: one was not among them. Raises ProviderFailure."""
        address = str(self.metadata()["jwks_uri"])
        with self._lock:
            now = self._clock()
            if self._keys and now - self._keys[0] < (KEYS_ASKED_EVERY if renew else KEPT_FOR):
                return self._keys[1]
            document = session.get(address)
            try:
                found = KeySet.import_key_set(document)  # type: ignore[arg-type]  # it verifies what it gets
            except (JoseError, ValueError, TypeError, KeyError):
                raise ProviderFailure("unreachable", f"{urlsplit(address).hostname}: its keys cannot be read") from None
            self._keys = now, found
            return found

    def _fetch(self, session: ProviderSession) -> Mapping[str, Any]:
        found = session.get(f"{self._issuer}/.well-known/openid-configuration")
        stated = found.get("issuer")
        if not isinstance(stated, str) or stated.rstrip("/") != self._issuer:
            said = one_line(str(stated))
            raise ProviderFailure("refused", f"{self._issuer} has another `issuer`, {said}: state that one")
        for name in ENDPOINTS:
            if not self._is_usable(found.get(name)):
                raise ProviderFailure("refused", f"{self._issuer} states no usable {name}")
        return found

    def _is_usable(self, address: object) -> bool:
        """Whether an endpoint is reached as safely as the issuer."""
        return isinstance(address, str) and address.startswith(("https://", f"{urlsplit(self._issuer).scheme}://"))
