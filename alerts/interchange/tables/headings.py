"""The headings of a table, matched to what its columns give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.cells import REQUIRED
from alerts.interchange.tables.cell_values import Cell, UnusableCell, text_of
from alerts.interchange.tables.columns import Columns, nearest, plain


@dataclass(slots=True)
class Headings:
    """Where the columns of a table are: by the index of the column, from 0."""

    named: dict[int, str]
    fields: dict[int, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)  # by the plain heading

    def place(self, heading: str) -> int:
        """Return the index of a column."""
        return self.places[plain(heading)]


def read_headings(row: Sequence[Cell], columns: Columns) -> Headings:
    """Match a row of headings. Raises InputError with a line for each problem."""
    found = Headings({place: heading for place, cell in enumerate(row) if (heading := _heading(cell))})
    errors = []
    for place, heading in found.named.items():
        fields = columns.fields_of(heading)
        is_wanted = bool(fields) or any(plain(heading) == plain(one) for one in columns.wanted())
        if is_wanted and plain(heading) in found.places:
            errors.append(f'the heading "{heading}" is used twice')
        elif is_wanted:
            found.places[plain(heading)] = place
            found.fields[place] = fields
        elif not columns.are_mapped:
            errors.append(f'unknown heading "{heading}"{nearest(heading, columns.wanted())}; --columns FILE says what '
                          "other headings mean, and `alerts columns` writes one")  # fmt: skip
    if errors := [*errors, *_missing(found, columns)]:
        raise InputError("\n".join(errors))
    return found


def _heading(cell: Cell) -> str:
    return " ".join(text_of(cell).split()) if cell is not None and not isinstance(cell, UnusableCell) else ""


def _missing(found: Headings, columns: Columns) -> Iterator[str]:
    """Yield a line for each heading that is needed and is not there."""
    if columns.are_mapped:
        for heading in columns.wanted():
            if plain(heading) not in found.places:
                near = did_you_mean(plain(heading), [plain(one) for one in found.named.values()])
                for_what = ", ".join(columns.fields_of(heading)) or "a column that is read"
                yield f'no column has the heading "{heading}", which --columns names for {for_what}{near}'
        return
    for name in REQUIRED:
        if name in found.places or name in columns.defaults:
            continue
        if name == "key" and columns.key_from is None:
            yield ("no column `key`: keys come from a column, never from the number of a row; --columns FILE "
                   "says which holds them (columns: {key: Ref no, …})")  # fmt: skip
        elif name == "title" or (
            name == "deadline" and not columns.dates and "renews" not in {*found.places, *columns.defaults}
        ):
            yield f"no column `{name}`, and --columns does not say which holds it"
