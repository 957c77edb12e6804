"""ID tokens: what a provider says of who has signed in, with its signature."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
)
from joserfc.jws import JWSRegistry
from joserfc.jwt import Token

from alerts.web.pages.sign_in.provider_documents import ProviderDocuments
from alerts.web.pages.sign_in.provider_failure import ProviderFailure, one_line
from alerts.web.pages.sign_in.provider_session import ProviderSession
from alerts.web.pages.sign_in.sign_in_attempt import Attempt

# A signature by a shared secret proves less: whoever knows the client secret could make one. `none` proves nothing.
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY = 120  # seconds by which two clocks may differ
LONGEST_HEADER = 8192  # bytes: some providers put a chain of certificates into it
OF_TIME = ("exp", "iat", "nbf")


class IdTokens:
    """Verifies ID tokens (OpenID Connect Core 1.0, section 3.1.3.7). Threads may share it."""

    def __init__(self, documents: ProviderDocuments, client_id: str) -> None:
        self._documents, self._client_id = documents, client_id

    def verify(
        self, session: ProviderSession, tokens: Mapping[str, Any], attempt: Attempt, now: datetime
    ) -> Mapping[str, Any]:
        """Return the claims of the ID token among `tokens`. Raises ProviderFailure."""
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": self._documents.metadata()["issuer"]},
            "aud": {"essential": True, "value": self._client_id},
        }
        known = {"nonce": attempt.nonce, "client_id": self._client_id, "access_token": tokens.get("access_token")}
        try:
            token = self._decoded(session, str(tokens.get("id_token", "")))
            claims: Any = CodeIDToken(token.claims, token.header, options, known)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except ClaimError as error:
            said = one_line(f"{error.claim}: {error.description}")
            if isinstance(error, ExpiredTokenError | InvalidClaimError) and error.claim in OF_TIME:
                raise ProviderFailure(
                    "clocks", f"the ID token does not hold now ({said}): compare the clocks"
                ) from None
            raise ProviderFailure("refused", f"the ID token does not hold ({said})") from None
        except JoseError as error:
            raise ProviderFailure("refused", f"the ID token does not hold ({one_line(str(error))})") from None
        except (ValueError, TypeError) as error:
            raise ProviderFailure("refused", f"the ID token cannot be read ({one_line(str(error))})") from None
        return dict(claims)

    def _decoded(self, session: ProviderSession, text: str) -> Token:
        stated = self._documents.metadata().get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(algorithms=[one for one in SIGNATURES if one in stated], strict_check_header=False)
        registry.max_header_length = LONGEST_HEADER
        try:
            return jwt.decode(text, self._documents.keys(session), registry=registry)
        except (InvalidKeyIdError, BadSignatureError):  # the provider may have another key since
            return jwt.decode(text, self._documents.keys(session, renew=True), registry=registry)
