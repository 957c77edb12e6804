"""Who acts on a commitment, how that is known, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.core.permissions import ACTIONS, MAY, Action, Role, Scope
from alerts.core.stages import Stage
from alerts.core.tracked import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a form or a program asks for: it is recorded once. `content` is a digest of what it states."""

    id: str
    at: datetime
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the form of an answer showed: the revision, and the stage of the commitment or of one occurrence.

    `form` identifies the form: it is recorded once.
    """

    form: str
    revision: int
    stage: Stage
    occurrence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts: the name that is recorded, how it is known, and what they may do.

    `only_owner`: the key of the person whose commitments alone they may see and change; None for all.
    """

    name: str
    proof: Proof
    allowed: frozenset[Action] = frozenset()
    only_owner: str | None = None

    @classmethod
    def signed_in(cls, name: str, role: Role) -> Actor:
        """Return a person who has signed in."""
        return cls(name=name, proof="signed-in", allowed=MAY[role])

    @classmethod
    def at_machine(cls, claimed: str | None = None) -> Actor:
        """Return who uses a page on the machine itself, where nobody signs in: anybody who works there may be that.

        `claimed`: the name that they typed.
        """
        page = "a page on this machine"
        return cls(name=f"{claimed}, by {page}" if claimed else page, proof="local", allowed=MAY["admin"])

    @classmethod
    def first_admin(cls, claimed: str | None = None) -> Actor:
        """Return who has signed in by the address that the daemon printed at its first start: nobody has a name yet.

        `claimed`: the name that they typed.
        """
        name = "the first admin"
        proof: Proof = "claimed" if claimed else "signed-in"
        return cls(name=f"{claimed}, as {name}" if claimed else name, proof=proof, allowed=MAY["admin"])

    @classmethod
    def by_token(cls, name: str, scope: Scope, only_owner: str | None = None) -> Actor:
        """Return a program that uses a token."""
        may = frozenset(ACTIONS if scope == "write" else ())
        return cls(name=f"token {name}", proof="token", allowed=may, only_owner=only_owner)

    @classmethod
    def by_link(
        cls, label: str, allowed: frozenset[str], claimed: str | None = None, signed_in: str | None = None
    ) -> Actor:
        """Return who answers by a link: possession of it is all that is known, and perhaps a name that they typed.

        `label`: whom the link was sent to. `signed_in`: the name of who has signed in, which goes before one that was
        typed. Who may acknowledge or snooze may also take that back.
        """
        may = {action for action in ACTIONS if action in allowed}
        if may & {"acknowledge", "snooze"}:
            may.add("take back")
        link = f"a link sent to {label}"
        who = signed_in or claimed
        proof: Proof = "signed-in" if signed_in else "claimed" if claimed else "link"
        return cls(name=f"{who}, by {link}" if who else link, proof=proof, allowed=frozenset(may))
