"""The first admin, where the pages are served beyond this machine and no way to sign in is set yet.

The daemon prints an address at its first start. It signs one person in, once: whoever reads the log of the daemon.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import Headers
from starlette.types import Scope

from alerts.log_output import fields
from alerts.store.feeds import hash_token
from alerts.store.sessions import FIRST_ADMIN, TOKEN
from alerts.web.answer_form import AnswerForm
from alerts.web.pages.page_access import NoPageError
from alerts.web.pages.sign_in.session_access import NotSignedInError
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.sign_in.sign_in_responses import SignInResponses, client_of, network_of
from alerts.web.pages.visitors import Visitor
from alerts.web.rate_limit import RateLimit
from alerts.web.request_limits import is_own_host
from alerts.web.services import Services

log = logging.getLogger(__name__)
WRONG_LINKS, WITHIN = 60, timedelta(minutes=15)  # that a client may open in that time
PLAIN = "Without encryption, these pages are served to this machine itself only. Open {}."


class FirstAdminAccess:
    """Finds the session of the first admin. Threads may share it."""

    def __init__(self, services: Services, cookies: SessionCookies) -> None:
        self._services, self._cookies = services, cookies
        self._address = services.http.first_sign_in or ""

    def require(self, scope: Scope) -> Visitor:
        """Return who asks. Raises NotSignedInError, and NoPageError where a session would not be safe."""
        headers = Headers(scope=scope)
        self.require_safe(headers)
        token = self._cookies.session(headers)
        session = self._services.store.sessions.find(token, self._services.clock()) if token else None
        if token is None or session is None or session.person != FIRST_ADMIN:
            raise NotSignedInError
        return Visitor(role="admin", session=hash_token(token), session_number=session.id)

    def require_safe(self, headers: Headers) -> None:
        """Raise NoPageError where a browser on another machine asks without encryption, as `Host` shows."""
        is_private = self._address.startswith("https:") or is_own_host(headers.get("host", ""), "127.0.0.1", None)
        if not is_private:
            raise NoPageError(PLAIN.format(self._address), 403)


class FirstAdminPages:
    """Signs the first admin in. Threads may share it."""

    def __init__(
        self, services: Services, access: FirstAdminAccess, cookies: SessionCookies, responses: SignInResponses
    ) -> None:
        self._services, self._access, self._cookies, self._responses = services, access, cookies, responses
        self._wrong = RateLimit(WRONG_LINKS, WITHIN)

    def show(self, request: Request) -> Response:
        """Return the page that says where the address is."""
        self._access.require_safe(request.headers)
        return self._responses.page(request, "first")

    def open(self, request: Request) -> Response:
        """Return the page of the address, with one button. Nothing changes."""
        self._access.require_safe(request.headers)
        return self._responses.page(request, "first_link") if self._works(request) else self._dead(request)

    def redeem(self, request: Request, body: bytes) -> Response:
        """Sign in the first admin. The address is used up."""
        self._access.require_safe(request.headers)
        if not self._works(request):
            return self._dead(request)
        if not self._responses.is_ours(request, AnswerForm.read(body)):
            return self._responses.page(request, "first_link", 403)
        client, now = client_of(request), self._services.clock()
        session = self._services.store.sessions.redeem_first(request.path_params["token"], client, now)
        if session is None:
            return self._dead(request)
        seen = fields(event="sign-in", person=FIRST_ADMIN, client=client)
        log.warning("signed in: %s, from %s; its address is used up", FIRST_ADMIN, client, extra=seen)
        response = RedirectResponse("/", status_code=303)
        self._cookies.set_session(response, session)
        return response

    def _works(self, request: Request) -> bool:
        token, now = request.path_params["token"], self._services.clock()
        link = self._services.store.sessions.find_link(token, now) if TOKEN.fullmatch(token) else None
        return link is not None and link.person == FIRST_ADMIN

    def _dead(self, request: Request) -> Response:
        if self._wrong.is_exceeded(network_of(request), self._services.clock()):
            return self._responses.page(request, "too_often", 429)
        return self._responses.page(request, "first_dead", 404)
