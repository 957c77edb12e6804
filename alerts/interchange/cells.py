"""An entry as a flat row of cells: the columns of a table, or our own properties in a calendar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from alerts.core.commitments import Commitment
from alerts.interchange.commitment_entry import CitationEntry, CommitmentEntry
from alerts.interchange.renewal_entries import SHORTHAND

CITED = {f"source_{name}" if name != "key" else "source": name for name in CitationEntry.model_fields}
LISTS = frozenset(
    name for name, field in CommitmentEntry.model_fields.items() if field.default == () and not field.is_required()
)
FIELDS: tuple[str, ...] = tuple(
    column for name in CommitmentEntry.model_fields for column in (CITED if name == "source" else (name,))
)
REQUIRED = tuple(name for name, field in CommitmentEntry.model_fields.items() if field.is_required())
READ = (*FIELDS, *SHORTHAND)  # a column may also state a renewal in place of a deadline
CASELESS = frozenset({"kind", "priority"})  # our own values: in a table their case does not matter
SEPARATOR = re.compile(r"(?<!\\)((?:\\\\)*);")
PART = re.compile(r"(?<!\\)((?:\\\\)*)\|")
PART_ESCAPED = re.compile(r"\\([\\|])")
ESCAPED = re.compile(r"\\([\\;])")
# What spreadsheets take for a formula. A leading apostrophe marks text, so text that begins with one needs another.
FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
MARKED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def split(cell: str) -> list[str]:
    """Split a list at `;`. In its elements a semicolon is written `\\;`, and a backslash before one, or before
    another, `\\\\`."""
    parts = SEPARATOR.sub("\\1\n", cell.replace("\n", " ")).split("\n")
    return [ESCAPED.sub(r"\1", part.strip()) for part in parts if part.strip()]


def join(parts: tuple[str, ...]) -> str:
    """Write a list in the form that `split` reads."""
    return "; ".join(part.replace("\\", "\\\\").replace(";", "\\;") for part in parts)


def defuse(cell: str) -> str:
    """Write a cell that no spreadsheet takes for a formula (CWE-1236)."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def undo_defuse(cell: str) -> str:
    """Return the text that `defuse` changed."""
    return cell[1:] if MARKED.match(cell) else cell


def _citation_text(cited: Mapping[str, str]) -> str:
    """Write one of several sources as one text: `key | the place in it | the quotation`."""
    parts = [cited.get(name, "").replace("\\", "\\\\").replace("|", "\\|") for name in CitationEntry.model_fields]
    while not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def _citation(text: str) -> dict[str, str]:
    """Read what `_citation_text` wrote."""
    parts = [PART_ESCAPED.sub(r"\1", part.strip()) for part in PART.sub("\\1\n", text, count=2).split("\n")]
    return {name: part for name, part in zip(CitationEntry.model_fields, parts, strict=False) if part}


def entry_of(cells: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """Return cells, by column, in the form that an entry has in YAML. Empty cells are left out."""
    entry: dict[str, Any] = {name: value for name, value in cells.items() if value and name not in CITED}
    cited = {CITED[name]: value for name, value in cells.items() if value and name in CITED}
    if "sources" in entry:
        entry["sources"] = [_citation(text) for text in entry["sources"]]
    return entry | ({"source": cited} if cited else {})


def values_of(commitment: Commitment) -> dict[str, Any]:
    """Return the stated values of a commitment, in the order of the fields, without defaults."""
    stated, fields = asdict(commitment), CommitmentEntry.model_fields
    cited = [{name: value for name, value in asdict(one).items() if value} for one in commitment.sources]
    stated |= {"source": cited[0] if len(cited) == 1 else None, "sources": cited if len(cited) > 1 else ()}
    values = {
        name: stated[name] for name in fields if fields[name].is_required() or stated[name] != fields[name].default
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def cells_of(commitment: Commitment) -> dict[str, str | tuple[str, ...]]:
    """Return these values by column, with lists as they are."""
    values = values_of(commitment)
    source = values.pop("source", {})
    if "sources" in values:
        values["sources"] = [_citation_text(one) for one in values["sources"]]
    cells = values | {column: source[name] for column, name in CITED.items() if name in source}
    return {name: tuple(cells[name]) if name in LISTS else cells[name] for name in FIELDS if name in cells}
