"""Commitments from a YAML file, read from front to back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.commitment_entry import PartyEntry, SourceEntry
from alerts.interchange.entry_collector import Reading
from alerts.interchange.file_contents import File, Known
from alerts.strict_yaml.person_entry import PersonInFile
from alerts.strict_yaml.validation import Section
from alerts.strict_yaml.yaml_events import Places, Steps, stream

TOP = ("people", "parties", "sources", "commitments")

S = TypeVar("S", bound=Section)


def read(path: Path, *, known: Known, progress: Callable[[int], None], content: BinaryIO | None = None) -> File:
    """Read a file, or `content` instead of it; see `alerts.interchange.gather`.

    People, parties and sources may be declared after their use.
    """
    reading = Reading(str(path), known, progress)
    try:
        for steps, value, places in stream(path, items="commitments", content=content):
            _take(reading, steps, value, places)
            if reading.full:
                return reading.file(whole=False)
    except InputError as error:
        reading.stopped_reading(str(error))
        return reading.file(whole=False)
    return reading.file()


def unreadable(path: Path, error: InputError, *, known: Known, progress: Callable[[int], None]) -> File:
    """Return the result for a file that could not be read at all."""
    reading = Reading(str(path), known, progress)
    reading.stopped_reading(str(error))
    return reading.file(whole=False)


def _take(reading: Reading, steps: Steps, value: Any, places: Places) -> None:
    """Add a top-level value of the file, or one of its commitments."""
    match steps:
        case ("commitments", int()):
            reading.take(value, places.line)
        case ("parties", *_):
            for party, at in _valid(reading, "parties", PartyEntry, value, places):
                reading.keep(reading.parties, party.key, party.party(), at)
        case ("sources", *_):
            for source, at in _valid(reading, "sources", SourceEntry, value, places):
                reading.keep(reading.sources, source.key, source.source(), at)
        case ("people", *_):
            for person, at in _valid(reading, "people", PersonInFile, value, places):
                if person.key in reading.known.people_in_settings:
                    reading.add_problem(
                        at, f'the person "{person.key}" is declared in the settings: take one of the two away'
                    )
                else:
                    reading.keep(reading.people, person.key, person.person(), at)
        case ("commitments",):
            reading.add_problem(places.line(), "commitments: expected a list of `- key: …` entries")
        case _:
            reading.add_problem(places.line(), f'unknown key "{steps[0]}"{did_you_mean(str(steps[0]), TOP)}')


def _valid(reading: Reading, name: str, model: type[S], value: Any, places: Places) -> list[tuple[S, int]]:
    """Return the valid elements of a list, with their lines."""
    if not isinstance(value, list):
        reading.add_problem(places.line(), f"{name}: expected a list of `- key: …` entries")
        return []
    found = []
    for number, element in enumerate(value):
        entry = reading.validated(model, element, places.line, (number,))
        if entry:
            found.append((entry, places.line((number,))))
        elif isinstance(element, dict) and isinstance(element.get("key"), str):
            reading.invalid_keys.setdefault(name, set()).add(element["key"])
    return found
