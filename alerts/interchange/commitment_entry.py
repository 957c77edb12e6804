"""An entry of a commitments file, checked, and the commitment that it becomes."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, model_validator

from alerts.core.commitments import Citation, Commitment, Kind, Party, Priority, Source
from alerts.deadlines.business_days import Roll, check_calendar
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.grammar import parse
from alerts.deadlines.opening_hours import SHORTEST_OFFICE_HOURS, OpeningHours
from alerts.strict_yaml.text_fields import Key, Line, Paragraphs, Zone
from alerts.strict_yaml.validation import Raw, Section, Text, once


def stated_deadline(text: str) -> str:
    """Return a deadline in its canonical form. Raises InputError that names it."""
    try:
        return _canonical(text)
    except InputError as error:
        shown = text if len(text) <= 60 else text[:60] + "…"
        raise InputError(f"`{' '.join(shown.split())}`: {error}") from None


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    return str(parse(text))


def _duration(text: str) -> str:
    duration = Duration.parse(text)
    if not duration:
        raise InputError("expected a duration longer than nothing, such as P14D")
    return str(duration)


def _day(text: object) -> date:
    try:
        if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("expected a real date such as 2025-10-28") from None


def _address(text: str) -> str:
    if not re.match(r"https?://[^\s/]", text):
        raise InputError("expected an address that begins with https:// or http://")
    return text


def _hours(text: str) -> str:
    hours = OpeningHours.parse(text)
    if hours.minutes < SHORTEST_OFFICE_HOURS:
        raise InputError(f"expected office hours of {SHORTEST_OFFICE_HOURS} minutes or more, found {text!r}")
    return str(hours)


def _fiscal_year(text: str) -> str:
    FiscalYear.parse(text)
    return text


Calendar = Annotated[Text, AfterValidator(check_calendar)]
Keys = Annotated[tuple[Key, ...], AfterValidator(once)]
Lines = Annotated[tuple[Line, ...], AfterValidator(once)]


class PartyEntry(Section):
    """One of `parties`."""

    key: Key
    name: Line
    timezone: Zone | None = None
    calendar: Calendar | None = None
    hours: Annotated[Text, AfterValidator(_hours)] | None = None
    fiscal_year: Annotated[Text, AfterValidator(_fiscal_year)] | None = None

    def party(self) -> Party:
        return Party(
            key=self.key,
            name=self.name,
            timezone=self.timezone,
            calendar=self.calendar,
            hours=self.hours,
            fiscal_year=self.fiscal_year,
        )


class SourceEntry(Section):
    """One of `sources`."""

    key: Key
    title: Line
    publisher: Line | None = None
    url: Annotated[Line, AfterValidator(_address)] | None = None
    published: Annotated[date, BeforeValidator(_day)] | None = None

    def source(self) -> Source:
        return Source(key=self.key, title=self.title, publisher=self.publisher, url=self.url, published=self.published)


class CitationEntry(Section):
    """The `source` of a commitment, or one of its `sources`."""

    key: Key
    locator: Line | None = None
    quote: Line | None = None

    def citation(self) -> Citation:
        return Citation(key=self.key, locator=self.locator, quote=self.quote)


def _without_duplicates(cited: tuple[CitationEntry, ...]) -> tuple[CitationEntry, ...]:
    once(tuple(one.key for one in cited))
    return cited


class CommitmentEntry(Section):
    """One of `commitments`."""

    key: Key
    title: Line
    deadline: Annotated[Raw, AfterValidator(stated_deadline)]
    kind: Kind = "obligation"
    by: Keys = ()
    to: Keys = ()
    owner: Line | None = None
    priority: Priority = "normal"
    tags: Lines = ()
    timezone: Zone | None = None
    calendars: Annotated[tuple[Calendar, ...], AfterValidator(once)] = ()
    roll: Roll = "none"
    review_every: Annotated[Raw, AfterValidator(_duration)] | None = None
    source: CitationEntry | None = None
    sources: Annotated[tuple[CitationEntry, ...], AfterValidator(_without_duplicates)] = ()
    assumptions: Lines = ()
    note: Paragraphs | None = None

    @model_validator(mode="after")
    def _one_way(self) -> CommitmentEntry:
        if self.source and self.sources:
            raise InputError("source and sources are both there: name all of them under `sources`, the newest first")
        return self

    def commitment(self, shared: dict[Any, Any]) -> Commitment:
        """Return the commitment. Equal values are taken from `shared`, which saves memory."""
        keep = shared.setdefault
        cited = [one.citation() for one in ((self.source,) if self.source else self.sources)]
        cited = [keep(one, one) for one in cited]
        return Commitment(
            key=self.key,
            title=self.title,
            deadline=self.deadline,
            kind=self.kind,
            by=keep(self.by, self.by),
            to=keep(self.to, self.to),
            owner=keep(self.owner, self.owner),
            priority=self.priority,
            tags=keep(self.tags, self.tags),
            timezone=keep(self.timezone, self.timezone),
            calendars=keep(self.calendars, self.calendars),
            roll=self.roll,
            review_every=keep(self.review_every, self.review_every),
            source=cited[0] if cited else None,
            earlier_sources=tuple(cited[1:]),
            assumptions=keep(self.assumptions, self.assumptions),
            note=keep(self.note, self.note),
        )
