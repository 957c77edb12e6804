"""Who has signed in, in the browser in which a link is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody who has signed in. Their forms carry a token, so that no other site answers by a link in their name.

    `sign` returns the token of a form, by its id; `is_signed` whether a token is that of a form.
    """

    name: str
    address: str
    sign: Callable[[str], str] = field(repr=False)
    is_signed: Callable[[str, str], bool] = field(repr=False)


WhoSignedIn = Callable[[Scope], SignedIn | None]


def nobody(_: Scope) -> None:
    """Return nobody, where nobody can sign in."""
