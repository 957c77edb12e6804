"""`/sign-in`: ask for a link, open it, and press its button. Only the press signs somebody in."""

from __future__ import annotations

import logging
from datetime import timedelta

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from alerts.core.commitments import Person
from alerts.log_output import fields
from alerts.store.sessions import TOKEN, Arrival, SignInLink
from alerts.web.answer_form import AnswerForm
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.local_path import local_path
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.sign_in.sign_in_mails import SignInMails
from alerts.web.pages.sign_in.sign_in_responses import SignInResponses, client_of, network_of
from alerts.web.rate_limit import RateLimit
from alerts.web.services import Services

log = logging.getLogger(__name__)
TRIES_WITHIN = timedelta(minutes=15)
BY_ADDRESS, BY_CLIENT = 5, 20  # links that may be asked for in that time
WRONG_LINKS = 60  # that a client may open in that time
LONGEST_ADDRESS = 320  # characters


class SignInPages:
    """Signs people in by mailed links. Threads may share it."""

    def __init__(
        self, services: Services, people: KnownPeople, cookies: SessionCookies, responses: SignInResponses
    ) -> None:
        self._services, self._people, self._cookies, self._responses = services, people, cookies, responses
        self._mails = SignInMails(services, people)
        self._by_address = RateLimit(BY_ADDRESS, TRIES_WITHIN)
        self._by_client = RateLimit(BY_CLIENT, TRIES_WITHIN)
        self._wrong = RateLimit(WRONG_LINKS, TRIES_WITHIN)

    def show(self, request: Request) -> Response:
        """Return the form that asks for a link."""
        return self._responses.page(request, "form", leads_to=local_path(request.query_params.get("next", "")))

    def ask(self, request: Request, body: bytes) -> Response:
        """Let a link be mailed. The answer is the same whether somebody has the address or not."""
        form, now = AnswerForm.read(body), self._services.clock()
        address, leads_to = form.fields.get("address", "").strip(), local_path(form.fields.get("next", ""))
        if not self._responses.is_ours(request, form):
            return self._responses.page(request, "form", 403, leads_to=leads_to, address=address, problem="stale")
        if "@" not in address or len(address) > LONGEST_ADDRESS:
            return self._responses.page(request, "form", 422, leads_to=leads_to, address=address, problem="address")
        client = network_of(request)
        if self._by_client.is_exceeded(client, now) or self._by_address.is_exceeded(address.lower(), now):
            return self._responses.page(request, "too_often", 429)
        if not self._mails.ask(address, leads_to):
            return self._responses.page(request, "busy", 503)
        return self._responses.page(request, "sent")

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
        if not self._responses.is_ours(request, AnswerForm.read(body)):
            return self._link_page(request, link, person, 403)
        arrival = Arrival(
            person=person.key,
            address=person.email,
            client=client_of(request),
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

    def _found(self, request: Request) -> tuple[SignInLink, Person] | None:
        """Return the link that a request opens, and whose it is, if it works."""
        token, now = request.path_params["token"], self._services.clock()
        link = self._services.store.sessions.find_link(token, now) if TOKEN.fullmatch(token) else None
        person = self._people.by_key(link.person, now) if link else None
        return (link, person) if link and person and person.email.lower() == link.address else None

    def _dead(self, request: Request) -> Response:
        """Return the page of a link that does not work: nobody learns whether it was used, has expired or never was."""
        if self._wrong.is_exceeded(network_of(request), self._services.clock()):
            return self._responses.page(request, "too_often", 429)
        return self._responses.page(request, "dead", 404)

    def _link_page(self, request: Request, link: SignInLink, person: Person, status: int = 200) -> Response:
        return self._responses.page(request, "link", status, person=person.name, address=link.address)
