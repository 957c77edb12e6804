"""Who asks for a page, where people sign in: whoever has the token of a session that lasts."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from alerts.store.feeds import hash_token
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services


class NotSignedInError(Exception):
    """Somebody asks for a page, and has to sign in first."""


class SessionAccess:
    """Finds the sessions of requests. Being at the machine itself counts for nothing. Threads may share it."""

    def __init__(self, services: Services, people: KnownPeople, cookies: SessionCookies) -> None:
        self._services, self._people, self._cookies = services, people, cookies

    def require(self, scope: Scope) -> Visitor:
        """Return who asks. Raises NotSignedInError.

        A session is over once the person has left, has another address, or is declared no more.
        """
        token, now = self._cookies.session(Headers(scope=scope)), self._services.clock()
        session = self._services.store.sessions.find(token, now) if token else None
        if token is None or session is None:
            raise NotSignedInError
        person = self._people.by_key(session.person, now)
        if person is None or person.email.lower() != session.address:
            raise NotSignedInError
        return Visitor(
            role=self._people.role(person), person=person, session=hash_token(token), session_number=session.id
        )
