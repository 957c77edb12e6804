"""Commitments from the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.deadlines.errors import InputError
from alerts.interchange.cells import REQUIRED, entry_of
from alerts.interchange.file_contents import EndedEntry, File, FileProblem, Known
from alerts.interchange.tables.cell_values import (
    Cell,
    CellError,
    at_time,
    column_name,
    deadline_of,
    filled,
    is_blank,
    shortened,
    text_of,
    value_of,
)
from alerts.interchange.tables.columns import DEADLINE_TIME, Columns, DateColumn
from alerts.interchange.tables.headings import Headings, read_headings
from alerts.interchange.tables.row_keys import key_of_row
from alerts.interchange.tables.row_renewals import with_renewal
from alerts.interchange.tables.table_reading import Column, TableReading
from alerts.interchange.tables.undeclared import comparable

Row = tuple[int, Sequence[Cell]]  # the row number in a spreadsheet (1-based), and its cells
Values = dict[str, str | list[str]]
MOST_LETTERS = 26 + 26 * 26  # columns from A to ZZ
NO_DATE = "; `defaults: {deadline: undated}` (in the file of --columns) is for rows without one"
EMPTY = {"deadline": f"is empty, expected a deadline{NO_DATE}"}
SHOWN = 40  # characters of a value


def read_sheets(
    path: str,
    sheets: Sequence[Columns],
    rows: Callable[[Columns], Iterable[Row]],
    *,
    known: Known,
    progress: Callable[[int], None],
    notes: Sequence[str] = (),
) -> File:
    """Read all sheets of a file; `rows` returns the rows of one. `notes` may grow while they are read."""
    reading = TableReading(path, known, progress)
    try:
        for columns in sheets:
            reading.sheet, reading.owner_by = columns.sheet or "" if len(sheets) > 1 else "", columns.owner_by
            Table(columns, reading).read(rows(columns))
    except InputError as error:
        reading.end_sheet()
        reading.stopped_reading(str(error))
        return reading.file(whole=False)
    reading.notes += notes
    return reading.file()


@dataclass(slots=True)
class Table:
    """A sheet that is being read."""

    columns: Columns
    reading: TableReading
    headings: Headings | None = None
    taken: int = 0
    _fields: dict[str, Column] = field(default_factory=dict)

    def read(self, rows: Iterable[Row]) -> None:
        """Read all rows; the first that is not empty, or `header_row`, has the headings.

        Raises InputError where reading cannot go on.
        """
        path = self.reading.path
        for number, shown in rows:
            row = self._without_blank(shown)
            if all(is_blank(cell) for cell in row) or self.columns.is_skipped(number):
                continue
            if self.headings is None and self.columns.header_row == 0:
                self.headings = self._headings(number, [column_name(place) for place in range(MOST_LETTERS)])
            elif self.headings is None:
                if self.columns.header_row not in (None, number):
                    raise InputError(f"{path}: row {self.columns.header_row}, the `header_row`, is empty")
                self.headings = self._headings(number, row)
                continue
            self._take(number, row, self.headings)
            if self.reading.full:
                raise InputError(f"{path}: has too many problems: reading stopped at row {number}")
        if self.headings is None:
            raise InputError(f"{path}: is empty, expected a row of headings")
        if not self.taken:
            raise InputError(f"{path}: has headings and no rows")
        self.reading.end_sheet()

    def _without_blank(self, row: Sequence[Cell]) -> Sequence[Cell]:
        """Return a row without the cells that stand for empty ones."""
        blank = self.columns.blank
        return [None if isinstance(one, str) and comparable(one) in blank else one for one in row] if blank else row

    def _headings(self, number: int, row: Sequence[Cell]) -> Headings:
        try:
            found = read_headings(row, self.columns)
        except InputError as error:
            lines = str(error).splitlines()
            place = self.reading.place_of(number)
            self.reading.problems += [FileProblem(number, f"{place}: {line}") for line in lines[:-1]]
            raise InputError(f"{place}: {lines[-1]}") from None
        for column, names in found.fields.items():
            self._fields |= dict.fromkeys(names, (column, found.named[column]))
        return found

    def _take(self, number: int, row: Sequence[Cell], headings: Headings) -> None:
        """Read a row: no commitment if it is over, several if it has several dates."""
        self.taken += 1
        columns, reading = self.columns, self.reading
        reading.columns = self._fields
        before = len(reading.in_cells)
        self._refuse_without_heading(number, row, headings)
        cells = self._values(number, row, headings)
        if columns.key_from and not cells.get("key"):
            cells |= self._made_key(number, row, headings)
        key = cells.get("key")
        if self._is_over(row, headings):
            if isinstance(key, str) and key:
                reading.ended += [EndedEntry(one, reading.place_of(number)) for one in self._keys(key)]
            del reading.in_cells[before:]
            return
        given = with_renewal(filled(cells, columns.defaults), cells, columns.defaults)
        values = shortened(self._with_names(number, given, stated=cells))
        entries = list(self._dated(number, row, headings, values))
        for name in REQUIRED if len(reading.in_cells) == before else ():
            if name == "deadline" and (columns.dates or values.get("renews")):
                continue
            if not values.get(name):
                reading.add_problem(
                    number, f"{self._column(name)[1]}: {EMPTY.get(name, 'is empty, expected text')}", (name,)
                )
        if len(reading.in_cells) == before:
            for fields, entry in entries:
                reading.columns = fields
                reading.take(entry_of(entry), lambda _: number)
        elif isinstance(key, str):
            reading.unread_keys.update(self._keys(key))

    def _refuse_without_heading(self, number: int, row: Sequence[Cell], headings: Headings) -> None:
        """Record values in columns without a heading, unless only mapped columns are read."""
        for place, cell in () if self.columns.are_mapped else enumerate(row):
            if place not in headings.named and not is_blank(cell):
                shown = " ".join(text_of(cell).split())
                shown = f"`{shown[:SHOWN]}{'…' if len(shown) > SHOWN else ''}`"
                error = InputError(f"column {column_name(place)} has a value and no heading: {shown}")
                self.reading.add_cell_problem(number, (place, ""), error)

    def _values(self, number: int, row: Sequence[Cell], headings: Headings) -> Values:
        """Return the cells of the mapped columns as fields; problems are recorded."""
        cells: Values = {}
        for place, names in headings.fields.items():
            cell = row[place] if place < len(row) else None
            if is_blank(cell):
                continue
            for name in names:
                try:
                    cells[name] = value_of(name, cell, self.columns)
                except CellError as error:
                    self.reading.add_cell_problem(number, (place, headings.named[place]), error)
        clock, deadline = cells.pop(DEADLINE_TIME, None), cells.get("deadline")
        if clock and isinstance(clock, str) and isinstance(deadline, str):
            cells["deadline"] = at_time(deadline, clock)
        return cells

    def _made_key(self, number: int, row: Sequence[Cell], headings: Headings) -> dict[str, str]:
        """Return the key that `key_from` makes; without one a problem is recorded."""
        assert self.columns.key_from
        place = headings.place(self.columns.key_from.headings[0])
        column = place, headings.named[place]
        self.reading.columns = self._fields | {"key": column}
        try:
            places = [headings.place(one) for one in self.columns.key_from.headings]
            return {"key": key_of_row([row[one] if one < len(row) else None for one in places], self.columns.key_from)}
        except InputError as error:
            self.reading.add_cell_problem(number, column, error)
            return {}

    def _is_over(self, row: Sequence[Cell], headings: Headings) -> bool:
        """Return whether the status of a row says that it is done."""
        if self.columns.status is None:
            return False
        place = headings.place(self.columns.status)
        return place < len(row) and comparable(text_of(row[place])) in self.columns.done

    def _keys(self, key: str) -> list[str]:
        """Return the keys of all commitments of a row."""
        return [f"{key}-{one.suffix}" for one in self.columns.dates] or [key]

    def _dated(
        self, number: int, row: Sequence[Cell], headings: Headings, values: Values
    ) -> Iterator[tuple[dict[str, Column], Values]]:
        """Yield the entries of a row with the columns of their fields: one for each date if there are several."""
        if not self.columns.dates:
            yield self.reading.columns, values
            return
        found = 0
        for one in self.columns.dates:
            place = headings.place(one.heading)
            column = place, headings.named[place]
            cell = row[place] if place < len(row) else None
            if is_blank(cell):
                continue
            found += 1
            try:
                deadline = deadline_of(cell, self.columns)
            except CellError as error:
                self.reading.add_cell_problem(number, column, error)
                continue
            yield self.reading.columns | {"deadline": column}, _part(one, values, deadline)
        if not found and "deadline" in self.columns.defaults:
            one = self.columns.dates[0]
            yield self.reading.columns, _part(one, values, str(values["deadline"]))
        elif not found:
            place = headings.place(self.columns.dates[0].heading)
            named = " and ".join(one.heading for one in self.columns.dates)
            self.reading.add_cell_problem(
                number, (place, ""), InputError(f"{named} are empty, expected a date{NO_DATE}")
            )

    def _with_names(self, number: int, values: Values, stated: Values) -> Values:
        """Return values with the keys of those whom a stated cell names in another way; problems are recorded."""
        found = dict(values)
        for name in ("by", "to"):
            if isinstance(named := values.get(name), list):
                found[name] = [self._party(number, name, text) for text in named]
        owner = stated.get("owner")
        if isinstance(owner, str) and (key := self.columns.owners.get(comparable(owner))):
            found["owner"] = key
        elif isinstance(owner, str) and self.columns.owner_by != "key":
            try:
                key = self.reading.names.owner(owner, self.columns.owner_by)
            except InputError as error:
                self.reading.add_cell_problem(number, self._column("owner"), error)
                key = ""
            if key is None:
                self.reading.add_undeclared("people", owner, number, self._column("owner"))
                del found["owner"]
            else:
                found["owner"] = key
        return found

    def _party(self, number: int, name: str, text: str) -> str:
        if text in self.reading.known.parties:
            return text
        try:
            return self.reading.names.party(text) or text
        except InputError as error:
            self.reading.add_cell_problem(number, self._column(name), error)
            return text

    def _column(self, name: str) -> Column:
        return self.reading.columns.get(name, (None, name))


def _part(one: DateColumn, values: Mapping[str, str | list[str]], deadline: str) -> Values:
    """Return the entry of a row for one of several dates."""
    part: Values = {"key": f"{values.get('key', '')}-{one.suffix}", "deadline": deadline}
    part["title"] = one.title.replace("{title}", str(values.get("title", "")))
    part |= {"kind": one.kind} if one.kind else {}
    return shortened({**values, **part})
