"""People as settings and files declare them. What they may do stands in the settings only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, model_validator

from alerts.core.actors import Role
from alerts.core.commitments import Person
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.mailboxes import one_address
from alerts.strict_yaml.text_fields import Key, Line, Zone
from alerts.strict_yaml.validation import Flag, Section, Text

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
    """One of `people` in the settings. `role`: what they may do. `shared`: several people read that mailbox."""

    role: Role = "viewer"
    shared: Flag = False


class PersonInFile(PersonEntry):
    """One of `people` in a file of commitments, which gives nobody a role."""

    @model_validator(mode="before")
    @classmethod
    def _has_no_role(cls, stated: object) -> object:
        for name in ("role", "shared"):
            if isinstance(stated, Mapping) and name in stated:
                raise InputError(f'"{name}" can be stated in the settings only: remove it here')
        return stated
