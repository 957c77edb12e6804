"""Who has signed in, as the pages of links ask: a session goes before the link that it is opened with."""

from __future__ import annotations

import logging
from functools import partial

from starlette.types import Scope

from alerts.store.store_error import StoreError
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_access import NoPageError
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.proxy_access import ProxyAccess
from alerts.web.pages.sign_in.session_access import NotSignedInError, SessionAccess
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.services import Services
from alerts.web.signed_in import SignedIn, WhoSignedIn, nobody

log = logging.getLogger(__name__)


def who_signed_in(services: Services) -> WhoSignedIn:
    """Return what finds who has signed in, where people do."""
    sign_in = services.http.sign_in
    if sign_in is None:
        return nobody
    people, tokens = KnownPeople(services), FormTokens(lambda: services.keys)
    by_session = SessionAccess(services, people, SessionCookies(services.http))
    access = ProxyAccess(services, people) if sign_in.kind == "proxy" else by_session

    def find(scope: Scope) -> SignedIn | None:
        try:
            visitor = access.require(scope)
        except (NotSignedInError, NoPageError):
            return None
        except StoreError as error:  # the link still says who may answer
            log.warning("a session cannot be looked up: %s", error)
            return None
        if visitor.person is None:
            return None
        session = f"link {visitor.session}"  # so that the token of one page is of no use on another
        return SignedIn(
            name=visitor.person.name,
            address=visitor.person.email,
            sign=partial(_sign, tokens, session),
            is_signed=partial(_is_signed, tokens, session),
        )

    return find


def _sign(tokens: FormTokens, session: str, form: str) -> str:
    return tokens.sign(form, session)


def _is_signed(tokens: FormTokens, session: str, form: str, token: str) -> bool:
    return tokens.is_signed(form, token, session)
