"""One try of a browser to sign in at a provider, and what ties the answers of the provider to it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in. All that must not be guessed comes from its secret: 64 hexadecimal digits, in a cookie."""

    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def state(self) -> str:
        """Return what ties the answer to the browser that asked (RFC 6749 §10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Return what ties the ID token to it (OpenID Connect Core §15.5.2)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Return what ties the code to it (RFC 7636)."""
        return self._derived("verifier")

    def _derived(self, what: str) -> str:
        return hmac.new(self.secret.encode(), what.encode(), hashlib.sha256).hexdigest()
