"""The section `http.sign_in` of the settings: what it means, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.cli.sign_in_report import sign_in_line, sign_in_warnings
from alerts.deadlines.errors import InputError
from alerts.settings import Settings, load_settings
from alerts.settings.sign_in_section import SignInSettings

SECRET = "0123456789abcdef"
MAIL = "email, from: a@example.org, to: [a@example.org], smtp: {host: mail.example.org}"
FOLDER = "maildir, path: mail, to: [a@example.org]"
CHAT = "console"


def load(folder: Path, http: str, *channels: str, environ: dict[str, str] | None = None) -> Settings:
    stated = ", ".join(f"c{number}: {{kind: {one}}}" for number, one in enumerate(channels))
    (folder / "a.yaml").write_text(f"channels: {{{stated}}}\nhttp: {{{http}}}\n")
    return load_settings(folder, None, environ or {})


def refused(folder: Path, http: str, *channels: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(folder, http, *channels)
    return [line.removeprefix(f"{folder}/a.yaml:2: ") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    ("channels", "stated", "used"),
    [
        ((MAIL,), "", "c0"),
        ((CHAT, FOLDER, MAIL), "", "c2"),
        ((CHAT, FOLDER), "", "c1"),
        ((MAIL, f"{FOLDER}, default: true"), "", "c1"),
        ((MAIL, MAIL), ", channel: c1", "c1"),
    ],
)
def test_links_are_mailed_through_one_channel(tmp_path: Path, channels: tuple[str, ...], stated: str, used: str):
    http = load(tmp_path, f"public_url: https://alerts.example.org, sign_in: {{kind: mail{stated}}}", *channels).http
    assert http is not None
    assert http.sign_in == SignInSettings(kind="mail", channel=used)


def test_a_proxy_is_known_by_its_address_and_a_secret(tmp_path: Path) -> None:
    text = (
        "public_url: http://alerts.example.org, trusted_proxies: [192.0.2.10], "
        "sign_in: {kind: proxy, header: X-Forwarded-Email, secret_header: X-Gate, secret: {env: GATE}}"
    )
    settings = load(tmp_path, text, CHAT, environ={"GATE": SECRET})
    assert settings.http is not None
    assert settings.http.sign_in == SignInSettings(
        kind="proxy", header="x-forwarded-email", secret_header="x-gate", secret=SECRET
    )
    assert SECRET not in repr(settings.http)
    assert SECRET in settings.secrets()


OIDC = "sign_in: {kind: oidc, issuer: https://login.example.org/realm/, client_id: alerts"


def test_a_provider_is_known_by_its_issuer_and_knows_us_by_a_secret(tmp_path: Path) -> None:
    text = f"public_url: https://alerts.example.org, {OIDC}, client_secret: {{env: CLIENT}}}}"
    settings = load(tmp_path, text, CHAT, environ={"CLIENT": SECRET})
    assert settings.http is not None
    assert settings.http.sign_in == SignInSettings(
        kind="oidc", issuer="https://login.example.org/realm", client_id="alerts", client_secret=SECRET
    )
    assert SECRET not in repr(settings.http)
    assert SECRET in settings.secrets()
    assert sign_in_line(settings) == (
        "sign-in: through https://login.example.org/realm; the redirect address to register there is "
        "https://alerts.example.org/sign-in/callback"
    )


def people(*stated: str) -> str:
    return "\npeople:\n" + "".join(f"- {{{one}}}\n" for one in stated)


@pytest.mark.parametrize(
    ("stated", "warned"),
    [
        (["key: ann, name: Ann, email: ann@example.org, role: admin"], []),
        (
            ["key: ann, name: Ann, email: ann@example.org, role: editor"],
            ["sign-in: nobody is an admin: state `role: admin` for one of `people`"],
        ),
        (
            [
                "key: ann, name: Ann, email: ann@example.org, role: admin",
                "key: bob, name: Bob, email: ANN@example.org",
                "key: team, name: Team, email: team@example.org, role: editor, shared: true",
            ],
            ["sign-in: ann, team cannot sign in, since several people have the address: give each their own"],
        ),
    ],
)
def test_check_says_how_people_sign_in_and_who_cannot(tmp_path: Path, stated: list[str], warned: list[str]) -> None:
    load(tmp_path, "public_url: https://alerts.example.org, sign_in: {kind: mail}", MAIL)
    path = tmp_path / "a.yaml"
    path.write_text(path.read_text() + people(*stated))
    found = load_settings(tmp_path, None, {})
    assert sign_in_line(found) == "sign-in: links are mailed through channel c0"
    assert list(sign_in_warnings(found)) == warned


def test_check_says_nothing_where_nobody_signs_in(tmp_path: Path) -> None:
    found = load(tmp_path, "", CHAT)
    assert sign_in_line(found) is None
    assert list(sign_in_warnings(found)) == []


@pytest.mark.parametrize(
    ("http", "address"),
    [
        ("bind: 0.0.0.0", "http://127.0.0.1:8080"),
        ("bind: '::', port: 8090", "http://127.0.0.1:8090"),
        ("bind: 0.0.0.0, public_url: http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("bind: 0.0.0.0, public_url: https://alerts.example.org", "https://alerts.example.org"),
        ("public_url: https://alerts.example.org", "https://alerts.example.org"),
        ("bind: 0.0.0.0, public_url: http://alerts.example.org", "http://127.0.0.1:8080"),
        ("bind: 192.0.2.1", None),  # the session would cross a network without encryption
        ("public_url: http://alerts.example.org", None),
        ("port: 8090", None),  # whoever is at this machine is admin
        ("public_url: http://localhost:8080", None),
        ("bind: 0.0.0.0, public_url: https://alerts.example.org, sign_in: {kind: mail}", None),
    ],
)
def test_the_first_admin_signs_in_where_nobody_else_can_and_it_is_safe(
    tmp_path: Path, http: str, address: str | None
) -> None:
    found = load(tmp_path, http, MAIL)
    assert found.http is not None
    assert found.http.first_sign_in == address
    assert ("prints an address for the first admin" in (sign_in_line(found) or "")) == (address is not None)


URL = "public_url: https://alerts.example.org"
PROXY = f"{URL}, trusted_proxies: [192.0.2.10], sign_in: {{kind: proxy, header: X-User, secret_header: X-Gate"


@pytest.mark.parametrize(
    ("http", "channels", "errors"),
    [
        ("sign_in: {kind: mail}", (MAIL,), ["http.public_url is missing: state the address at which people sign in"]),
        (
            f"{URL}, sign_in: {{kind: mail}}",
            (CHAT,),
            ["http.sign_in: `kind: mail` needs a channel that mails: add one of kind email to `channels`"],
        ),
        (
            f"{URL}, sign_in: {{kind: mail, channel: c1}}",
            (MAIL, CHAT),
            ["http.sign_in.channel: c1 sends no mails: name a channel of kind email or maildir"],
        ),
        (
            f"{URL}, sign_in: {{kind: mail, channel: c9}}",
            (MAIL,),
            ['http.sign_in.channel: there is no channel "c9"; known: c0'],
        ),
        (
            "public_url: http://alerts.example.org, sign_in: {kind: mail}",
            (MAIL,),
            ["http.public_url is not encrypted, so sessions could be stolen: begin it with https to sign in"],
        ),
        (
            f"{URL}, sign_in: {{kind: mail, header: X-User}}",
            (MAIL,),
            ["http.sign_in.header: `kind: mail` does not take it: leave it out"],
        ),
        (f"{URL}, sign_in: {{kind: password}}", (MAIL,), ["http.sign_in.kind: expected one of mail, proxy, oidc"]),
        (
            f"{URL}, sign_in: {{kind: proxy, header: X-User}}",
            (),
            [
                "http.sign_in.secret is missing: `kind: proxy` needs it",
                "http.sign_in.secret_header is missing: `kind: proxy` needs it",
                "http.trusted_proxies is missing: only these addresses may name who asks",
            ],
        ),
        (
            f"{URL}, sign_in: {{kind: oidc, channel: c0}}",
            (MAIL,),
            [
                "http.sign_in.channel: `kind: oidc` does not take it: leave it out",
                "http.sign_in.client_id is missing: `kind: oidc` needs it",
                "http.sign_in.client_secret is missing: `kind: oidc` needs it",
                "http.sign_in.issuer is missing: `kind: oidc` needs it",
            ],
        ),
        (f"{URL}, {OIDC}, client_secret: {SECRET}}}", (), [
            "http.sign_in.client_secret: expected a reference, {file: PATH} or {env: NAME}, not the secret"
        ]),
        (f"{URL}, {OIDC}, client_secret: {{env: NOWHERE}}}}", (), [
            "http.sign_in.client_secret: the environment variable NOWHERE is not set"
        ]),
        (f"{OIDC}, client_secret: {SECRET}}}", (), [
            "http.public_url is missing: state the address at which people sign in",
            "http.sign_in.client_secret: expected a reference, {file: PATH} or {env: NAME}, not the secret",
        ]),
        (f"public_url: http://alerts.example.org, {OIDC}, client_secret: {SECRET}}}", (), [
            "http.public_url is not encrypted, so sessions could be stolen: begin it with https to sign in",
            "http.sign_in.client_secret: expected a reference, {file: PATH} or {env: NAME}, not the secret",
        ]),
        (f"{PROXY}, secret: {SECRET}}}", (), [
            "http.sign_in.secret: expected a reference, {file: PATH} or {env: NAME}, not the secret"
        ]),
        (f"{PROXY}, secret: short}}", (), [
            "http.sign_in.secret: expected at least 16 letters and digits, as `openssl rand -hex 32` makes them"
        ]),
        (f"{PROXY.replace('X-User', 'X_User')}, secret: {SECRET}}}", (), [
            "http.sign_in.header: expected the name of a header, such as X-Forwarded-Email"
        ]),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, http: str, channels: tuple[str, ...], errors: list[str]):
    found = refused(tmp_path, http, *channels)
    assert sorted(found) == sorted(errors)


def test_the_header_of_the_person_and_of_the_secret_differ(tmp_path: Path) -> None:
    (tmp_path / "gate").write_text(SECRET)
    stated = f"{PROXY.replace('X-User', 'x-gate')}, secret: {{file: gate}}}}"
    assert refused(tmp_path, stated) == ["http.sign_in.secret_header: expected another header than `header`"]


NOT_ENCRYPTED = "is not encrypted, so anybody between could sign in as anybody: begin it with https"
NO_ADDRESS = "expected the address of the provider, such as https://login.example.org/realm"


@pytest.mark.parametrize(
    ("issuer", "error"),
    [
        (
            "http://login.example.org",
            "is not encrypted, so anybody between could sign in as anybody: begin it with https",
        ),
        ("login.example.org", NO_ADDRESS),
        ("https://", NO_ADDRESS),
        ("https://ann@login.example.org", NO_ADDRESS),
        ("https://login.example.org:0", NO_ADDRESS),
        ("https://login.example.org:no", NO_ADDRESS),
        ("https://login.example.org?realm=a", NO_ADDRESS),
        ("https://login.example.org/#a", NO_ADDRESS),
        ("https://login.example.org/a b", NO_ADDRESS),
        ("ftp://login.example.org", NO_ADDRESS),
    ],
)
def test_an_issuer_is_an_encrypted_address(tmp_path: Path, issuer: str, error: str) -> None:
    stated = OIDC.replace("https://login.example.org/realm/", f"'{issuer}'")
    (tmp_path / "secret").write_text(SECRET)
    found = refused(tmp_path, f"{URL}, {stated}, client_secret: {{file: secret}}}}")
    assert found == [f"http.sign_in.issuer: {error}"]


def test_a_provider_at_this_machine_needs_no_encryption(tmp_path: Path) -> None:
    stated = OIDC.replace("https://login.example.org/realm/", "'http://127.0.0.1:9400'")
    (tmp_path / "secret").write_text(SECRET)
    found = load(tmp_path, f"{URL}, {stated}, client_secret: {{file: {tmp_path}/secret}}}}", CHAT)
    assert found.http is not None
    assert found.http.sign_in is not None
    assert found.http.sign_in.issuer == "http://127.0.0.1:9400"
