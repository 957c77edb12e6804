"""What the form of a new commitment states: the commitment, and the names that are new with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from alerts.core.commitments import Commitment, Party, Source
from alerts.interchange.cells import entry_of
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.interchange.named_parties import NamedParties, free_key, named_source, new_source_note
from alerts.interchange.tables.undeclared import key_for
from alerts.strict_yaml.validation import problems_of
from alerts.strict_yaml.yaml_events import Steps

PLAIN = ("title", "deadline", "kind", "owner", "priority", "timezone", "note")  # fields that are taken as they are
LONGEST_KEY = 60  # characters of one that is made from a title
MOST_NUMBERS = 50  # of keys that a title may have, where another commitment has the same one
SOURCE_FIRST = "Name the source that this is from."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommitment:
    """A commitment to track, with parties and sources that nobody has declared yet. `notes` say which these are."""

    commitment: Commitment
    parties: tuple[Party, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]


class WrongFieldsError(Exception):
    """What is wrong with a form: a text for each field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def read_new(
    fields: Mapping[str, str], key: str, parties: Mapping[str, Party], sources: Mapping[str, Source]
) -> NewCommitment:
    """Return what a form states, under a key. Raises WrongFieldsError."""
    named, source = NamedParties(parties), None
    cells: dict[str, str | list[str]] = {name: text for name in PLAIN if (text := fields.get(name, "").strip())}
    cells |= {"by": named.keys(fields.get("by", "")), "to": named.keys(fields.get("to", ""))}
    cells |= {"tags": list(dict.fromkeys(re.split(r"\s*[;,]\s*", fields.get("tags", "").strip(" ;,"))))}
    cells["tags"] = [tag for tag in cells["tags"] if tag]
    errors: dict[str, str] = {}
    cited = {name: fields.get(name, "").strip() for name in ("source", "source_locator", "source_quote")}
    if cited["source"]:
        cited["source"], source = named_source(cited["source"], sources)
        cells |= {name: flat_text for name, text in cited.items() if (flat_text := " ".join(text.split()))}
    elif any(cited.values()):
        errors["source"] = SOURCE_FIRST
    commitment = _checked({"title": "", "deadline": ""} | entry_of(cells) | {"key": key}, errors)
    new = [source] if source else []
    notes = [*named.notes, *(new_source_note(one, sources) for one in new)]
    return NewCommitment(
        commitment=commitment, parties=tuple(named.new.values()), sources=tuple(new), notes=tuple(notes)
    )


def keys_from(title: str) -> list[str]:
    """Return the keys that a commitment may have by its title, the best first."""
    stem = key_for(title)[:LONGEST_KEY].rstrip("-._@")
    return [stem, *(f"{stem}-{number}" for number in range(2, MOST_NUMBERS))]


def key_of_title(title: str, taken: Iterable[str]) -> str:
    """Return a key for a commitment with a title that no other one has."""
    return free_key(keys_from(title)[0], taken)


def _checked(entry: Mapping[str, object], errors: dict[str, str]) -> Commitment:
    try:
        found = CommitmentEntry.model_validate(entry).commitment({})
    except ValidationError as error:
        for field, text in _problems(error):
            errors.setdefault(field, text)
        raise WrongFieldsError(errors) from None
    if errors:
        raise WrongFieldsError(errors)
    return found


def _problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    for steps, text in problems_of(error, CommitmentEntry, lambda _: ""):
        yield _field(steps), text.removeprefix("``: column 1: ")


def _field(steps: Steps) -> str:
    """Return the field of the form that a part of an entry comes from."""
    if len(steps) > 1 and steps[0] == "source" and steps[1] != "key":
        return f"source_{steps[1]}"
    return str(steps[0]) if steps else ""
