"""What `check` says of signing in: how people do it, and who cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from alerts.core.short_lists import few
from alerts.settings import Settings
from alerts.settings.sign_in_section import CALLBACK


def sign_in_line(settings: Settings) -> str | None:
    """Return how people sign in to the pages; None where they do not."""
    sign_in = settings.http.sign_in if settings.http else None
    if settings.http and settings.http.first_sign_in:
        return "sign-in: `alerts run` prints an address for the first admin, once; set http.sign_in for everybody else"
    if sign_in is None or settings.http is None:
        return None
    if sign_in.kind == "mail":
        return f"sign-in: links are mailed through channel {sign_in.channel}"
    if sign_in.kind == "oidc":
        redirect = f"{settings.http.shown_address}{CALLBACK}"
        return f"sign-in: through {sign_in.issuer}; the redirect address to register there is {redirect}"
    return f"sign-in: a proxy names people in the header {sign_in.header}"


def sign_in_warnings(settings: Settings) -> Iterator[str]:
    """Yield a line where nobody may do more than read, and where people with a role cannot sign in."""
    if not settings.http or not settings.http.sign_in:
        return
    if "admin" not in settings.roles.values():
        yield "sign-in: nobody is an admin: state `role: admin` for one of `people`"
    counts = Counter(one.email.lower() for one in settings.people)
    shared = [
        one.key
        for one in settings.people
        if settings.roles[one.key] != "viewer"
        and (counts[one.email.lower()] > 1 or one.email.lower() in settings.shared_addresses)
    ]
    if shared:
        yield f"sign-in: {few(shared)} cannot sign in, since several people have the address: give each their own"
