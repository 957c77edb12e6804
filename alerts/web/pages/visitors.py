"""Who uses a page, what they may do there, and under which name it is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.core.actors import Actor
from alerts.core.commitments import Person
from alerts.core.permissions import ROLES, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who uses a page. `person`: None for whoever works at this machine, where nobody signs in, and for the
    first admin.

    `session`: what the tokens of their forms are bound to, so that they are of no use to anybody else.
    `session_number`: that of the session that they can end, if they have one here.
    """

    role: Role
    person: Person | None = None
    session: str = field(default="", repr=False)
    session_number: int | None = None

    @property
    def is_first_admin(self) -> bool:
        """Return whether they have signed in by the address of the first start, before anybody else could."""
        return self.person is None and self.session_number is not None

    def has_role(self, role: Role) -> bool:
        """Return whether they may do what asks for a role: each may also do what the roles below it may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def actor(self, claimed: str | None) -> Actor:
        """Return who is recorded. `claimed`: the name that somebody typed; it counts where nobody signs in."""
        if self.person is None:
            return Actor.first_admin(claimed) if self.is_first_admin else Actor.at_machine(claimed)
        return Actor.signed_in(self.person.name, self.role)


AT_MACHINE = Visitor(role="admin")
