"""What people write, and what it means: `phrases.txt` has the bounds, worked out by hand from the rules."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.dependent_series import SINCE_EVER
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.grammar import parse
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.stated_text import deadline_in_words
from alerts.deadlines.zone_choice import Obligor, ZoneChoice

ACME = Obligor("Acme", OpeningHours.parse("09:00-17:30"), FiscalYear.parse("FY2027 from 2026-04-01"))
CHOICE = ZoneChoice("UTC", calendars=("US",), obligor=ACME)
BASES = {
    "signing": "2027-01-31",
    "hearing": "2027-05-14",
    "call": "2027-01-29T15:00Z",
    "leave": "between 2027-08-02 and 2027-08-06",
    "truce": "after 2027-03-31",
    "unset": "undated (tbd)",
}
KNOWN: dict[str, Bounds] = {key: resolve(parse(text), CHOICE, {}) for key, text in BASES.items()}
LINES = (Path(__file__).parent / "phrases.txt").read_text(encoding="utf-8").splitlines()
ROWS = [tuple(cell.strip() for cell in line.split(" | ")) for line in LINES if line.strip() and line[0] != "#"]
READ = [row for row in ROWS if row[1] != "refused" and not row[1].startswith("each ")]
SERIES = [row for row in ROWS if row[1].startswith("each ")]
REFUSED = [(phrase, says) for phrase, _, says in (row for row in ROWS if row[1] == "refused")]


LISTED_FROM = datetime(2027, 1, 1)  # noqa: DTZ001  # a wall clock, for a series that has no start


def at(text: str, *, is_end: bool) -> datetime | None:
    """Return an end of a window: of a day, its start or the start of the next, in UTC."""
    if not text:
        return None
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    return datetime.combine(date.fromisoformat(text) + timedelta(days=is_end), datetime.min.time(), UTC)


def window(text: str) -> tuple[datetime | None, datetime | None]:
    first, dots, last = text.partition("..")
    return at(first, is_end=False), at(last if dots else first, is_end=True)


@pytest.mark.parametrize(("phrase", "bounds", "canonical"), READ)
def test_a_phrase_means_what_the_rule_says(phrase: str, bounds: str, canonical: str) -> None:
    found = parse(phrase)
    assert str(found) == canonical
    assert parse(canonical) == found
    resolved = resolve(found, CHOICE, KNOWN)
    assert (resolved.earliest, resolved.latest) == window(bounds)
    assert resolved.explanation
    assert Bounds.from_json(resolved.to_json()) == resolved


@pytest.mark.parametrize(("phrase", "days", "canonical"), SERIES)
def test_a_series_has_the_days_that_the_rule_says(phrase: str, days: str, canonical: str) -> None:
    found = parse(phrase)
    assert str(found) == canonical
    assert parse(canonical) == found
    assert parse(deadline_in_words(canonical)) == found
    resolved = resolve(found, CHOICE, KNOWN)
    assert resolved.recurrence is not None
    assert not re.search(r"[A-Z]{2,}=|\bP\d", describe_bounds(resolved))
    has_start = resolved.recurrence.start != SINCE_EVER
    names = list(islice(resolved.recurrence.names(None if has_start else LISTED_FROM), 4))
    windows = [(one.earliest, one.latest) for one in (occurrence_bounds(resolved, name) for name in names)]
    *expected, more = days.removeprefix("each ").split() if days.endswith("…") else (*days.split()[1:], "")
    assert windows[:3] == [window(day) for day in expected]
    assert (len(names) > len(expected)) == bool(more)
    assert not has_start or describe_bounds(resolved).endswith(more or expected[-1][:4])
    assert Bounds.from_json(resolved.to_json()) == resolved


@pytest.mark.parametrize(("phrase", "says"), REFUSED)
def test_a_phrase_with_two_readings_or_none_is_refused_with_them(phrase: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(parse(phrase), CHOICE, KNOWN)
    assert says in str(caught.value)


def test_there_are_many_phrases_and_each_is_there_once() -> None:
    phrases = [row[0] for row in ROWS]
    assert len(phrases) >= 600
    assert len(set(phrases)) == len(phrases)
