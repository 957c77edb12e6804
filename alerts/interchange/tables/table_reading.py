"""The entries read from a table so far, and the problems of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from alerts.core.changes import StatedCommitment
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.cells import CITED
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.interchange.entry_collector import DECLARED_IN, Reading
from alerts.interchange.tables.cell_problems import CellProblem, file_problems, line_for
from alerts.interchange.tables.columns import OwnerBy
from alerts.interchange.tables.undeclared import Names, comparable, describe_undeclared
from alerts.strict_yaml.yaml_events import Steps

MAX_CELLS = 20_000  # with a problem; then reading stops
Column = tuple[int | None, str]  # its index from 0 (None: it has none, as a default), and its heading


@dataclass(slots=True)
class TableReading(Reading):
    """A table that is being read. `columns` are those of the present row, by field; `sheet` is named in problems."""

    sheet: str = ""
    owner_by: OwnerBy = "key"
    columns: dict[str, Column] = field(default_factory=dict)
    in_cells: list[CellProblem] = field(default_factory=list)
    undeclared: dict[str, dict[str, list[CellProblem]]] = field(default_factory=dict)  # where → text → cells
    repeated: int = 0  # rows that state the same as another one
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        self.name = self._name
        self.names = Names(self.known.people_by_name, self.known.parties_by_name)

    @property
    def full(self) -> bool:
        return len(self.in_cells) >= MAX_CELLS

    def _name(self, steps: Steps) -> str:
        """Return the heading of a part of an entry."""
        return self.columns.get(first := _field(steps), (None, first))[1]

    def add_problem(self, line: int, problem: str, steps: Steps = ()) -> None:
        place, heading = self.columns.get(_field(steps), (None, "")) if steps else (None, "")
        self.in_cells.append(
            CellProblem(row=line, place=place, heading=heading, message=problem.removeprefix(f"{heading}: "))
        )

    def add_cell_problem(self, row: int, column: Column, error: InputError) -> None:
        """Record what is wrong with a cell."""
        self.in_cells.append(
            CellProblem(
                row=row, place=column[0], heading=column[1], message=str(error),
                question=getattr(error, "question", ""), value=getattr(error, "value", ""),
            )
        )  # fmt: skip

    def add_undeclared(self, where: str, text: str, row: int, column: Column) -> None:
        """Record a cell that names somebody, or a source, that is not declared (yet)."""
        what, it = DECLARED_IN[where]
        problem = CellProblem(
            row=row, place=column[0], heading=column[1], message=f'no {what} has the key "{text}": declare {it} under '
            f"`{where}:`",
        )  # fmt: skip
        found = self.undeclared.setdefault(where, {})
        if where == "people" and self.owner_by != "key":  # case and spaces do not matter
            text = next((one for one in found if comparable(one) == comparable(text)), text)
        found.setdefault(text, []).append(problem)

    def _cite(self, where: str, key: str, steps: Steps, line: int) -> None:
        if key not in getattr(self.known, where):
            self.add_undeclared(where, key, line, self.columns.get(_field(steps), (None, _field(steps))))

    def repeats(self, first: StatedCommitment, entry: CommitmentEntry) -> bool:
        same = entry.commitment(self.shared) == first.commitment
        self.repeated += same
        return same

    def end_sheet(self) -> None:
        """Turn the problems of the sheet's cells into those of the file."""
        if self.repeated:
            rows = "1 row repeats" if self.repeated == 1 else f"{self.repeated:,} rows repeat"
            self.notes.append(f"{rows} another in all that is read: each is read once")
            self.repeated = 0
        prefix = f"{self.sheet}!" if self.sheet else ""
        for where, named in self.undeclared.items():
            known = getattr(self.known, where)
            if text := describe_undeclared(where, named, known, self.owner_by):
                first, *others = [one for some in named.values() for one in some]
                self.problems.append(line_for(self.path, prefix, first, text, also=others))
            else:
                self.in_cells += [
                    replace(one, message=one.message + did_you_mean(key, known))
                    for key, some in named.items()
                    for one in some
                ]
        self.problems += file_problems(self.path, self.sheet, self.in_cells)
        self.in_cells, self.undeclared = [], {}

    def place_of(self, line: int) -> str:
        return f"{self.shown_as}:{self.sheet}!{line}" if self.sheet else f"{self.shown_as}:{line}"

    def describe_line(self, stated: StatedCommitment) -> str:
        return f"in row {stated.place.removeprefix(f'{self.shown_as}:')}"


def _field(steps: Sequence[str | int]) -> str:
    first = str(steps[0]) if steps else ""
    if first == "source" and len(steps) > 1:
        return next(column for column, part in CITED.items() if part == steps[1])
    return first
