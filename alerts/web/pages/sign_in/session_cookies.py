"""The cookies of the pages: the session of somebody who has signed in, and what sign-in forms are bound to."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from alerts.settings.http_section import HttpSettings
from alerts.store.sessions import SESSION_LIVES, TOKEN

SESSION, BROWSER, ATTEMPT = "alerts_session", "alerts_browser", "alerts_attempt"
ATTEMPT_LASTS = 600  # seconds
HOST = (
    "__Host-"  # browsers take such a cookie from this very host alone, not from its neighbours (RFC 6265bis §4.1.3.2)
)


class SessionCookies:
    """Reads and sets cookies. No script sees them, and no other site makes a browser send them with a form.

    They are `Secure` unless the pages are served without TLS, which the settings allow on loopback only.
    """

    def __init__(self, http: HttpSettings) -> None:
        self._secure = (http.public_url or "").startswith("https:")
        prefix = HOST if self._secure else ""
        self._session, self._browser, self._attempt = prefix + SESSION, prefix + BROWSER, prefix + ATTEMPT

    def session(self, headers: Headers) -> str | None:
        """Return the token of the session that a request states."""
        return _token(headers, self._session)

    def browser(self, headers: Headers) -> str | None:
        """Return what the forms of a browser are bound to while nobody is signed in."""
        return _token(headers, self._browser)

    def new_browser(self) -> str:
        """Return what the forms of a browser without such a cookie are bound to."""
        return secrets.token_hex(32)

    def set_session(self, response: Response, token: str) -> None:
        """Let the browser keep the token of a session for as long as that may last."""
        self._set(response, self._session, token, int(SESSION_LIVES.total_seconds()))

    def set_browser(self, response: Response, value: str) -> None:
        """Let the browser keep what its forms are bound to until it is closed."""
        self._set(response, self._browser, value, None)

    def attempt(self, headers: Headers) -> tuple[str, str] | None:
        """Return the secret of a sign-in at a provider that this browser has begun, and the page that it leads to.

        The page is as the browser states it, so it needs `local_path`.
        """
        secret, _, leads_to = _stated(headers, self._attempt).partition(".")
        try:
            page = urlsafe_b64decode(leads_to + "=" * (-len(leads_to) % 4)).decode()
        except ValueError:
            return None
        return (secret, page) if TOKEN.fullmatch(secret) else None

    def set_attempt(self, response: Response, secret: str, leads_to: str) -> None:
        """Let the browser keep the secret of a sign-in at a provider, and the page that it leads to."""
        page = urlsafe_b64encode(leads_to.encode()).decode().rstrip("=")
        self._set(response, self._attempt, f"{secret}.{page}", ATTEMPT_LASTS)

    def forget_attempt(self, response: Response) -> None:
        """Let the browser forget its sign-in at a provider: it has ended."""
        self._set(response, self._attempt, "", 0)

    def forget_session(self, response: Response) -> None:
        """Let the browser forget the token of its session."""
        self._set(response, self._session, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax")


def _token(headers: Headers, name: str) -> str | None:
    found = _stated(headers, name)
    return found if TOKEN.fullmatch(found) else None


def _stated(headers: Headers, name: str) -> str:
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(name, "")
