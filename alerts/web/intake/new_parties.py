"""Parties that an uploaded table names first: they are declared with it, as `/new` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from alerts.core.commitments import Party
from alerts.interchange.cells import split
from alerts.interchange.named_parties import NamedParties
from alerts.interchange.tables.columns import Columns
from alerts.interchange.tables.field_finder import shown_text
from alerts.web.intake.uploaded_columns import rows_of

MOST = 500  # new parties of one upload: of more, some other column was taken for theirs
OF_PARTIES = frozenset({"by", "to"})


def new_parties(path: Path, columns: Columns, known: Mapping[str, Party]) -> NamedParties:
    """Return the parties that the rows of a table name and nobody has declared, by key."""
    found = NamedParties(known)
    for name in _names(path, columns):
        found.keys(name)
        if len(found.new) > MOST:
            return NamedParties(known)
    return found


def _names(path: Path, columns: Columns) -> Iterator[str]:
    """Yield each name once."""
    places: list[int] | None = None
    seen = set[str]()
    for number, row in rows_of(path):
        texts = [" ".join(shown_text(cell).split()) for cell in row]
        if not any(texts) or columns.is_skipped(number):
            continue
        if places is None:
            places = [place for place, text in enumerate(texts) if OF_PARTIES & {*columns.fields_of(text)}]
            if not places:
                return
            continue
        for name in (one for place in places if place < len(texts) for one in split(texts[place])):
            if name not in seen:
                seen.add(name)
                yield name
