"""Who is away or has left, and which deputies get what goes to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from alerts.core.commitments import Person
from alerts.deadlines.values import frozen


@frozen(kw_only=True)
class Absence:
    """A time when somebody is away: from `starts_at` on, and back at `ends_at`. `zone`: the one that it is stated in.

    `deputy`: who gets their alerts; None for the deputy of the settings. `number`: its name, once it is recorded.
    """

    person: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    deputy: str | None = None
    reason: str | None = None
    recorded_by: str = ""
    number: int | None = None

    def includes(self, at: datetime) -> bool:
        """Return whether the person is away then."""
        return self.starts_at <= at < self.ends_at


@frozen(kw_only=True)
class Absentee:
    """Somebody whose alerts a deputy gets. `back_at`: None for a person who has left. `zone`: that of the time."""

    name: str
    back_at: datetime | None = None
    zone: str = "UTC"

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {"name": self.name, "back_at": self.back_at and self.back_at.isoformat(), "zone": self.zone}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        back_at = data["back_at"]
        return cls(name=data["name"], back_at=datetime.fromisoformat(back_at) if back_at else None, zone=data["zone"])


@frozen(kw_only=True)
class Deputy:
    """Somebody who gets alerts for others: first for the one to whom the alert goes, then for absent deputies."""

    person: Person
    on_behalf_of: tuple[Absentee, ...]


@frozen(kw_only=True)
class Absences:
    """The people, by key, and when they are away."""

    people: Mapping[str, Person]
    recorded: Sequence[Absence] = ()

    def absentee(self, person: Person, now: datetime) -> Absentee | None:
        """Return why a person needs a deputy; None where they are there."""
        if person.has_left(now):
            return Absentee(name=person.name)
        current = self._current(person, now)
        if not current:
            return None
        last = max(current, key=lambda absence: absence.ends_at)
        return Absentee(name=person.name, back_at=last.ends_at, zone=last.zone)

    def deputies(self, person: Person, now: datetime) -> tuple[Deputy, ...]:
        """Return who gets a person's alerts too, or instead. An absent deputy's alerts go to their deputy in turn.

        None of them has left. A cycle ends where it meets itself.
        """
        found: list[Deputy] = []
        seen = {person.key}
        waiting = deque([Deputy(person=person, on_behalf_of=())])
        while waiting:
            one = waiting.popleft()
            absentee = self.absentee(one.person, now)
            if absentee is None:
                continue
            for key in self._deputy_keys(one.person, now):
                if key in self.people and key not in seen:
                    seen.add(key)
                    deputy = Deputy(person=self.people[key], on_behalf_of=(*one.on_behalf_of, absentee))
                    waiting.append(deputy)
                    if not deputy.person.has_left(now):
                        found.append(deputy)
        return tuple(found)

    def cycle_of(self, absence: Absence) -> tuple[str, ...]:
        """Return the keys of a cycle of deputies that an absence would close at any time; empty where there is none."""
        with_it = replace(self, recorded=(*self.recorded, absence))
        starts = [one.starts_at for one in self.recorded]
        starts += [person.left_at for person in self.people.values() if person.left_at]
        for at in (absence.starts_at, *(start for start in starts if absence.includes(start))):
            if path := with_it._path_back(absence.person, at):
                return path
        return ()

    def _current(self, person: Person, now: datetime) -> list[Absence]:
        return [one for one in self.recorded if one.person == person.key and one.includes(now)]

    def _deputy_keys(self, person: Person, now: datetime) -> Iterator[str]:
        """Yield the keys of the deputies of an absent person, the settings' where an absence names none."""
        current = self._current(person, now)
        named = [] if person.has_left(now) else [one.deputy for one in current]
        for key in dict.fromkeys(named or [None]):
            if deputy := key or person.deputy:
                yield deputy

    def _path_back(self, start: str, now: datetime) -> tuple[str, ...]:
        """Return the way from a person through absent deputies back to them."""
        paths: deque[tuple[str, ...]] = deque([(start,)])
        while paths:
            path = paths.popleft()
            person = self.people.get(path[-1])
            if person is None or self.absentee(person, now) is None:
                continue
            for key in self._deputy_keys(person, now):
                if key == start:
                    return (*path, key)
                if key not in path:
                    paths.append((*path, key))
        return ()


def deputy_cycle(deputies: Mapping[str, str]) -> tuple[str, ...]:
    """Return the first cycle among people and their deputies, by key; empty where there is none."""
    for start in deputies:
        path = [start]
        while (following := deputies.get(path[-1])) is not None and following not in path:
            path.append(following)
        if following is not None:
            return (*path[path.index(following) :], following)
    return ()
