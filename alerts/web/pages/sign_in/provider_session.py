"""Requests to a provider: within one time limit, with limited answers, without redirects or cookies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.requests_client import OAuth2Session
from pydantic import SecretStr

from alerts.channels.transport.http_session import limit, within
from alerts.channels.transport.http_settings import ENVIRONMENT, HttpRoute
from alerts.channels.transport.time_budget import TimeBudget, reason
from alerts.web.pages.sign_in.provider_failure import ProviderFailure
from alerts.web.pages.sign_in.sign_in_attempt import Attempt

WITHIN = timedelta(seconds=10)  # all requests of one step of a sign-in
ROUTE = HttpRoute(proxy=SecretStr(ENVIRONMENT))  # the proxy and the certificates that the environment names, if any


class ProviderSession:
    """Asks a provider. One thread uses it, for one step of a sign-in."""

    def __init__(self, session: Any, budget: TimeBudget) -> None:
        self._session, self._budget = session, budget

    def get(self, url: str, token: str | None = None) -> dict[str, Any]:
        """Return the JSON object that an address has. Raises ProviderFailure."""
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        host = urlsplit(url).hostname
        try:
            answer = self._session.get(url, withhold_token=True, headers=headers, **self._options(url))
        except OSError as error:  # all errors of requests are
            raise ProviderFailure("unreachable", f"{host}: {reason(error)}") from None
        if answer.status_code != 200:
            raise ProviderFailure("unreachable", f"{host}: HTTP {answer.status_code} for {urlsplit(url).path}")
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ProviderFailure("unreachable", f"{host}: no JSON object at {urlsplit(url).path}")
        return found

    def address(self, url: str, attempt: Attempt) -> str:
        """Return the address at which somebody signs in. Nothing is asked."""
        found, _ = self._session.create_authorization_url(
            url, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
        )
        return str(found)

    def redeem(self, url: str, code: str, attempt: Attempt) -> dict[str, Any]:
        """Return the tokens for a code. Raises OSError, ValueError, and errors of authlib."""
        found = self._session.fetch_token(
            url, grant_type="authorization_code", code=code, code_verifier=attempt.verifier, **self._options(url)
        )
        return dict(found)

    def _options(self, url: str) -> Mapping[str, Any]:
        way = ROUTE.settings_for(url)
        return {"allow_redirects": False, "timeout": self._budget.left(), "proxies": dict(way.proxies),
                "verify": way.verify or True}  # fmt: skip


@contextmanager
def provider_session(**client: Any) -> Iterator[ProviderSession]:
    """Return a session for one step of a sign-in. `client`: as authlib's `OAuth2Session` takes it."""
    session, budget = OAuth2Session(**client), TimeBudget(WITHIN)
    limit(session, 1)
    try:
        with within(budget):
            yield ProviderSession(session, budget)
    finally:
        session.close()
