"""Writes commitments to a file that has everything needed to load them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import yaml

from alerts.core.commitments import Party, Person, Source
from alerts.core.tracked import Tracked
from alerts.interchange import ics
from alerts.interchange.cells import values_of
from alerts.interchange.tables import csv
from alerts.strict_yaml.yaml_events import UNPRINTABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What to write; `sequences` are the SEQUENCE numbers of commitments from a calendar, by key."""

    tracked: Sequence[Tracked]
    people: Iterable[Person] = ()
    parties: Iterable[Party]
    sources: Iterable[Source]
    sequences: dict[str, int]
    now: datetime

    def as_file(self) -> dict[str, list[dict[str, Any]]]:
        """Return it in the form of a commitments file, without empty lists."""
        lists = {
            "people": [_known(person) for person in self.people],
            "parties": [_known(party) for party in self.parties],
            "sources": [_known(source) for source in self.sources],
            "commitments": [values_of(one.commitment) for one in self.tracked],
        }
        return {name: entries for name, entries in lists.items() if entries}


def _known(record: Person | Party | Source) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(record).items() if value is not None}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the C one is not everywhere
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the base class names it
        return True


def _yaml(content: Content) -> str:
    return yaml.dump(content.as_file(), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def _json(content: Content) -> str:
    text = json.dumps(content.as_file(), ensure_ascii=False, indent=2) + "\n"
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _csv(content: Content) -> str:
    return csv.write(one.commitment for one in content.tracked)


def _ics(content: Content) -> str:
    return ics.write(((one, content.sequences.get(one.commitment.key)) for one in content.tracked), content.now)


WRITERS: dict[str, Callable[[Content], str]] = {"yaml": _yaml, "json": _json, "csv": _csv, "ics": _ics}
