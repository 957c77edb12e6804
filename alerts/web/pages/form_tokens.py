"""What shows that a form is one of our own: no other site can make one, or read one (cross-site request forgery)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.datastructures import Headers

from alerts.web.pages.visitors import Visitor

OWN_SITE = ("same-origin", "none")  # of `Sec-Fetch-Site`: `none` is what somebody typed


class FormTokens:
    """Signs the ids of forms with a key that lives as long as this process. Each is good for one visitor alone."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, form: str, visitor: Visitor) -> str:
        """Return the token of a form that is shown to somebody."""
        return hmac.new(self._key, f"{form}\0{visitor.session}".encode(), hashlib.sha256).hexdigest()

    def is_ours(self, form: str, token: str, visitor: Visitor) -> bool:
        """Return whether a token is that of a form that was shown to somebody."""
        return bool(form) and hmac.compare_digest(self.token(form, visitor).encode(), token.encode())


def is_from_elsewhere(headers: Headers) -> bool:
    """Return whether a browser says that another site sends a form. Origin is `null` where no referrer is sent."""
    origin, site = headers.get("origin", "null"), headers.get("sec-fetch-site", "none")
    return site not in OWN_SITE or origin not in ("null", f"http://{headers.get('host', '')}")
