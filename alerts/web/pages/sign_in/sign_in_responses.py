"""The pages that every way of signing in has, and the address that tries are counted by."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from alerts.web import rate_limit
from alerts.web.answer_form import AnswerForm
from alerts.web.answer_view import new_form
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services

RETRY_AFTER = {429: "900", 503: "60"}  # seconds


class SignInResponses:
    """Renders the pages of signing in, and signs people out. Threads may share it."""

    def __init__(self, services: Services, cookies: SessionCookies, tokens: FormTokens) -> None:
        self._services, self._cookies, self._tokens = services, cookies, tokens

    def page(self, request: Request, state: str, status: int = 200, **shown: str) -> Response:
        """Return a page. Its forms are bound to the browser, so no other site can sign somebody in as another."""
        known = self._cookies.browser(request.headers)
        browser, form = known or self._cookies.new_browser(), new_form()
        values = {
            "state": state, "form": form, "token": self._tokens.sign(form, browser), "path": request.url.path,
            "address": "", "problem": "", "leads_to": "/", "start": "", "provider": "",
        } | shown  # fmt: skip
        response = Response(
            self._services.pages.render("sign_in", **values), status_code=status, media_type="text/html"
        )
        if known is None:
            self._cookies.set_browser(response, browser)
        if status in RETRY_AFTER:
            response.headers["Retry-After"] = RETRY_AFTER[status]
        return response

    def is_ours(self, request: Request, form: AnswerForm) -> bool:
        """Return whether a form is one that this browser was shown."""
        browser = self._cookies.browser(request.headers)
        return browser is not None and self._tokens.is_signed(form.id, form.fields.get("token", ""), browser)

    def sign_out(self, request: Request, visitor: Visitor, body: bytes) -> Response:
        """End the session of somebody who has signed in."""
        form = AnswerForm.read(body)
        if not self._tokens.is_ours(form, visitor):
            return RedirectResponse("/", status_code=303)
        if visitor.session_number is not None:
            by = visitor.actor(None).name
            self._services.store.sessions.end(visitor.session_number, by, self._services.clock())
        response = self.page(request, "first" if visitor.is_first_admin else "signed_out")
        self._cookies.forget_session(response)
        return response

    def refuse(self, request: Request) -> Response:
        """Return the page that says that somebody has to sign in before they can record anything."""
        return self.page(request, "not_signed_in", 403)


def client_of(request: Request) -> str:
    """Return the address of who asks."""
    return request.client.host if request.client else ""


def network_of(request: Request) -> str:
    """Return what the tries of who asks are counted by."""
    return rate_limit.network_of(client_of(request))
