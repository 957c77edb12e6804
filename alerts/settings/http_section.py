"""The section `http`: where the HTTP server listens, how its links begin, and what they may do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.settings.loopback import is_loopback
from alerts.settings.sign_in_section import SignInSection, SignInSettings, sign_in_errors
from alerts.settings.value_references import reference_in
from alerts.strict_yaml.validation import Count, Raw, Section, Text, once
from alerts.strict_yaml.yaml_events import Steps

WIDEST_PROXY_NETWORK = 256  # addresses: more are hardly all proxies, and each could claim to be any client
BIND_VARIABLE = "ALERTS_HTTP_BIND"  # takes precedence over `bind`: in a container, loopback reaches nobody
AlertAnswer = Literal["acknowledge", "snooze", "note", "move", "close", "assign", "reopen"]  # messages name these
Answer = Literal[AlertAnswer, "away", "silence"]  # the others have pages of their own
DEFAULT_ANSWERS: tuple[Answer, ...] = ("acknowledge", "snooze", "note", "away")


@frozen(kw_only=True)
class HttpSettings:
    """Where the HTTP server listens and what it offers. `public_url` has no slash at its end.

    `operations` is the address and port of the listener for monitoring. `allowed_answers` are those that a link may
    give. `answer_keys` is the text of the key file, where the settings name one. `sign_in`: how people sign in to the
    pages, if they do.
    """

    bind: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    operations: tuple[str, int] | None = None
    trusted_proxies: tuple[str, ...] = ()
    allowed_answers: frozenset[str] = frozenset(DEFAULT_ANSWERS)
    answer_keys: str | None = field(default=None, repr=False)
    sign_in: SignInSettings | None = None

    @property
    def public_host(self) -> str | None:
        """Return the host of `public_url`, in small letters."""
        return urlsplit(self.public_url).hostname if self.public_url else None

    @property
    def is_beyond_this_machine(self) -> bool:
        """Whether requests come from other machines: through its own socket, or by a proxy."""
        return not is_loopback(self.bind) or bool(self.public_host and not is_loopback(self.public_host))

    @property
    def first_sign_in(self) -> str | None:
        """Return the address at which the first admin signs in, where nobody can do so otherwise; else None.

        It is None also where the session would cross a network without encryption.
        """
        if self.sign_in is not None or not self.is_beyond_this_machine:
            return None
        if self.public_url and (self.public_url.startswith("https:") or is_loopback(self.public_host or "")):
            return self.public_url
        return f"http://127.0.0.1:{self.port}" if ip_address(self.bind).is_unspecified else None

    @property
    def shown_address(self) -> str:
        """Return where a browser finds the server: the public address, else the one that it listens on."""
        return self.public_url or f"http://{address_text(self.bind, self.port)}"

    @property
    def is_plain(self) -> bool:
        """Whether links would cross a network without encryption."""
        return bool(self.public_url and self.public_url.startswith("http:") and not is_loopback(self.public_host or ""))


def address_text(host: str, port: int) -> str:
    """Return an address and a port as URLs write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise InputError("expected an IP address, such as 127.0.0.1, or 0.0.0.0 for all") from None


def _port(number: int) -> int:
    if not 1 <= number <= 65535:
        raise InputError("expected a port from 1 to 65535")
    return number


def _public_url(text: str) -> str:
    expected = "expected an address such as https://alerts.example.org, without a path"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise InputError(expected) from None
    host = url.hostname or ""
    named = re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) or (":" in host and _address(host))
    if url.scheme not in ("http", "https") or not named or url.path not in ("", "/"):
        raise InputError(expected)
    if url.query or url.fragment or "@" in url.netloc or port == 0 or text != text.strip():
        raise InputError(expected)
    return f"{url.scheme}://{url.netloc.lower()}"


def _operations(text: str) -> str:
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})", text)
    if not found:
        raise InputError("expected an IP address and a port, such as 127.0.0.1:9090")
    return address_text(_address(found[1] or found[2]), _port(int(found[3])))


def _proxy(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise InputError("expected an IP address, or a network such as 192.0.2.0/28") from None
    if network.num_addresses > WIDEST_PROXY_NETWORK:
        raise InputError("is too wide, expected single addresses, or a network of 256 addresses at most (/24)")
    return text


class AnswersSection(Section):
    """What a link may do without signing in."""

    allow: Annotated[tuple[Answer, ...], AfterValidator(once)] = DEFAULT_ANSWERS


class HttpSection(Section):
    """See `HttpSettings`."""

    bind: Annotated[Text, AfterValidator(_address)] = "127.0.0.1"
    port: Annotated[Count, AfterValidator(_port)] = 8080
    public_url: Annotated[Text, AfterValidator(_public_url)] | None = None
    operations: Annotated[Raw, AfterValidator(_operations)] | None = None
    trusted_proxies: Annotated[tuple[Annotated[Text, AfterValidator(_proxy)], ...], AfterValidator(once)] = ()
    answers: AnswersSection = Field(default_factory=AnswersSection)
    answer_keys: Text | None = None
    sign_in: SignInSection | None = None

    def settings(self, environ: Mapping[str, str], mailing: str | None = None) -> HttpSettings:
        """Return the settings. `mailing`: the channel that mails sign-in links.

        Raises InputError where the environment names an address that cannot be used."""
        host, _, port = (self.operations or "").rpartition(":")
        return HttpSettings(
            bind=_bind_of(environ) or self.bind,
            port=self.port,
            public_url=self.public_url,
            operations=(host.strip("[]"), int(port)) if self.operations else None,
            trusted_proxies=self.trusted_proxies,
            allowed_answers=frozenset(self.answers.allow),
            answer_keys=self.answer_keys,
            sign_in=self.sign_in.settings(mailing) if self.sign_in else None,
        )


def _bind_of(environ: Mapping[str, str]) -> str | None:
    stated = environ.get(BIND_VARIABLE)
    try:
        return _address(stated) if stated else None
    except InputError as error:
        raise InputError(f"the environment variable {BIND_VARIABLE}: {error}") from None


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # the section itself refuses it
        return None


def _open_sign_in(sign_in: Any, url: str, where: Callable[[Steps], str]) -> Iterator[str]:
    """Yield a line where sessions would cross a network without encryption."""
    kind = sign_in.get("kind") if isinstance(sign_in, Mapping) else None
    if kind != "proxy" and url.lower().startswith("http:") and not is_loopback(_host_of(url) or ""):
        place = where(("http", "public_url"))
        yield f"{place}http.public_url is not encrypted, so sessions could be stolen: begin it with https to sign in"


def http_errors(stated: Any, database: str, channels: Any, where: Callable[[Steps], str]) -> list[str]:
    """Return a line for each thing that is wrong between the parts of the section, as it is written in the file."""
    if not isinstance(stated, Mapping):
        return []
    errors, keys = list(sign_in_errors(stated, channels, where)), stated.get("answer_keys")
    if keys is not None and not reference_in(keys):
        place = where(("http", "answer_keys"))
        errors.append(f"{place}http.answer_keys: expected a reference, {{file: PATH}} or {{env: NAME}}, not the keys")
    host = _host_of(str(stated.get("public_url") or ""))
    if keys is None and host and not is_loopback(host) and not database.startswith("sqlite"):
        place = where(("http", "public_url"))
        errors.append(
            f"{place}http.answer_keys is missing: with PostgreSQL, all replicas share the keys of links; "
            "name their file with {file: PATH}"
        )
    if sign_in := stated.get("sign_in"):
        errors += _open_sign_in(sign_in, str(stated.get("public_url") or ""), where)
    own = address_text(str(stated.get("bind") or "127.0.0.1"), 0).removesuffix(":0")
    if stated.get("operations") == f"{own}:{stated.get('port') or 8080}":
        place = where(("http", "operations"))
        errors.append(f"{place}http.operations: this is the address of the HTTP server itself: choose another port")
    return errors
