"""The command columns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts.cli.command_group import cli
from alerts.cli.output import note
from alerts.deadlines.errors import InputError
from alerts.interchange import TABLES
from alerts.interchange.tables import csv, xlsx
from alerts.interchange.tables.column_finder import FoundColumns, find_columns
from alerts.interchange.tables.columns import Columns
from alerts.interchange.tables.columns_writer import write_columns


@cli.command()
def columns(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table: .csv or .xlsx.")],
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Only this sheet of a workbook.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to FILE.")] = None,
) -> None:
    """Look at a table and write a first file for `load --columns`."""
    found = _look_at(file, sheet)
    text = write_columns(file.name, found)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x") as target:
            target.write(text)
    except FileExistsError:
        raise InputError(f"{output}: already exists: name another file, or remove it") from None
    questions = sum(line.lstrip().startswith("# ?") for line in text.splitlines())
    asked = f"; it asks {questions} questions" if questions > 1 else "; it asks a question" if questions else ""
    note(f"wrote {output}{asked}. Next: alerts load {file} --columns {output} --dry-run")


def _look_at(file: Path, sheet: str | None) -> list[FoundColumns]:
    """Return what was found in the sheets that list commitments, or in the first. Raises InputError."""
    suffix = file.suffix.lower()
    if suffix not in TABLES:
        raise InputError(f"{file}: expected a table ({', '.join(TABLES)})")
    if suffix == ".csv":
        notes: list[str] = []
        if sheet:
            raise InputError(f"{file}: is CSV and has no sheets")
        looked = [find_columns("", csv.rows(file, Columns(), None, notes))]
        for line in notes:
            note(f"{file}: {line}")
    else:
        names = [sheet] if sheet else xlsx.sheet_names(file)
        looked = [find_columns(name if len(names) > 1 or sheet else "", xlsx.rows(file, name)) for name in names]
    found = [one for one in looked if one]
    if not found:
        raise InputError(f"{file}: has no row of headings")
    return [one for one in found if one.is_register] or found[:1]
