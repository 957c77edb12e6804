"""Signing in at a provider of OpenID Connect: the authorization code flow with PKCE."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from authlib.common.errors import AuthlibBaseError

from alerts.channels.transport.time_budget import reason
from alerts.clock import Clock
from alerts.settings.sign_in_section import CALLBACK, SignInSettings
from alerts.web.pages.sign_in.id_tokens import IdTokens
from alerts.web.pages.sign_in.provider_documents import ProviderDocuments
from alerts.web.pages.sign_in.provider_failure import FailureState, ProviderFailure, one_line
from alerts.web.pages.sign_in.provider_session import ProviderSession, provider_session
from alerts.web.pages.sign_in.sign_in_attempt import Attempt


class Provider:
    """Leads people to a provider, and reads whom it has signed in. Threads may share it."""

    def __init__(self, sign_in: SignInSettings, address: str, clock: Clock) -> None:
        self._sign_in, self._clock = sign_in, clock
        self._redirect = address + CALLBACK
        self._documents = ProviderDocuments(sign_in.issuer or "", clock)
        self._id_tokens = IdTokens(self._documents, sign_in.client_id or "")

    def address_for(self, attempt: Attempt) -> str:
        """Return the address at the provider where somebody signs in. Raises ProviderFailure."""
        metadata = self._documents.metadata()
        with provider_session(**self._client(metadata)) as session:
            return session.address(metadata["authorization_endpoint"], attempt)

    def address_of(self, attempt: Attempt, answer: Mapping[str, str]) -> str:
        """Return the address of who has signed in. `answer`: the query of the callback. Raises ProviderFailure."""
        if not hmac.compare_digest(attempt.state.encode(), answer.get("state", "").encode()):
            raise ProviderFailure("start_again", "the answer is to another request than that of this browser")
        metadata = self._documents.metadata()
        if "iss" in answer and answer["iss"] != metadata["issuer"]:  # RFC 9207
            raise ProviderFailure("refused", "the answer comes from another provider")
        if error := answer.get("error"):
            said = one_line(f"{error}: {answer.get('error_description', '')}")
            raise ProviderFailure("denied" if error == "access_denied" else "refused", f"the provider says {said}")
        with provider_session(**self._client(metadata)) as session:
            tokens = self._tokens(session, metadata, answer.get("code", ""), attempt)
            claims = self._id_tokens.verify(session, tokens, attempt, self._clock())
            return _verified_address(self._with_address(session, metadata, tokens, claims))

    def _client(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return {"client_id": self._sign_in.client_id, "client_secret": self._sign_in.client_secret,
                "scope": "openid email", "redirect_uri": self._redirect, "code_challenge_method": "S256",
                "token_endpoint_auth_method": method}  # fmt: skip

    def _tokens(
        self, session: ProviderSession, metadata: Mapping[str, Any], code: str, attempt: Attempt
    ) -> dict[str, Any]:
        try:
            return session.redeem(metadata["token_endpoint"], code, attempt)
        except AuthlibBaseError as error:
            # A code that was used, or is too old, is an `invalid_grant` (RFC 6749 §5.2).
            state: FailureState = "start_again" if error.error == "invalid_grant" else "refused"
            said = one_line(f"{error.error}: {error.description}")
            raise ProviderFailure(state, f"the provider gives no token: {said}") from None
        except (OSError, ValueError) as error:
            text = reason(error) if isinstance(error, OSError) else "no JSON object"
            raise ProviderFailure("unreachable", f"the provider gives no token: {text}") from None

    def _with_address(
        self,
        session: ProviderSession,
        metadata: Mapping[str, Any],
        tokens: Mapping[str, Any],
        claims: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Return claims with an e-mail address: some providers state it at another endpoint alone (Core §5.3, §5.4)."""
        endpoint, token = metadata.get("userinfo_endpoint"), tokens.get("access_token")
        if "email" in claims or not isinstance(endpoint, str) or not isinstance(token, str):
            return claims
        found = session.get(endpoint, token)
        if found.get("sub") != claims["sub"]:
            raise ProviderFailure("refused", "the provider describes another person than the one who has signed in")
        return found


def _verified_address(claims: Mapping[str, Any]) -> str:
    address = claims.get("email")
    if not isinstance(address, str) or "@" not in address:
        raise ProviderFailure("unverified", "the provider states no e-mail address: let it include the claim `email`")
    if claims.get("email_verified") is not True:
        raise ProviderFailure("unverified", "the provider does not state `email_verified: true`")
    return address
