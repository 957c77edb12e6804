"""Who asks for a page, where a reverse proxy has signed them in and names them in a header."""

from __future__ import annotations

import hmac
from datetime import datetime

from starlette.types import Scope

from alerts.core.commitments import Person
from alerts.web.client_address import is_trusted
from alerts.web.pages.page_access import NoPageError
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services

BEYOND = "The pages are served through the proxy that signs people in. Open {}."
FORGED = "This request names who asks in a way that only the proxy may, so it is refused."
UNKNOWN = "Nobody here has that name: the person must stand in the settings, at `people`."


class ProxyAccess:
    """Believes the header of a proxy that comes from a trusted address and knows the secret. Threads may share it."""

    def __init__(self, services: Services, people: KnownPeople) -> None:
        sign_in = services.http.sign_in
        assert sign_in is not None
        self._services, self._people, self._http = services, people, services.http
        self._header, self._secret_header = sign_in.header or "", sign_in.secret_header or ""
        self._secret = (sign_in.secret or "").encode()

    def require(self, scope: Scope) -> Visitor:
        """Return who asks. Raises NoPageError for a request that the proxy has not passed on, or that is forged."""
        named = self._stated(scope, self._header)
        secret = self._stated(scope, self._secret_header)
        if named is None or secret is None:
            if named is not None or secret is not None:
                raise NoPageError(FORGED, 403)
            raise NoPageError(BEYOND.format(self._http.shown_address), 403)
        if not is_trusted(scope["peer"], self._http.trusted_proxies) or not hmac.compare_digest(secret, self._secret):
            raise NoPageError(FORGED, 403)
        person = self._person(named.decode("latin-1").strip(), self._services.clock())
        if person is None:
            raise NoPageError(UNKNOWN, 403)
        return Visitor(role=self._people.role(person), person=person, session=f"proxy {person.key}")

    def _stated(self, scope: Scope, name: str) -> bytes | None:
        """Return the value of a header. Raises NoPageError where it is stated twice, or as `_` for `-`.

        Some servers take one for the other, so a client could smuggle it past a proxy that overwrites the real one.
        """
        found = [(own, value) for own, value in scope["headers"] if own.lower().replace(b"_", b"-") == name.encode()]
        if len(found) > 1 or any(own.lower() != name.encode() for own, _ in found):
            raise NoPageError(FORGED, 403)
        return bytes(found[0][1]) if found else None

    def _person(self, named: str, now: datetime) -> Person | None:
        return self._people.by_address(named, now) if "@" in named else self._people.by_key(named, now)
