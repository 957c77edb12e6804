"""Two dozen secrets configured, and every channel failing in every way: none is found in anything afterwards."""

from __future__ import annotations

import re
import shutil
import ssl
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alerts.channels import KINDS, apprise
from tests.channels.conftest import free_port
from tests.cli.conftest import Alerts

CONFIG = """\
channels:
  mail-in: {{kind: email, from: a@example.org, to: [b@example.org], smtp: {{host: localhost, port: {smtp},
    security: tls, ca: config/ca.pem, username: us3r-name, password: {{env: S_PASSWORD}}}}}}
  mail-out: {{kind: email, from: a@example.org, to: [b@example.org], smtp: {{host: 127.0.0.1, port: 9,
    security: tls, username: us3r-name, password: {{file: password}}}}}}
  box: {{kind: maildir, path: mail, to: [you@localhost]}}
  log: {{kind: console}}
  slack: {{kind: slack, url: {{env: S_SLACK}}}}
  slack-out: {{kind: slack, url: "http://127.0.0.1:9/services/T01/B02/literal-s3cret"}}
  discord: {{kind: discord, answers: true, url: {{env: S_DISCORD}}}}
  teams: {{kind: teams, url: {{env: S_TEAMS}}}}
  space: {{kind: googlechat, url: {{env: S_SPACE}}}}
  matter: {{kind: mattermost, url: {{file: mattermost}}}}
  behind: {{kind: mattermost, url: "https://chat.example.org/hooks/behind-s3cret", proxy: {{env: S_PROXY}}}}
  behind-lit: {{kind: webhook, url: "https://chat.example.org/x", proxy: "http://me:literal-pr0xy-s3cret@127.0.0.1:9"}}
  mail-token: {{kind: email, from: a@example.org, to: [b@example.org], smtp: {{host: localhost, port: {smtp},
    security: tls, ca: config/ca.pem, username: us3r-name, auth: xoauth2, token_file: config/token}}}}
  phone: {{kind: ntfy, answers: true, url: {{env: S_TOPIC}}, token: {{env: S_NTFY}}}}
  pager: {{kind: pagerduty, answers: true, routing_key: {{env: S_PAGER}}, url: "{http}500/v2/s3cret-enqueue"}}
  hook: {{kind: webhook, answers: true, url: {{env: S_HOOK}}, secret: {{env: S_SIGNING}},
    headers: {{Authorization: {{env: S_HEADER}}}}}}
  hook-lit: {{kind: webhook, url: "{http}404/literal-hook-s3cret", headers: {{X-Key: literal-header-s3cret}}}}
  other: {{kind: apprise, answers: true, url: {{env: S_APPRISE}}}}
heartbeat: {{url: {{env: S_BEAT}}}}
http: {{public_url: "https://alerts.example.org"}}
operators: [hook]
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {{}}
    remind: {{before: [P7D, P1D], on_the_day: true, overdue: true, closed: true}}
    notify: [{names}]
"""
SECRETS = {
    "S_PASSWORD": "p4ss-w0rd-echoed",
    "S_SLACK": "{http}302/services/T0/B0/slack-s3cret",
    "S_DISCORD": "{http}429/api/webhooks/12345678/discord-s3cret",
    "S_TEAMS": "{http}400/workflows/1/triggers?sig=teams-s3cret&sp=x",
    "S_SPACE": "{http}403/v1/spaces/AAAA/messages?key=space-k3y-s3cret&token=space-t0ken-s3cret",
    "S_TOPIC": "{http}500/topic-s3cret",
    "S_NTFY": "tk_ntfy-s3cret-token",
    "S_PAGER": "0123456789abcdef0123456789abcdef",
    "S_PROXY": "http://me:pr0xy-s3cret@127.0.0.1:{port}",
    "S_HOOK": "{http}302/hook-s3cret",
    "S_SIGNING": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "S_HEADER": "Bearer header-s3cret",
    "S_APPRISE": "json://user:apprise-s3cret@127.0.0.1:{port}/500/apprise-path-s3cret",
    "S_BEAT": "{http}500/heartbeat-s3cret",
}
TELLING = (
    "p4ss-w0rd-echoed", "p4ss-w0rd-in-a-file", "slack-s3cret", "literal-s3cret", "discord-s3cret", "teams-s3cret",
    "space-k3y-s3cret", "space-t0ken-s3cret", "matter-s3cret", "topic-s3cret", "tk_ntfy-s3cret-token",
    "0123456789abcdef0123456789abcdef", "hook-s3cret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "header-s3cret",
    "behind-s3cret", "pr0xy-s3cret", "literal-pr0xy-s3cret", "ya29.t0ken-s3cret",
    "literal-hook-s3cret", "literal-header-s3cret", "apprise-s3cret", "apprise-path-s3cret", "heartbeat-s3cret",
)  # fmt: skip

NEVER_POSTED = {  # they sign, log in elsewhere, or go to a port where nobody listens
    "p4ss-w0rd-echoed", "p4ss-w0rd-in-a-file", "literal-s3cret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "apprise-s3cret",
    "heartbeat-s3cret", "behind-s3cret", "pr0xy-s3cret", "literal-pr0xy-s3cret", "ya29.t0ken-s3cret",
}  # fmt: skip
NAMES = re.findall(r"^  (\S+): \{\{kind", CONFIG, re.MULTILINE)


class Authenticator:
    """A mail server's, which says the password aloud when it refuses it."""

    def __call__(self, _server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 no such password: {data.password.decode()}")


@pytest.fixture
def smtp(certificate: str) -> Iterator[int]:
    """The port of a mail server that takes nothing without a login, and no login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    options = {
        "authenticator": Authenticator(),
        "auth_required": True,
        "auth_require_tls": False,
        "ssl_context": context,
    }
    controller = Controller(object(), "127.0.0.1", free_port(), **options)
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def echo(httpserver: HTTPServer) -> HTTPServer:
    """Answers with the status that a path begins with, and says all that it was asked."""

    def answer(request: Request) -> Response:
        said = f"{request.url} {dict(request.headers)} {request.get_data(as_text=True)}"
        headers = {"Location": request.url, "Retry-After": "30", "X-Echo": request.path}
        return Response(said, int(request.path.split("/")[1] or 401), headers)

    httpserver.expect_request(re.compile(".*")).respond_with_handler(answer)
    return httpserver


@pytest.fixture
def ask_apprise_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask Apprise once what its service takes, not for each command: its process starts in a third of a second."""
    ask, known = apprise.run_isolated, dict[str, Any]()

    def ask_once(who: str, script: Path, request: Mapping[str, object], total: timedelta) -> dict[str, Any]:
        if "body" in request:
            return ask(who, script, request, total)
        return known.get(str(request)) or known.setdefault(str(request), ask(who, script, request, total))

    monkeypatch.setattr(apprise, "run_isolated", ask_once)


@pytest.fixture
def failing(
    *,
    home: Path,
    alerts: Alerts,
    echo: HTTPServer,
    smtp: int,
    certificate: str,
    monkeypatch: pytest.MonkeyPatch,
    ask_apprise_once: None,
) -> Alerts:
    """Commands in a folder in which all channels are set up, each to fail, and all is logged."""
    http = echo.url_for("/")
    shutil.copy(certificate, home / "config/ca.pem")
    (home / "config/token").write_text("ya29.t0ken-s3cret\n")
    (home / "config/password").write_text("p4ss-w0rd-in-a-file\n")
    (home / "config/mattermost").write_text(f"{http}404/hooks/matter-s3cret\n")
    (home / "config/alerts.yaml").write_text(CONFIG.format(http=http, smtp=smtp, names=", ".join(NAMES)))
    (home / "one.yaml").write_text("commitments: [{key: filing, title: File, deadline: 2025-11-01, timezone: UTC}]")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value.format(http=http, port=echo.port))
    monkeypatch.setenv("ALERTS_LOG", "DEBUG")
    return alerts


def test_every_kind_is_among_them() -> None:
    assert set(re.findall(r"kind: (\w+)", CONFIG)) == set(KINDS)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # of the test's own mail server
def test_no_secret_is_found_in_logs_database_or_output(failing: Alerts, home: Path, echo: HTTPServer) -> None:
    said = [failing("load", "one.yaml", "--at", "2025-10-28T10:00Z")]
    said += [failing("tick", "--at", f"2025-{at}:00Z") for at in ("10-31T10", "10-31T12", "11-04T12")]
    said += [failing("send-test", name) for name in NAMES]
    listings = ("check", "health", "deliveries", "deliveries --json", "plan --json", "links list", "show filing --json")
    said += [failing(*words.split()) for words in (*listings, "links rotate", "links revoke --recipient b@example.org")]
    asked = " ".join(f"{one.url} {dict(one.headers)} {one.get_data(as_text=True)}" for one, _ in echo.log)
    assert [secret for secret in TELLING if secret not in asked and secret not in NEVER_POSTED] == []
    mails = "".join(file.read_text() for file in (home / "mail/new").iterdir()).replace("=\n", "")
    tokens = set(re.findall(r"/a/([a-z2-7]{60,})", asked + mails))
    assert len({token[-26:] for token in tokens}) > 15  # from each channel that posts, and from the mails
    (keys,) = home.rglob("*.answer-keys")
    apart = {"config", "mail", keys.name}  # where links and keys have to be
    files = [file for file in home.rglob("*") if file.is_file() and not apart & {*file.parts}]
    found = b"".join(file.read_bytes() for file in files) + "".join(one.out + one.err for one in said).encode()
    assert [token for token in tokens if token[-20:].encode() in found] == []
    assert [key for key in keys.read_text().split() if len(key) == 64 and key.encode() in found] == []
    for shown in (b"ok: 18 channels", b"HTTP 302", b"login refused (535)", b" DEBUG "):
        assert shown in found
    assert len(TELLING) == 24
    assert [secret for secret in TELLING if secret.encode() in found] == []
