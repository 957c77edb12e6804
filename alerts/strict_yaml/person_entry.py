"""People as settings and files declare them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from alerts.core.commitments import Person
from alerts.strict_yaml.mailboxes import one_address
from alerts.strict_yaml.text_fields import Key, Line, Zone
from alerts.strict_yaml.validation import Section, Text

Email = Annotated[Text, AfterValidator(lambda text: one_address(text).addr_spec)]


class PersonEntry(Section):
    """One of `people`."""

    key: Key
    name: Line
    email: Email
    timezone: Zone | None = None

    def person(self) -> Person:
        return Person(key=self.key, name=self.name, email=self.email, timezone=self.timezone)
