"""Who may sign in, and as what: roles stand in the settings only, and people of files are viewers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from alerts.core.commitments import Person
from alerts.core.permissions import Role
from alerts.store import Store
from alerts.web.services import Services


class KnownPeople:
    """The people of the settings, and those of files that have other keys and addresses.

    An address that several people read proves nobody: neither one with `shared: true` nor one that two people have
    lets anybody sign in. Nor does that of somebody who has left.
    """

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._store: Store = services.store
        self._roles: Mapping[str, Role] = settings.roles
        self._shared = settings.shared_addresses
        self._settled = {one.key: one for one in settings.people}
        self._of_settings = _by_address(settings.people)

    def by_key(self, key: str, now: datetime) -> Person | None:
        """Return a person who may sign in."""
        of_settings = key in self._settled
        found = (self._settled if of_settings else self._of_files()).get(key)
        return found if found and self.by_address(found.email, now) == found else None

    def by_address(self, address: str, now: datetime) -> Person | None:
        """Return who alone has an address, and may sign in with it."""
        return self._alone(address, now, lambda: _by_address(self._of_files().values()))

    def who_may_sign_in(self, now: datetime) -> frozenset[str]:
        """Return the keys of all who may sign in. The people of files are read once."""
        files = self._of_files()
        by_address = _by_address(files.values())
        everybody = (*self._settled.values(), *files.values())
        return frozenset(one.key for one in everybody if self._alone(one.email, now, lambda: by_address) == one)

    def _alone(
        self, address: str, now: datetime, of_files: Callable[[], Mapping[str, Sequence[Person]]]
    ) -> Person | None:
        wanted = address.lower()
        if wanted in self._shared:
            return None
        found = self._of_settings.get(wanted) or of_files().get(wanted, ())
        return found[0] if len(found) == 1 and not found[0].has_left(now) else None

    def role(self, person: Person) -> Role:
        """Return what somebody may do."""
        return self._roles.get(person.key, "viewer") if self.is_of_settings(person) else "viewer"

    def is_of_settings(self, person: Person) -> bool:
        """Return whether the settings declare somebody, so that they may have a role."""
        return person.key in self._settled

    def _of_files(self) -> dict[str, Person]:
        found = self._store.people.of_files()
        return {key: one for key, one in found.items() if key not in self._settled}


def _by_address(people: Iterable[Person]) -> dict[str, list[Person]]:
    found = defaultdict[str, list[Person]](list)
    for one in people:
        found[one.email.lower()].append(one)
    return dict(found)
