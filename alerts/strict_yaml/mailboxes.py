"""Mail addresses, one at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from email.headerregistry import Address

_LOCAL = re.compile(r'[^\s"(),:;<>@\[\]\\]{1,64}')  # RFC 5322 §3.4.1 dot-atom, beyond ASCII by RFC 6532
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


def one_address(text: object) -> Address:
    """Read exactly one mail address (RFC 5322 §3.4 mailbox), with or without a name. Raises ValueError."""
    from email.errors import HeaderParseError  # here: most commands meet no address
    from email.headerregistry import Address
    from email.policy import SMTP

    if not isinstance(text, str):
        raise ValueError("expected a mail address as text")  # noqa: TRY004 # pydantic collects ValueErrors only
    if not text.isprintable():
        raise ValueError("a mail address must not hold line breaks or control characters")
    not_one = "not a mail address: expected one such as desk@example.org or Desk <desk@example.org>"
    try:
        header: Any = SMTP.header_factory("To", text)  # an AddressHeader; the stub leaves its defects out
        domains = [address.domain.encode("idna").decode() for address in header.addresses]
    except (HeaderParseError, IndexError, UnicodeError):  # IndexError: `email` trips over "a@"
        raise ValueError(not_one) from None
    if len(domains) > 1:
        raise ValueError(f"expected exactly one mail address, found {len(domains)}: one entry each")
    if not domains or header.groups[0].display_name is not None or not _DOMAIN.fullmatch(domains[0]):
        raise ValueError(not_one)
    name, username = header.addresses[0].display_name, header.addresses[0].username
    allowed = all("non-ASCII" in str(defect) for defect in header.defects)  # by RFC 6531
    if not (allowed and _LOCAL.fullmatch(username)):
        raise ValueError(not_one)
    return Address(name, username, domains[0])
