"""Who may use the pages: where nobody signs in, that is who sits at this machine, and nobody else."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from alerts.settings.http_section import HttpSettings
from alerts.settings.loopback import is_loopback
from alerts.web.client_address import is_trusted
from alerts.web.pages.visitors import AT_MACHINE, Visitor
from alerts.web.request_limits import is_own_host

# What proxies add. A request that went through one comes from elsewhere, whatever its address says.
OF_PROXIES = ("forwarded", "via", "x-forwarded-", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
SIGN_IN = "Nobody can sign in (`http.sign_in` is not set), so the pages are served to the machine itself only."


class NoPageError(Exception):
    """A request that gets no page. The text says why, and what to do."""

    def __init__(self, text: str, status: int = 404) -> None:
        super().__init__(text)
        self.status = status


class PageAccess:
    """Decides about each request: by the settings, the peer, the host that it names, and signs of a proxy."""

    def __init__(self, http: HttpSettings) -> None:
        self._http = http
        self._closed = _why_closed(http)

    def require(self, scope: Scope) -> Visitor:
        """Return who asks. Raises NoPageError for everybody who is not at this machine."""
        headers = Headers(scope=scope)
        if self._closed:
            raise NoPageError(f"{SIGN_IN} {self._closed}")
        if not self._is_of_this_machine(scope, headers):
            raise NoPageError(f"{SIGN_IN} Open them there, without a proxy.")
        return AT_MACHINE

    def _is_of_this_machine(self, scope: Scope, headers: Headers) -> bool:
        peer = scope["peer"]
        return (
            is_loopback(peer)
            and not is_trusted(peer, self._http.trusted_proxies)
            and not any(name.startswith(OF_PROXIES) for name in headers)
            and scope["http_version"] == "1.1"  # of browsers; proxies that say nothing of themselves often speak 1.0
            and is_own_host(headers.get("host", ""), "127.0.0.1", None)
        )


def has_pages(http: HttpSettings) -> bool:
    """Whether anybody can open a page: people who sign in, or somebody at this machine."""
    return http.sign_in is not None or _why_closed(http) is None


def _why_closed(http: HttpSettings) -> str | None:
    """Return why nobody can be told to be at this machine; None where that can be seen."""
    if not is_loopback(http.bind):
        return "Set `http.bind` to 127.0.0.1 to use them there."
    if http.is_beyond_this_machine:
        return "`http.public_url` names another address, from which a proxy leads here: leave it out to use them there."
    return None
