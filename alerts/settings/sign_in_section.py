"""The section `http.sign_in`: how people sign in to the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.values import frozen
from alerts.settings.loopback import is_loopback
from alerts.settings.value_references import reference_in
from alerts.strict_yaml.validation import Section, Text
from alerts.strict_yaml.yaml_events import Steps

SignInKind = Literal["mail", "proxy", "oidc"]
Where = Callable[[Steps], str]
MAILING = ("email", "maildir")  # kinds of channels; the first is preferred
SHORTEST_SECRET = 16  # characters
# What each kind takes, and of that what it needs.
TAKES: Mapping[str, tuple[str, ...]] = {
    "mail": ("channel",),
    "proxy": ("header", "secret_header", "secret"),
    "oidc": ("issuer", "client_id", "client_secret"),
}
NEEDS: Mapping[str, tuple[str, ...]] = {**TAKES, "mail": ()}
SECRETS = ("secret", "client_secret")
CALLBACK = "/sign-in/callback"  # where a provider leads people back to


@frozen(kw_only=True)
class SignInSettings:
    """How people sign in. `channel`: the one whose server or folder takes the mails with links.

    `header`: the one in which a proxy names who asks. `secret_header` and `secret`: by which the proxy is known.
    `issuer`: the address of a provider of OpenID Connect, without a slash at its end. `client_id` and `client_secret`:
    by which it knows this installation.
    """

    kind: SignInKind
    channel: str | None = None
    header: str | None = None
    secret_header: str | None = None
    secret: str | None = field(default=None, repr=False)
    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)


def _header(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,99}", name, re.ASCII):
        raise InputError("expected the name of a header, such as X-Forwarded-Email")
    return name.lower()


def _secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET or not text.isascii() or not text.isprintable() or text != text.strip():
        raise InputError(
            f"expected at least {SHORTEST_SECRET} letters and digits, as `openssl rand -hex 32` makes them"
        )
    return text


def _issuer(text: str) -> str:
    expected = "expected the address of the provider, such as https://login.example.org/realm"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise InputError(expected) from None
    if url.scheme not in ("http", "https") or not url.hostname or port == 0 or "@" in url.netloc:
        raise InputError(expected)
    if "?" in text or "#" in text or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(expected)
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise InputError("is not encrypted, so anybody between could sign in as anybody: begin it with https")
    return text.rstrip("/")


Header = Annotated[Text, AfterValidator(_header)]


class SignInSection(Section):
    """See `SignInSettings`."""

    kind: SignInKind
    channel: Text | None = None
    header: Header | None = None
    secret_header: Header | None = None
    secret: Annotated[Text, AfterValidator(_secret)] | None = None
    issuer: Annotated[Text, AfterValidator(_issuer)] | None = None
    client_id: Text | None = None
    client_secret: Text | None = None

    def settings(self, channel: str | None) -> SignInSettings:
        """Return the settings. `channel`: the one that mails links, where none is stated."""
        stated = self.model_dump()
        return SignInSettings(**stated | {"channel": self.channel or channel} if self.kind == "mail" else stated)


def mailing_channel(channels: Any, owners_channel: str | None) -> str | None:
    """Return the channel that mails links unless one is named: the one that mails owners, else the first of mails."""
    kinds = _kinds(channels)
    if kinds.get(owners_channel or "") in MAILING:
        return owners_channel
    return next((name for wanted in MAILING for name, kind in kinds.items() if kind == wanted), None)


def sign_in_errors(http: Mapping[str, Any], channels: Any, where: Where) -> Iterator[str]:
    """Yield a line for each thing that is wrong with `http.sign_in`, as it is written in the file."""
    stated = http.get("sign_in")
    if not isinstance(stated, Mapping) or stated.get("kind") not in TAKES:
        return
    kind, place = str(stated["kind"]), where(("http", "sign_in"))
    for name in stated:
        if name != "kind" and name not in TAKES[kind] and any(name in some for some in TAKES.values()):
            steps = ("http", "sign_in", name)
            yield f"{where(steps)}http.sign_in.{name}: `kind: {kind}` does not take it: leave it out"
    for name in NEEDS[kind]:
        if stated.get(name) is None:
            yield f"{place}http.sign_in.{name} is missing: `kind: {kind}` needs it"
    for name in SECRETS:
        if stated.get(name) is not None and not reference_in(stated[name]):
            named = f"{where(('http', 'sign_in', name))}http.sign_in.{name}"
            yield f"{named}: expected a reference, {{file: PATH}} or {{env: NAME}}, not the secret"
    if not http.get("public_url"):
        yield f"{place}http.public_url is missing: state the address at which people sign in"
    if kind == "mail":
        yield from _channel_errors(stated.get("channel"), channels, where)
    elif kind == "proxy":
        yield from _proxy_errors(stated, http.get("trusted_proxies"), where)


def _channel_errors(named: Any, channels: Any, where: Where) -> Iterator[str]:
    kinds = _kinds(channels)
    if named is None:
        if not set(kinds.values()) & set(MAILING):
            yield (
                f"{where(('http', 'sign_in'))}http.sign_in: `kind: mail` needs a channel that mails: "
                "add one of kind email to `channels`"
            )
        return
    place = where(("http", "sign_in", "channel"))
    if named not in kinds:
        yield f'{place}http.sign_in.channel: there is no channel "{named}"{did_you_mean(str(named), kinds)}'
    elif kinds[named] not in MAILING:
        yield f"{place}http.sign_in.channel: {named} sends no mails: name a channel of kind {' or '.join(MAILING)}"


def _proxy_errors(stated: Mapping[str, Any], trusted: Any, where: Where) -> Iterator[str]:
    if not trusted:
        yield f"{where(('http', 'sign_in'))}http.trusted_proxies is missing: only these addresses may name who asks"
    names = [str(stated.get(name)).lower() for name in ("header", "secret_header")]
    if names[0] == names[1]:
        place = where(("http", "sign_in", "secret_header"))
        yield f"{place}http.sign_in.secret_header: expected another header than `header`"


def _kinds(channels: Any) -> dict[str, str]:
    """Return the kinds of channels, by their names."""
    stated = channels.items() if isinstance(channels, Mapping) else ()
    return {str(name): str(one.get("kind")) for name, one in stated if isinstance(one, Mapping)}
