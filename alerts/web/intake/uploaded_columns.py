"""What the columns of an uploaded table mean: as its headings say, as can be seen, or as somebody chose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from alerts.deadlines.errors import InputError
from alerts.interchange.cells import READ, REQUIRED
from alerts.interchange.tables import csv, xlsx
from alerts.interchange.tables.cell_values import Cell, is_blank
from alerts.interchange.tables.column_finder import FoundColumns, find_columns
from alerts.interchange.tables.columns import DEADLINE_TIME, Columns, KeyColumns, TableLayout, plain
from alerts.interchange.tables.field_finder import are_keys, shown_text
from alerts.interchange.tables.table_rows import Row
from alerts.interchange.tables.undeclared import comparable
from alerts.interchange.tables.yaml_parts import slug
from alerts.web.intake.import_values import ShownColumn, ShownColumns

CHOOSABLE = (
    "title", "deadline", DEADLINE_TIME, "owner", "by", "to", "priority", "tags", "kind", "note", "timezone",
)  # fmt: skip
MOST_COLUMNS = 40
EXAMPLE = 40  # characters
COLUMN = "column-"  # how the fields of a form begin that say what a column gives
Chosen = Mapping[str, str]


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of the first sheet. Raises InputError."""
    if path.suffix == ".csv":
        return csv.rows(path, Columns(), None, [])
    return xlsx.rows(path, None)


class ColumnsError(InputError):
    """The columns of a table cannot be read as they are chosen; `shown` is what may be chosen."""

    def __init__(self, text: str, shown: ShownColumns) -> None:
        super().__init__(text)
        self.shown = shown


def choose_columns(path: Path, register: str, chosen: Chosen | None) -> tuple[TableLayout, ShownColumns | None]:
    """Return how a table is read, and what of that is shown and may be chosen.

    Raises ColumnsError where the choice leaves something open, InputError for what is no table.
    """
    first = next(([cell for cell in row if not is_blank(cell)] for _, row in rows_of(path) if not _is_empty(row)), [])
    if not first:
        raise InputError("has no rows: choose a table with a row of headings and a row for each commitment")
    if chosen is None and _are_fields(first):
        return TableLayout(), None
    found = find_columns("", rows_of(path))
    if found is None:
        raise InputError("has no row of headings: write above each column what it has, such as title and deadline")
    headings = hashlib.sha256("\n".join(found.headings).encode()).hexdigest()
    if chosen and chosen.get("headings") != headings:
        chosen = None  # of another table
    fields, twice = _chosen_fields(found, chosen) if chosen else (dict(found.fields), "")
    made = _made_key(found, fields, chosen)
    date = chosen.get("date", "") if chosen else "" if found.ambiguous else next(iter(found.formats), "")
    formats = tuple(found.formats) if not found.ambiguous else (date,) if date in found.formats else ()
    shown = ShownColumns(
        headings=headings,
        columns=tuple(_shown(found, fields)),
        key="" if made.hashed else made.headings[0],
        made_of=made.headings if made.hashed else (),
        dates=tuple(found.formats) if found.ambiguous else (),
        date=date,
        status=f"{found.status}: {', '.join(found.done)}" if found.done else "",
    )
    missing = [name for name in ("title", "deadline") if name not in fields]
    if twice or missing:
        raise ColumnsError(
            twice or f"Choose the column that has the {' and the one that has the '.join(missing)}.", shown
        )
    return _layout(found, fields, made, formats, prefix=slug(register)[:20].strip("-")), shown


def _is_empty(row: Sequence[Cell]) -> bool:
    return all(is_blank(cell) for cell in row)


def _are_fields(headings: Sequence[Cell]) -> bool:
    """Return whether the headings are the names of fields, with those that each row needs."""
    names = {plain(shown_text(cell)) for cell in headings}
    return names <= {plain(name) for name in READ} and {*REQUIRED} - {"deadline"} <= names


def _chosen_fields(found: FoundColumns, chosen: Chosen) -> tuple[dict[str, str], str]:
    """Return the heading of each field as somebody chose, and what is wrong where one is chosen twice."""
    fields: dict[str, str] = {}
    for number, heading in enumerate(found.headings):
        name = chosen.get(f"{COLUMN}{number}", "")
        if name in fields:
            return fields, f"{fields[name]} and {heading} are both chosen as the {name}: choose one of them."
        if name in CHOOSABLE:
            fields[name] = heading
    return fields, ""


def _made_key(found: FoundColumns, fields: dict[str, str], chosen: Chosen | None) -> KeyColumns:
    """Return what the keys are made from: the chosen column, one that names each row, or several that do together."""
    heading = chosen.get("key", "") if chosen else fields.get("key", "")
    fields.pop("key", None)
    if heading in found.headings:
        return KeyColumns((heading,))
    together = found.key_columns or tuple(fields[name] for name in ("title", "deadline") if name in fields)
    return KeyColumns(together, hashed=True)


def _layout(
    found: FoundColumns, fields: Mapping[str, str], made: KeyColumns, formats: tuple[str, ...], *, prefix: str
) -> TableLayout:
    owners = found.headings[fields["owner"]] if "owner" in fields else []
    texts = [shown_text(one) for one in owners if not is_blank(one)]
    owner_by = "email" if any("@" in one for one in texts) else "key" if are_keys(owners) else "name"
    columns = Columns(
        headings=fields,
        header_row=found.header_row,
        skip_rows=tuple(range(number, number + 1) for number in found.sections),
        date_formats=formats,
        midnight="day",
        status=found.status if found.done else None,
        done=frozenset(map(comparable, found.done)),
        owner_by=owner_by,  # type: ignore[arg-type]  # one of three
        blank=frozenset(map(comparable, found.blank)),
        key_from=replace(made, prefix=f"{prefix or 'row'}-"),
    )
    return TableLayout((columns,))


def _shown(found: FoundColumns, fields: Mapping[str, str]) -> Iterator[ShownColumn]:
    by_heading = {heading: name for name, heading in fields.items()}
    for heading, cells in islice(found.headings.items(), MOST_COLUMNS):
        example = next((" ".join(shown_text(cell).split()) for cell in cells if not is_blank(cell)), "")
        yield ShownColumn(heading=heading, field=by_heading.get(heading, ""), example=example[:EXAMPLE])
