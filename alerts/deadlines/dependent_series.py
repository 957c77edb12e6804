"""A series that counts from another one: one occurrence for each of the other's, with the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.deadlines.business_days import Roll
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Deadline, Every, references, terms
from alerts.deadlines.grammar import parse
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.shift_range import counts_business_days, shift_range, with_references
from alerts.deadlines.stated_dates import Reference
from alerts.deadlines.stated_text import durations_in_words
from alerts.deadlines.term_ends import Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentSeries(Recurrence):
    """A series that counts from each occurrence of another one, `base`: the commitment with the key `key`.

    `deadline` says how, in the canonical form. `base_calendars` are those of the other series. The ends of an
    occurrence lie `earliest` to `latest` days after its name, so that a search for what is due at a time finds it.
    """

    key: str
    deadline: str
    base: Recurrence
    base_calendars: tuple[str, ...]
    earliest: int
    latest: int

    @property
    def is_rule(self) -> bool:
        return False

    @property
    def displacement(self) -> tuple[timedelta, timedelta]:
        """Return how far after its name an occurrence lies, at the earliest and at the latest."""
        return timedelta(days=self.earliest), timedelta(days=self.latest)

    @property
    def uses_calendars(self) -> bool:
        """Return whether other calendars may move it."""
        return self.roll != "none" or counts_business_days(parse(self.deadline))

    @property
    def to_text(self) -> str:
        """Return the text for people: `90 days before each occurrence of lease`."""
        each = with_references(parse(self.deadline), lambda one: Reference(f"each occurrence of {one.key}"))
        return durations_in_words(str(each).removeprefix("during "))

    def to_json(self) -> dict[str, Any]:
        """Write it so that `read_recurrence` reads it back."""
        return {
            "key": self.key,
            "deadline": self.deadline,
            "base": self.base.to_json(),
            "calendars": list(self.base_calendars),
            "days": [self.earliest, self.latest],
            "roll": self.roll,
        } | ({"ends": self.ends.isoformat()} if self.ends else {})

    def __str__(self) -> str:
        calendars = f" on {' '.join(self.base_calendars)}" if self.base.uses_calendars else ""
        ends = f" before {self.ends.isoformat()}" if self.ends else ""
        roll = f" rolled {self.roll}" if self.roll != "none" else ""
        return f"{self.deadline} where {self.key} is {self.base}{calendars}{ends}{roll}"


def read_recurrence(data: Mapping[str, Any]) -> Recurrence:
    """Read what `to_json` of a recurrence wrote."""
    if "turns" in data:
        return DoneSeries.from_json(data)
    if "base" not in data:
        return Recurrence.from_json(data)
    base = read_recurrence(data["base"])
    return DependentSeries(
        **_names_of(base),
        roll=data["roll"],
        ends=datetime.fromisoformat(data["ends"]) if "ends" in data else None,
        key=data["key"],
        deadline=data["deadline"],
        base=base,
        base_calendars=tuple(data["calendars"]),
        earliest=data["days"][0],
        latest=data["days"][1],
    )


def dependent_series(
    deadline: Deadline, key: str, base: Recurrence, calendars: tuple[str, ...], roll: Roll
) -> DependentSeries:
    """Return the series that counts from each occurrence of another one; `calendars` are those of that.

    Raises InputError for one whose next occurrence is known only once the last is done.
    """
    if isinstance(base, DoneSeries):
        raise InputError(f"{key} counts from when it was last done, so `{deadline}` cannot count from it: give {key} a "
                         "lead in a rule instead")  # fmt: skip
    days = (base.earliest, base.latest) if isinstance(base, DependentSeries) else (0, 0)
    earliest, latest = shift_range(deadline, days)
    return DependentSeries(
        **_names_of(base),
        roll=roll,
        ends=base.ends,
        key=key,
        deadline=str(deadline),
        base=base,
        base_calendars=calendars,
        earliest=earliest,
        latest=latest,
    )


def _names_of(base: Recurrence) -> dict[str, Any]:
    """Return what gives occurrences their names: those of the other series."""
    return {name: getattr(base, name) for name in ("rule", "start", "zone", "without", "business_day", "calendars")}


def series_named(deadline: Deadline, known: Mapping[str, Resolved]) -> str | None:
    """Return the key of the series that a deadline counts from, if it names one.

    Raises InputError where it counts from something else, too: then its occurrences have no place in time by which they
    could be found.
    """
    series = [key for key in sorted(references(deadline)) if key in known and known[key].recurs]
    if not series or isinstance(deadline, Every | AfterDone):
        return None
    others = [str(one) for one in terms(deadline) if str(one) != series[0]]
    if others:
        raise InputError(
            f"{series[0]} recurs, so `{deadline}` is worked out for each of its occurrences and cannot count from "
            f"{others[0]} as well"
        )
    return series[0]
