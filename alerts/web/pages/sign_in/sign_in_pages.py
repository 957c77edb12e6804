"""`/sign-in`: ask for a link, open it, and press its button. Only the press signs somebody in."""

from __future__ import annotations

import logging
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from alerts.core.commitments import Person
from alerts.log_output import fields
from alerts.store.sessions import TOKEN, Arrival, SignInLink
from alerts.web.answer_form import AnswerForm
from alerts.web.answer_view import new_form
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.local_path import local_path
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.sign_in.sign_in_mails import SignInMails
from alerts.web.pages.visitors import Visitor
from alerts.web.rate_limit import RateLimit
from alerts.web.services import Services

log = logging.getLogger(__name__)
TRIES_WITHIN = timedelta(minutes=15)
BY_ADDRESS, BY_CLIENT = 5, 20  # links that may be asked for in that time
WRONG_LINKS = 60  # that a client may open in that time
RETRY_AFTER = {429: "900", 503: "60"}  # seconds
LONGEST_ADDRESS = 320  # characters


class SignInPages:
    """Signs people in by mailed links, and out again. Threads may share it."""

    def __init__(self, services: Services, people: KnownPeople, cookies: SessionCookies, tokens: FormTokens) -> None:
        self._services, self._people, self._cookies, self._tokens = services, people, cookies, tokens
        self._mails = SignInMails(services, people)
        self._by_address = RateLimit(BY_ADDRESS, TRIES_WITHIN)
        self._by_client = RateLimit(BY_CLIENT, TRIES_WITHIN)
        self._wrong = RateLimit(WRONG_LINKS, TRIES_WITHIN)

    def show(self, request: Request) -> Response:
        """Return the form that asks for a link."""
        return self._page(request, "form", leads_to=local_path(request.query_params.get("next", "")))

    def ask(self, request: Request, body: bytes) -> Response:
        """Let a link be mailed. The answer is the same whether somebody has the address or not."""
        form, now = AnswerForm.read(body), self._services.clock()
        address, leads_to = form.fields.get("address", "").strip(), local_path(form.fields.get("next", ""))
        if not self._is_ours(request, form):
            return self._page(request, "form", 403, leads_to=leads_to, address=address, problem="stale")
        if "@" not in address or len(address) > LONGEST_ADDRESS:
            return self._page(request, "form", 422, leads_to=leads_to, address=address, problem="address")
        client = _network(_client(request))
        if self._by_client.is_exceeded(client, now) or self._by_address.is_exceeded(address.lower(), now):
            return self._page(request, "too_often", 429)
        if not self._mails.ask(address, leads_to):
            return self._page(request, "busy", 503)
        return self._page(request, "sent")

    def open(self, request: Request) -> Response:
        """Return the page of a link, with one button. Nothing changes: programs open the links of mails, too."""
        found = self._found(request)
        return self._link_page(request, *found) if found else self._dead(request)

    def redeem(self, request: Request, body: bytes) -> Response:
        """Sign in the person of a link, and lead to the page that they wanted. The link is used up."""
        found = self._found(request)
        if found is None:
            return self._dead(request)
        link, person = found
        if not self._is_ours(request, AnswerForm.read(body)):
            return self._link_page(request, link, person, 403)
        arrival = Arrival(
            person=person.key,
            address=person.email,
            client=_client(request),
            before=self._cookies.session(request.headers),
        )
        session = self._services.store.sessions.redeem(request.path_params["token"], arrival, self._services.clock())
        if session is None:
            return self._dead(request)
        seen = fields(event="sign-in", person=person.key, client=arrival.client)
        log.info("signed in: %s, from %s", person.key, arrival.client, extra=seen)
        response = RedirectResponse(local_path(link.leads_to), status_code=303)
        self._cookies.set_session(response, session)
        return response

    def sign_out(self, request: Request, visitor: Visitor, body: bytes) -> Response:
        """End the session of somebody who has signed in."""
        form = AnswerForm.read(body)
        if not self._tokens.is_ours(form.id, form.fields.get("token", ""), visitor):
            return RedirectResponse("/", status_code=303)
        if visitor.session_number is not None and visitor.person is not None:
            self._services.store.sessions.end(visitor.session_number, visitor.person.name, self._services.clock())
        response = self._page(request, "signed_out")
        self._cookies.forget_session(response)
        return response

    def refuse(self, request: Request) -> Response:
        """Return the page that says that somebody has to sign in before they can record anything."""
        return self._page(request, "not_signed_in", 403)

    def _found(self, request: Request) -> tuple[SignInLink, Person] | None:
        """Return the link that a request opens, and whose it is, if it works."""
        token, now = request.path_params["token"], self._services.clock()
        link = self._services.store.sessions.find_link(token, now) if TOKEN.fullmatch(token) else None
        person = self._people.by_key(link.person, now) if link else None
        return (link, person) if link and person and person.email.lower() == link.address else None

    def _dead(self, request: Request) -> Response:
        """Return the page of a link that does not work: nobody learns whether it was used, has expired or never was."""
        if self._wrong.is_exceeded(_network(_client(request)), self._services.clock()):
            return self._page(request, "too_often", 429)
        return self._page(request, "dead", 404)

    def _link_page(self, request: Request, link: SignInLink, person: Person, status: int = 200) -> Response:
        return self._page(request, "link", status, person=person.name, address=link.address)

    def _is_ours(self, request: Request, form: AnswerForm) -> bool:
        browser = self._cookies.browser(request.headers)
        return browser is not None and self._tokens.is_signed(form.id, form.fields.get("token", ""), browser)

    def _page(self, request: Request, state: str, status: int = 200, **shown: str) -> Response:
        """Return a page. Its forms are bound to the browser, so no other site can sign somebody in as another."""
        known = self._cookies.browser(request.headers)
        browser, form = known or self._cookies.new_browser(), new_form()
        values = {"state": state, "form": form, "token": self._tokens.sign(form, browser), "address": "",
                  "problem": "", "leads_to": "/", "path": request.url.path} | shown  # fmt: skip
        response = Response(
            self._services.pages.render("sign_in", **values), status_code=status, media_type="text/html"
        )
        if known is None:
            self._cookies.set_browser(response, browser)
        if status in RETRY_AFTER:
            response.headers["Retry-After"] = RETRY_AFTER[status]
        return response


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _network(client: str) -> str:
    """Return what tries are counted by: of IPv6 the network, since one client has all of its addresses."""
    try:
        found = ip_address(client)
    except ValueError:
        return client
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else client
