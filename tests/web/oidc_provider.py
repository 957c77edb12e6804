"""A provider of OpenID Connect in a process of its own: that of `oidc-provider-mock`, with PKCE and with faults.

The process goes by the clock of the tests. `PUT /faults` has it misbehave:

- `claims`: claims of ID tokens that are others, or that are missing (None); `header`: the same of their headers
- `key`: what signs them: "other" is an unknown key, "none" no key, "secret" the secret of the client
- `document`: entries of the discovery document that are others, or that are missing (None)
- `answers`: paths at which it answers with another status and text; `rotate`: it has a new key from now on
- `hold`: paths at which it does not answer until the faults are others
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

CLIENT, SECRET = "alerts", "a secret of the client"


@dataclass(frozen=True)
class ProviderProcess:
    """A provider that runs. `url` is its issuer."""

    url: str

    def person(self, address: str, **claims: object) -> None:
        """Have somebody who signs in by their address."""
        stated = {"email": address, "email_verified": True, **claims}
        answer = requests.put(f"{self.url}/users/{address}", json=stated, timeout=30)
        assert answer.status_code == 204

    def have(self, **faults: object) -> None:
        """Let it misbehave in these ways, and in no others."""
        assert requests.put(f"{self.url}/faults", json=faults, timeout=30).status_code == 204

    def asked(self) -> list[str]:
        """Return the paths that were asked for."""
        return list(requests.get(f"{self.url}/faults", timeout=30).json())

    def sign_in(self, address: str, whom: str, **form: str) -> str:
        """Sign somebody in at the address that a browser was led to, and return where it is led next."""
        answer = requests.post(address, data={"sub": whom, **form}, timeout=30, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


@contextmanager
def provider(now: str) -> Iterator[ProviderProcess]:
    """Run a provider whose clock starts at an instant. The process ends with the block."""
    command = [sys.executable, "-m", "tests.web.oidc_provider", now]
    environ = os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield ProviderProcess(process.stdout.readline().strip())
        finally:
            process.stdin.close()  # it ends with its input, so it never outlives the tests
            process.wait(30)


def serve() -> None:
    """Serve until the input ends."""
    import werkzeug.serving

    server = werkzeug.serving.make_server("127.0.0.1", 0, faulty_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()


def faulty_app() -> Any:
    """Return the application."""
    import flask
    import oidc_provider_mock
    from authlib import jose
    from oidc_provider_mock._storage import storage

    app, state = oidc_provider_mock.app(require_nonce=True), Faults()

    @app.get("/faults")
    def asked() -> Any:
        return flask.jsonify(state.asked)

    @app.put("/faults")
    def set_faults() -> Any:
        state.change(flask.request.get_json())
        if state.stated.get("rotate"):
            storage.jwk = jose.RSAKey.generate_key(is_private=True)
        return "", 204

    @app.before_request
    def refuse() -> Any:
        return state.refusal(flask.request)

    @app.after_request
    def alter(answer: Any) -> Any:
        path = flask.request.path
        if path in state.stated.get("answers", {}):
            return answer
        if path == "/oauth2/authorize" and answer.status_code == 302:
            state.remember(flask.request.args, answer.headers["Location"])
        elif path == "/.well-known/openid-configuration":
            answer.set_data(json.dumps(altered(answer.get_json(), state.stated.get("document", {}))))
        elif path == "/oauth2/token" and answer.status_code == 200:
            tokens = answer.get_json()
            tokens["id_token"] = state.forged(tokens["id_token"], storage.jwk.as_dict(is_private=True))
            answer.set_data(json.dumps(tokens))
        return answer

    return app


class Faults:
    """How the provider misbehaves, and the challenges (RFC 7636) of the codes that it has given."""

    def __init__(self) -> None:
        self.stated: dict[str, Any] = {}
        self.asked: list[str] = []
        self._challenges: dict[str, str] = {}
        self._changed = threading.Event()

    def change(self, stated: dict[str, Any]) -> None:
        self.stated, changed = stated, self._changed
        self._changed = threading.Event()
        changed.set()

    def remember(self, query: Any, led_to: str) -> None:
        assert query["code_challenge_method"] == "S256"
        code = led_to.partition("code=")[2].partition("&")[0]
        self._challenges[code] = query["code_challenge"]

    def refusal(self, request: Any) -> Any:
        """Return the answer in place of a good one, if any."""
        if request.path != "/faults":
            self.asked.append(request.path)
        changed = self._changed
        if request.path in self.stated.get("hold", ()):
            changed.wait(60)
        if request.path in self.stated.get("answers", {}):
            status, text = self.stated["answers"][request.path]
            return text, status, {"Location": "/elsewhere"} if status == 302 else {}
        if request.path == "/oauth2/token":
            return self._refusal_of_code(request)
        return None

    def _refusal_of_code(self, request: Any) -> Any:
        login, form = request.authorization, request.form
        stated = (login.username, login.password) if login else (form.get("client_id"), form.get("client_secret"))
        if stated != (CLIENT, SECRET):
            return {"error": "invalid_client"}, 401
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if self._challenges.get(form.get("code", "")) != challenge:
            return {"error": "invalid_grant", "error_description": "no such code"}, 400
        return None

    def forged(self, text: str, own: dict[str, Any]) -> str:
        """Return an ID token with the faults."""
        from joserfc import jws
        from joserfc.jwk import OctKey, RSAKey

        if not self.stated.keys() & {"header", "claims", "key"}:
            return text  # to import the key and sign anew takes 30 ms
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in text.split(".")[:2])
        header, claims = altered(header, self.stated.get("header", {})), altered(claims, self.stated.get("claims", {}))
        payload, how = json.dumps(claims).encode(), self.stated.get("key", "own")
        if how == "none":
            parts = (json.dumps(header | {"alg": "none"}).encode(), payload, b"")
            return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        if how == "secret":
            return jws.serialize_compact(header | {"alg": "HS256"}, payload, OctKey.import_key(SECRET))
        key = RSAKey.import_key(own) if how == "own" else RSAKey.generate_key(2048)
        return jws.serialize_compact(header, payload, key, algorithms=[header["alg"]])


def altered(found: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (found | changes).items() if value is not None}


if __name__ == "__main__":
    from freezegun import freeze_time

    with freeze_time(sys.argv[1], tick=True):
        serve()
