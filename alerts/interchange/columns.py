"""Which columns of a table hold which field: by the field names, or by a small mapping file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationError, field_validator

from alerts import strict_yaml
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.cells import FIELDS, REQUIRED
from alerts.interchange.date_formats import check_format
from alerts.strict_yaml.validation import Raw, Section, Text, lines_of


class ColumnsFile(Section):
    """The file of `--columns`."""

    columns: dict[Text, Text] | None = None
    date_format: Annotated[Raw, AfterValidator(check_format)] | None = None
    sheet: Text | None = None

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str] | None) -> dict[str, str] | None:
        for name in columns or ():
            if name not in FIELDS:
                raise InputError(f'unknown field "{name}"{_nearest(name, FIELDS)}')
        for name in REQUIRED if columns is not None else ():
            if name not in (columns or ()):
                raise InputError(f'"{name}" is missing: say which heading it has')
        return columns


@dataclass(frozen=True, slots=True)
class Columns:
    """Headings by field (all fields by their names where there are none), the date format, and the sheet."""

    headings: dict[str, str] = field(default_factory=dict)
    date_format: str | None = None
    sheet: str | None = None

    def field_of(self, heading: str) -> str | None:
        """Return the field that a heading means."""
        return self._by_heading().get(plain(heading))

    def _by_heading(self) -> dict[str, str]:
        if self.headings:
            return {plain(heading): name for name, heading in self.headings.items()}
        return {plain(name): name for name in FIELDS}

    def heading(self, name: str) -> str:
        """Return the heading of a field, as far as it is known before the table is read."""
        return self.headings.get(name, name)

    def unknown(self, heading: str) -> str:
        """Return the error text for an unknown heading."""
        return f'unknown heading "{heading}"{_nearest(heading, FIELDS)}; --columns FILE says what other headings mean'


def read_columns(path: Path) -> Columns:
    """Read the file of `--columns`. Raises InputError with a line for each problem."""
    data, places = strict_yaml.read(path)
    try:
        read = ColumnsFile.model_validate(data)
    except ValidationError as error:
        raise InputError("\n".join(lines_of(error, ColumnsFile, places.at))) from None
    headings = read.columns or {}
    seen: dict[str, str] = {}
    for name, heading in headings.items():
        if plain(heading) in seen:
            message = f'the heading "{heading}" is used twice, for {seen[plain(heading)]} and for {name}'
            raise InputError(places.at(("columns", name)) + message)
        seen[plain(heading)] = name
    return Columns(headings, read.date_format, read.sheet)


def plain(heading: str) -> str:
    """Return a heading without case, spaces and underscores, which do not matter."""
    return re.sub(r"[\s_]+", "", heading).casefold()


def _nearest(name: str, known: Sequence[str]) -> str:
    near = did_you_mean(plain(name), [plain(one) for one in known])
    for one in known:
        near = near.replace(f"'{plain(one)}'", f"'{one}'")
    return near
