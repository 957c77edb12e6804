"""The form of an answer page: what was pressed, and what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from urllib.parse import parse_qs

from alerts.core.actors import Shown
from alerts.core.stages import STAGES
from alerts.rendering.template_filters import clean, flat

DECOY = "continue"  # the value of a button that nobody sees: only a program presses it
LONGEST_NAME = 80  # characters
LONGEST_TEXT = 2000
MOST_FIELDS = 40


class FormError(Exception):
    """Something that the reader has to fill in or to correct; `field` names where, the text says what to do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The fields of a form, each without control characters."""

    fields: Mapping[str, str]

    @classmethod
    def read(cls, body: bytes) -> AnswerForm:
        """Read a form. A field that is stated twice, or too many fields, make it an empty one."""
        try:
            stated = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return cls({})
        if any(len(values) > 1 for values in stated.values()):
            return cls({})
        return cls({name: clean(values[0]) for name, values in stated.items()})

    @property
    def choice(self) -> tuple[str, str]:
        """Return the value of the pressed button: what it does, and what with. Both are empty if none was pressed."""
        what, _, rest = self.fields.get("choice", "").partition(" ")
        return what, rest

    @property
    def is_pressed_by_program(self) -> bool:
        return self.fields.get("choice") == DECOY

    @property
    def id(self) -> str:
        """Return the id of the form; empty where it has none that we could have given."""
        found = self.fields.get("form", "")
        return found if len(found) == 32 and found.isalnum() else ""

    @property
    def name(self) -> str | None:
        """Return the name that the reader claims. Raises FormError for one that is too long."""
        found = flat(self.fields.get("name", ""))
        if len(found) > LONGEST_NAME:
            raise FormError("name", f"Enter a name of {LONGEST_NAME} characters at most.")
        return found or None

    def shown(self, occurrence: str) -> Shown | None:
        """Return what the form showed; None where it does not say that in our way."""
        revision, stage = self.fields.get("revision", ""), self.fields.get("stage", "")
        if not (self.id and revision.isascii() and revision.isdigit() and len(revision) < 10 and stage in STAGES):
            return None
        return Shown(form=self.id, revision=int(revision), stage=stage, occurrence=occurrence)

    def text(self, name: str) -> str:
        """Return a text that was typed. Raises FormError for one that is too long."""
        found = self.fields.get(name, "").strip()
        if len(found) > LONGEST_TEXT:
            raise FormError(name, f"Shorten the text to {LONGEST_TEXT} characters.")
        return found

    def day(self, stated: str, name: str) -> date:
        """Return a day: as the button states it, or, for `date`, as the field of that name does. Raises FormError."""
        text = self.fields.get(name, "") if stated == "date" else stated
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a civil day
        except ValueError:
            raise FormError(name, "Choose a date first.") from None

    def deadline(self) -> str:
        """Return the new date, with its time if one was given, as deadlines are written. Raises FormError."""
        day, at = self.day("date", "new_date"), self.fields.get("new_time", "")
        try:
            return f"{day}T{time.fromisoformat(at):%H:%M}" if at else str(day)
        except ValueError:
            raise FormError("new_date", "Enter a time such as 17:00, or none.") from None
