"""Signing in at a provider of OpenID Connect: `/sign-in` leads there, and the provider leads back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from alerts.log_output import fields
from alerts.store.sessions import Arrival
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.local_path import local_path
from alerts.web.pages.sign_in.provider import Provider
from alerts.web.pages.sign_in.provider_failure import FailureState, ProviderFailure, one_line
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.sign_in.sign_in_attempt import Attempt
from alerts.web.pages.sign_in.sign_in_responses import SignInResponses, client_of, network_of
from alerts.web.rate_limit import RateLimit
from alerts.web.services import Services

log = logging.getLogger(__name__)
TRIES, TRIES_WITHIN = 60, timedelta(minutes=15)  # each of which asks the provider
STATUS: Mapping[FailureState, int] = {
    "unreachable": 503, "start_again": 400, "denied": 403, "unverified": 403, "clocks": 503, "refused": 403,
    "too_often": 429,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AtProvider:
    """What came of a sign-in at the provider: the address of who has signed in, or why nobody has."""

    leads_to: str
    result: str | ProviderFailure


class ProviderPages:
    """Signs people in by what a provider says of them. Threads may share it.

    What asks the provider, which may be slow, uses no database, and what uses the database asks nobody.
    """

    def __init__(
        self, services: Services, people: KnownPeople, cookies: SessionCookies, responses: SignInResponses
    ) -> None:
        sign_in = services.http.sign_in
        assert sign_in is not None
        self._services, self._people, self._cookies, self._responses = services, people, cookies, responses
        self._provider = Provider(sign_in, services.http.shown_address, services.clock)
        self._host = urlsplit(sign_in.issuer or "").hostname or ""
        self._tries = RateLimit(TRIES, TRIES_WITHIN)

    def show(self, request: Request) -> Response:
        """Return the page with the link to the provider. A form could not lead there: the CSP forbids it."""
        return self._page(request, "provider", 200, local_path(request.query_params.get("next", "")))

    def start(self, request: Request) -> Response:
        """Lead to the provider. Nothing changes but a cookie, which ties the answer to this browser."""
        leads_to = local_path(request.query_params.get("next", ""))
        if self._tries.is_exceeded(network_of(request), self._services.clock()):
            return self._page(request, "too_often", 429, leads_to)
        attempt = Attempt()
        try:
            response = RedirectResponse(self._provider.address_for(attempt), status_code=303)
        except ProviderFailure as failure:
            return self._failed(request, failure, leads_to)
        self._cookies.set_attempt(response, attempt.secret, leads_to)
        return response

    def ask_provider(self, request: Request) -> AtProvider:
        """Return who has signed in at the provider, from the answer that the browser brings."""
        secret, stated = self._cookies.attempt(request.headers) or ("", "")
        leads_to = local_path(stated)
        try:
            if not secret:
                raise ProviderFailure("start_again", "the browser has begun no sign-in, or more than ten minutes ago")
            if self._tries.is_exceeded(network_of(request), self._services.clock()):
                raise ProviderFailure("too_often", f"more than {TRIES} tries from {client_of(request)}")
            address = self._provider.address_of(Attempt(secret), dict(request.query_params))
        except ProviderFailure as failure:
            return AtProvider(leads_to, failure)
        return AtProvider(leads_to, address)

    def finish(self, request: Request, found: AtProvider) -> Response:
        """Sign in who has signed in at the provider, and lead to the page that they wanted.

        This is a GET, since the provider leads here. It changes only what this very browser has begun, and only once:
        the provider takes each code once.
        """
        if isinstance(found.result, ProviderFailure):
            return self._failed(request, found.result, found.leads_to)
        now = self._services.clock()
        person = self._people.by_address(found.result, now)
        if person is None:
            log.warning("nobody was signed in: nobody here has the address %s alone", one_line(found.result))
            response = self._page(request, "no_person", 403, found.leads_to)
            self._cookies.forget_attempt(response)
            return response
        before = self._cookies.session(request.headers)
        arrival = Arrival(person=person.key, address=person.email, client=client_of(request), before=before)
        session = self._services.store.sessions.begin(arrival, now)
        seen = fields(event="sign-in", person=person.key, client=arrival.client)
        log.info("signed in: %s, from %s", person.key, arrival.client, extra=seen)
        response = RedirectResponse(found.leads_to, status_code=303)
        self._cookies.set_session(response, session)
        self._cookies.forget_attempt(response)
        return response

    def _failed(self, request: Request, failure: ProviderFailure, leads_to: str) -> Response:
        log.warning("nobody was signed in: %s", failure)
        return self._page(request, failure.state, STATUS[failure.state], leads_to)

    def _page(self, request: Request, state: str, status: int, leads_to: str) -> Response:
        start = f"/sign-in/start?next={quote(leads_to, safe='/')}"
        return self._responses.page(request, state, status, start=start, provider=self._host)
