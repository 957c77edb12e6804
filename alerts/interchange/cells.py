"""An entry as a flat row of cells: what a table has in its columns, and a calendar in properties of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from alerts.core.commitments import Commitment
from alerts.interchange.commitment_entry import CitationEntry, Entry

CITED = {f"source_{name}" if name != "key" else "source": name for name in CitationEntry.model_fields}
LISTS = frozenset(name for name, field in Entry.model_fields.items() if field.default == () and not field.is_required())
FIELDS: tuple[str, ...] = tuple(
    column for name in Entry.model_fields for column in (CITED if name == "source" else (name,))
)
REQUIRED = tuple(name for name, field in Entry.model_fields.items() if field.is_required())
WORDS = frozenset({"kind", "priority"})  # words of ours: their case does not matter in a table
SEPARATOR = re.compile(r"(?<!\\)((?:\\\\)*);")
PART = re.compile(r"(?<!\\)((?:\\\\)*)\|")
PART_ESCAPED = re.compile(r"\\([\\|])")
ESCAPED = re.compile(r"\\([\\;])")
# What spreadsheets take for a formula; a leading apostrophe says that it is text, and so for what begins like that.
FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
MARKED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def split(cell: str) -> list[str]:
    """Split a list at `;`. In its elements a semicolon is written `\\;`, and a backslash before one, or before
    another, `\\\\`."""
    parts = SEPARATOR.sub("\\1\n", cell.replace("\n", " ")).split("\n")
    return [ESCAPED.sub(r"\1", part.strip()) for part in parts if part.strip()]


def join(parts: tuple[str, ...]) -> str:
    """Write a list so that `split` reads it back."""
    return "; ".join(part.replace("\\", "\\\\").replace(";", "\\;") for part in parts)


def defuse(cell: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula (CWE-1236)."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def undo_defuse(cell: str) -> str:
    """Read back what `defuse` wrote."""
    return cell[1:] if MARKED.match(cell) else cell


def _citation_text(cited: Mapping[str, str]) -> str:
    """One of several sources in one text: `key | the place in it | what it says`."""
    parts = [cited.get(name, "").replace("\\", "\\\\").replace("|", "\\|") for name in CitationEntry.model_fields]
    while not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def _citation(text: str) -> dict[str, str]:
    """Read back what `_citation_text` wrote."""
    parts = [PART_ESCAPED.sub(r"\1", part.strip()) for part in PART.sub("\\1\n", text, count=2).split("\n")]
    return {name: part for name, part in zip(CitationEntry.model_fields, parts, strict=False) if part}


def entry_of(cells: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """Put cells, by column, into the shape that an entry has in YAML; what is empty is left out."""
    entry: dict[str, Any] = {name: value for name, value in cells.items() if value and name not in CITED}
    cited = {CITED[name]: value for name, value in cells.items() if value and name in CITED}
    if "sources" in entry:
        entry["sources"] = [_citation(text) for text in entry["sources"]]
    return entry | ({"source": cited} if cited else {})


def values_of(commitment: Commitment) -> dict[str, Any]:
    """What is stated of a commitment, in the order of the fields; what is left at its default is left out."""
    stated, fields = asdict(commitment), Entry.model_fields
    cited = [{name: value for name, value in asdict(one).items() if value} for one in commitment.sources]
    stated |= {"source": cited[0] if len(cited) == 1 else None, "sources": cited if len(cited) > 1 else ()}
    values = {
        name: stated[name] for name in fields if fields[name].is_required() or stated[name] != fields[name].default
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def cells_of(commitment: Commitment) -> dict[str, str | tuple[str, ...]]:
    """The same by column, lists as they are."""
    values = values_of(commitment)
    source = values.pop("source", {})
    if "sources" in values:
        values["sources"] = [_citation_text(one) for one in values["sources"]]
    cells = values | {column: source[name] for column, name in CITED.items() if name in source}
    return {name: tuple(cells[name]) if name in LISTS else cells[name] for name in FIELDS if name in cells}
