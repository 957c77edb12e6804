"""People as settings and files declare them. What they may do stands in the settings only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, model_validator

from alerts.core.commitments import Person
from alerts.core.permissions import Role
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day
from alerts.strict_yaml.mailboxes import one_address
from alerts.strict_yaml.office_hours_entry import OfficeHoursEntry
from alerts.strict_yaml.text_fields import Key, Line, Zone
from alerts.strict_yaml.validation import Flag, Raw, Section, Text


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InputError("expected a day such as 2027-03-31") from None
    return text


Email = Annotated[Text, AfterValidator(lambda text: one_address(text).addr_spec)]


class PersonEntry(Section):
    """One of `people`."""

    key: Key
    name: Line
    email: Email
    timezone: Zone | None = None

    def person(self) -> Person:
        return Person(key=self.key, name=self.name, email=self.email, timezone=self.timezone)


class PersonInSettings(PersonEntry):
    """One of `people` in the settings. `role`: what they may do. `shared`: several people read that mailbox.

    `deputy`: who gets their alerts while they are away, and from the day `left` on. `hours`: when they take what is not
    critical.
    """

    role: Role = "viewer"
    shared: Flag = False
    deputy: Key | None = None
    left: Annotated[Raw, AfterValidator(_day)] | None = None
    hours: OfficeHoursEntry | None = None

    def person_in(self, zone: str) -> Person:
        """Return the person; the day begins in `zone`, unless they state another one."""
        day = Day(date.fromisoformat(self.left), self.timezone or zone) if self.left else None
        return replace(self.person(), deputy=self.deputy, left_at=day.start if day else None)


class PersonInFile(PersonEntry):
    """One of `people` in a file of commitments, which gives nobody a role."""

    @model_validator(mode="before")
    @classmethod
    def _has_no_role(cls, stated: object) -> object:
        for name in ("role", "shared", "deputy", "left", "hours"):
            if isinstance(stated, Mapping) and name in stated:
                raise InputError(f'"{name}" can be stated in the settings only: remove it here')
        return stated
