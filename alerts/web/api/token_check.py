"""Whether a request has a token that may do what it asks for."""

from __future__ import annotations

import logging
from datetime import datetime

from starlette.datastructures import Headers

from alerts.store.api_tokens import TOKEN, ApiToken
from alerts.store.store_error import StoreError
from alerts.web.api.api_call import ApiRoute
from alerts.web.api.problem_details import ProblemError
from alerts.web.rate_limit import RateLimit, network_of
from alerts.web.services import Services

log = logging.getLogger(__name__)
MISSING = "state a token, as in `Authorization: Bearer dla_…`: `alerts token add` makes one"
REFUSED = "this token does not work: it is not known, has expired, or was revoked"  # which, nobody learns
READS_ONLY = "this token may only read: `alerts token add NAME --scope write` makes one that may record changes"
ONE_OWNER = "this token is for what {owner} owns, and this is about more: a token without --owner may do it"


class TokenCheck:
    """Finds the tokens of requests, and limits how many wrong ones an address may try. Threads may share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wrong = RateLimit()

    def require(self, headers: Headers, address: str, route: ApiRoute, now: datetime) -> ApiToken:
        """Return the token of a request. Raises ProblemError where it has none that works, or that may do this."""
        stated = headers.getlist("authorization")
        if not stated:
            raise ProblemError(401, MISSING, {"WWW-Authenticate": 'Bearer realm="alerts"'})
        found = self._find(stated, now)
        if found is None:
            if self._wrong.is_exceeded(network_of(address), now):
                raise ProblemError(429, "too many wrong tokens: try again in a minute", {"Retry-After": "60"})
            raise ProblemError(401, REFUSED, {"WWW-Authenticate": 'Bearer realm="alerts", error="invalid_token"'})
        if route.scope == "write" and found.scope != "write":
            challenge = 'Bearer realm="alerts", error="insufficient_scope", scope="write"'
            raise ProblemError(403, READS_ONLY, {"WWW-Authenticate": challenge})
        if found.owner is not None and not route.for_owner:
            challenge = 'Bearer realm="alerts", error="insufficient_scope"'
            raise ProblemError(403, ONE_OWNER.format(owner=found.owner), {"WWW-Authenticate": challenge})
        self._note_use(found, now)
        return found

    def _find(self, stated: list[str], now: datetime) -> ApiToken | None:
        kind, _, token = stated[0].strip().partition(" ")
        if len(stated) > 1 or kind.lower() != "bearer" or not TOKEN.fullmatch(token.strip()):
            return None
        return self._services.store.api_tokens.find(token.strip(), now)

    def _note_use(self, token: ApiToken, now: datetime) -> None:
        try:
            self._services.store.api_tokens.note_use(token, now)
        except StoreError as error:  # a database that cannot be written to can still be read
            log.warning("the use of a token is not recorded: %s", error)
