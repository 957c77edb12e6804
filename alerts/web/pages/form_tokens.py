"""What shows that a form is one of our own: no other site can make one, or read one (cross-site request forgery)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers

from alerts.web.answer_form import AnswerForm
from alerts.web.answer_view import new_form
from alerts.web.pages.visitors import Visitor

OWN_SITE = ("same-origin", "none")  # of `Sec-Fetch-Site`: `none` is what somebody typed


def no_shared_keys() -> tuple[bytes, ...]:
    """Return no keys."""
    return ()


class FormTokens:
    """Signs the ids of forms. Each token is good for one visitor alone.

    `shared`: the keys of the installation, where forms go from one replica to another. Without any, tokens hold as long
    as this process lives.
    """

    def __init__(self, shared: Callable[[], Sequence[bytes]] = no_shared_keys) -> None:
        self._shared, self._own = shared, secrets.token_bytes(32)

    def token(self, form: str, visitor: Visitor) -> str:
        """Return the token of a form that is shown to somebody."""
        return self.sign(form, visitor.session)

    def fields(self, visitor: Visitor, form: str = "") -> dict[str, str]:
        """Return what a form carries that is shown to somebody: its id, a new one where it has none, and its token."""
        form = form or new_form()
        return {"form": form, "token": self.token(form, visitor)}

    def is_ours(self, form: AnswerForm, visitor: Visitor) -> bool:
        """Return whether a form is one that was shown to somebody."""
        return self.is_signed(form.id, form.fields.get("token", ""), visitor.session)

    def sign(self, form: str, session: str) -> str:
        """Return the token of a form in a session, or in a browser where nobody has signed in."""
        return _signature(self._keys()[0], form, session)

    def is_signed(self, form: str, token: str, session: str) -> bool:
        """Return whether a token is that of a form in a session."""
        return bool(form) and any(
            hmac.compare_digest(_signature(key, form, session).encode(), token.encode()) for key in self._keys()
        )

    def _keys(self) -> list[bytes]:
        """Return the keys: the first signs, all verify. Those of links serve for nothing else by themselves."""
        return [hmac.new(key, b"forms of pages", hashlib.sha256).digest() for key in self._shared()] or [self._own]


def is_from_elsewhere(headers: Headers, public_url: str | None) -> bool:
    """Return whether a browser says that another site sends a form. Origin is `null` where no referrer is sent."""
    origin, site = headers.get("origin", "null"), headers.get("sec-fetch-site", "none")
    return site not in OWN_SITE or origin not in ("null", f"http://{headers.get('host', '')}", public_url)


def _signature(key: bytes, form: str, session: str) -> str:
    return hmac.new(key, f"{form}\0{session}".encode(), hashlib.sha256).hexdigest()
