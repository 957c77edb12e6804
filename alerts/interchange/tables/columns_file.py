"""The file of `--columns`, checked."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator

from alerts import strict_yaml
from alerts.core.commitments import Kind
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import LISTS, READ, REQUIRED, entry_of, split
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.interchange.renewal_entries import SHORTHAND, RenewalError, require_notice
from alerts.interchange.tables.columns import (
    DEADLINE_TIME,
    Columns,
    DateColumn,
    KeyColumns,
    Midnight,
    OwnerBy,
    TableLayout,
    nearest,
)
from alerts.interchange.tables.date_formats import check_format
from alerts.interchange.tables.row_renewals import is_how_often
from alerts.interchange.tables.undeclared import comparable
from alerts.strict_yaml.text_fields import Key, Line
from alerts.strict_yaml.validation import Count, Raw, Section, Text, lines_of, problems_of
from alerts.strict_yaml.yaml_events import Steps

At = Callable[[Steps], str]
ROWS = re.compile(r"([1-9]\d{0,6})(?:-([1-9]\d{0,6}))?", re.ASCII)
NO_DEFAULT = frozenset({"key", "title"})  # two rows never share them


def _rows(text: str) -> str:
    found = ROWS.fullmatch(text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise InputError("expected a row such as 7, or rows such as 7-9")
    return text


def _suffix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._@-]{1,20}", text, re.ASCII):
        raise InputError("expected up to 20 letters, digits, `.`, `_`, `-` and `@`, such as notice")
    return text


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise InputError("expected an encoding such as utf-8, cp1252 or cp1250") from None


DateFormat = Annotated[Raw, AfterValidator(check_format)]


class KeyFromSection(Section):
    """`key_from`: how the key of a row is made."""

    columns: tuple[Text, ...] = Field((), examples=["[Ref no, Year]"])
    hash: tuple[Text, ...] = ()
    prefix: Text = ""

    def key_columns(self) -> KeyColumns:
        return KeyColumns(self.columns or self.hash, self.prefix, hashed=bool(self.hash))


class StatusSection(Section):
    """`status`: which rows are over."""

    column: Text = Field(examples=["Status"])
    done: tuple[Raw, ...] = Field(examples=["[Closed, Done]"])


class DateSection(Section):
    """One of `dates`: a column of dates that each become a commitment."""

    column: Text = Field(examples=["Notice by"])
    key: Annotated[Text, AfterValidator(_suffix)] = Field(examples=["notice"])
    title: Line | None = None
    kind: Kind | None = None

    def date_column(self) -> DateColumn:
        return DateColumn(self.column, self.key, self.title or f"{{title}}: {self.column}", self.kind)


class SheetSection(Section):
    """How a sheet is read."""

    sheet: Text | None = None
    header_row: Count | Literal["none"] | None = None
    skip_rows: tuple[Annotated[Raw, AfterValidator(_rows)], ...] = ()
    columns: dict[Text, Text] | None = Field(None, examples=["{key: Ref no, title: What, deadline: Due date}"])
    key_from: KeyFromSection | None = None
    dates: tuple[DateSection, ...] = ()
    status: StatusSection | None = None
    owner_by: OwnerBy = "key"
    owners: dict[Text, Key] = Field({}, examples=["{A. Ruiz: ana}"])
    date_format: DateFormat | None = None
    date_formats: tuple[DateFormat, ...] = ()
    midnight: Midnight | None = None
    blank: tuple[Raw, ...] = ()
    defaults: dict[Text, Any] | None = None

    @field_validator("columns", "defaults")
    @classmethod
    def _known(cls, named: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        known = (*READ, DEADLINE_TIME) if info.field_name == "columns" else READ
        for name in named or ():
            if name not in known:
                raise InputError(f'unknown field "{name}"{nearest(name, known)}')
        return named

    def read(self, at: At) -> Columns:
        """Return it as the reader needs it. Raises InputError with a line for each problem."""
        headings = self.columns or {}
        if errors := [*self._missing(at), *_defaults_wrong(self.defaults or {}, at)]:
            raise InputError("\n".join(errors))
        formats = (*((self.date_format,) if self.date_format else ()), *self.date_formats)
        return Columns(
            headings=headings,
            sheet=self.sheet,
            header_row=0 if self.header_row == "none" else self.header_row,
            skip_rows=tuple(_range(text) for text in self.skip_rows),
            date_formats=tuple(dict.fromkeys(formats)),
            midnight=self.midnight,
            status=self.status.column if self.status else None,
            done=frozenset(comparable(one) for one in (self.status.done if self.status else ())),
            owner_by=self.owner_by,
            owners={comparable(text): key for text, key in self.owners.items()},
            blank=frozenset(map(comparable, self.blank)),
            defaults={name: _cell(name, value) for name, value in (self.defaults or {}).items()},
            key_from=self.key_from.key_columns() if self.key_from else None,
            dates=tuple(one.date_column() for one in self.dates),
        )

    def _missing(self, at: At) -> list[str]:
        """Return a line for each thing without which no row can be read."""
        if self.header_row == 0:
            return [f"{at(('header_row',))}header_row: rows count from 1; write `none` where no row has headings"]
        if self.header_row == "none" and not self.columns:
            return [f"{at(('header_row',))}header_row: without headings, `columns` must name columns by their letters"]
        if self.key_from and bool(self.key_from.columns) == bool(self.key_from.hash):
            return [f"{at(('key_from',))}key_from: name the columns under `columns`, or under `hash`"]
        if self.key_from and "key" in (self.columns or {}):
            return [f"{at(('key_from',))}key_from and columns.key are both there: take one of the two away"]
        if self.dates and "deadline" in (self.columns or {}):
            return [f"{at(('dates',))}dates and columns.deadline are both there: name that column under `dates`, too"]
        given = {*(self.columns or {}), *(self.defaults or {})}
        given |= ({"key"} if self.key_from else set()) | ({"deadline"} if self.dates or "renews" in given else set())
        if self.columns is None:
            return []
        ways = {"key": ", or how it is made (key_from)", "deadline": ", or name several under `dates`"}
        return [
            f'{at(("columns",))}columns: "{name}" is missing: say which heading it has{ways.get(name, "")}'
            for name in REQUIRED
            if name not in given
        ]


class ColumnsSection(SheetSection):
    """The whole file. What stands outside `sheets` counts for each of them."""

    encoding: Annotated[Text, AfterValidator(_encoding)] | None = None
    sheets: tuple[SheetSection, ...] = ()


def read_columns(path: Path) -> TableLayout:
    """Read the file of `--columns`. Raises InputError with a line for each problem."""
    data, places = strict_yaml.read(path)
    try:
        whole = ColumnsSection.model_validate(data)
    except ValidationError as error:
        raise InputError("\n".join(lines_of(error, ColumnsSection, places.at))) from None
    if not whole.sheets:
        return TableLayout((whole.read(places.at),), whole.encoding, str(path))
    shared = {name: getattr(whole, name) for name in whole.model_fields_set - {"sheets", "encoding"}}
    sheets, seen = [], set[str | None]()
    for number, section in enumerate(whole.sheets):

        def at(steps: Steps, number: int = number) -> str:
            return places.at(("sheets", number, *steps))

        if section.sheet in seen or section.sheet is None:
            raise InputError(f"{at(())}sheets: each needs a `sheet` of its own: the name on its tab")
        seen.add(section.sheet)
        own = {name: getattr(section, name) for name in section.model_fields_set}
        sheets.append(SheetSection.model_construct(**(shared | own)).read(at))
    return TableLayout(tuple(sheets), whole.encoding, str(path))


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _cell(name: str, value: Any) -> str | list[str]:
    if name in LISTS:
        return split(str(value)) if not isinstance(value, list) else [str(one) for one in value]
    return str(value)


def _renewal_wrong(cells: Mapping[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    """Yield the field and the problem of a default for a renewal or its notice that no row could have."""
    if "renews" in cells and not is_how_often(str(cells["renews"])):
        how = "as in `every year from 2026-07-01`, or `every year` where a column has the dates"
        yield "renews", f"renews: expected how often, {how}"
    try:
        require_notice(f"{cells.get('notice', '1 day')} before a")
    except RenewalError as error:
        yield "notice", str(error)


def _defaults_wrong(defaults: Mapping[str, Any], at: At) -> list[str]:
    """Return a line for each default that no row could have."""
    errors = [f"{at(('defaults', name))}defaults: {name} cannot have one" for name in defaults if name in NO_DEFAULT]
    cells = {name: _cell(name, value) for name, value in defaults.items() if name not in NO_DEFAULT}
    errors += [f"{at(('defaults', name))}defaults: {problem}" for name, problem in _renewal_wrong(cells)]
    plain = {name: value for name, value in cells.items() if name not in SHORTHAND}
    try:
        CommitmentEntry.model_validate({"key": "a", "title": "A", "deadline": "undated"} | entry_of(plain))
    except ValidationError as error:
        found = problems_of(error, CommitmentEntry)
        errors += [f"{at(('defaults', *steps[:1]))}defaults: {problem}" for steps, problem in found]
    return errors
