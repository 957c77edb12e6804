"""A series that counts from another one: one occurrence for each of the other's, with the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.rule_expansion import wall_of
from alerts.deadlines.values import frozen

if TYPE_CHECKING:
    from alerts.deadlines.zone_choice import Obligor

SINCE_EVER = date(1970, 1, 1)  # without a start: nobody tracks what is due so long after a period
EXAMPLES_FROM = datetime(2024, 1, 1)  # noqa: DTZ001  # a wall-clock time; where there is no start


@frozen(kw_only=True)
class DependentSeries(Recurrence):
    """A series that counts from each occurrence of another one, `base`: the commitment with the key `key`.

    Where it counts from the ends of periods, `key` says which: `the end of each quarter`.

    `deadline` says how, in the canonical form. `base_calendars` are those of the other series. The ends of an
    occurrence lie `earliest` to `latest` days after its name, so that a search for what is due at a time finds it.
    `obligor` is who owes it, where the deadline needs the office hours or the fiscal year.
    """

    key: str
    deadline: str
    base: Recurrence
    base_calendars: tuple[str, ...]
    earliest: int
    latest: int
    obligor: Obligor | None = None

    @property
    def is_rule(self) -> bool:
        return False

    @property
    def displacement(self) -> tuple[timedelta, timedelta]:
        """Return how far after its name an occurrence lies, at the earliest and at the latest."""
        return timedelta(days=self.earliest), timedelta(days=self.latest)

    @property
    def undated(self) -> DependentSeries:
        """Return this series with a search range that includes where the others begin: its occurrences have no date."""
        earliest, latest = days_of(self.base)
        return replace(self, earliest=min(self.earliest, earliest), latest=max(self.latest, latest))

    @property
    def uses_calendars(self) -> bool:
        """Return whether other calendars may move it."""
        if self.roll != "none":
            return True
        from alerts.deadlines.grammar import parse  # as in `to_text`
        from alerts.deadlines.shift_range import counts_business_days

        return counts_business_days(parse(self.deadline))

    @property
    def to_text(self) -> str:
        """Return the text for people: `90 days before each occurrence of lease`."""
        from alerts.deadlines.grammar import parse  # what is read from the database mostly needs no grammar
        from alerts.deadlines.shift_range import with_references
        from alerts.deadlines.stated_dates import Reference
        from alerts.deadlines.stated_text import durations_in_words

        each = with_references(parse(self.deadline), lambda one: Reference(f"each occurrence of {one.key}"))
        return durations_in_words(str(each).removeprefix("during "))

    def _example(self) -> str:
        since = EXAMPLES_FROM if self.start == SINCE_EVER else None
        return next(self.names(since), self._name(wall_of(self.start)))

    def to_json(self) -> dict[str, Any]:
        """Write it so that `read_recurrence` reads it back."""
        return (
            {
                "key": self.key,
                "deadline": self.deadline,
                "base": self.base.to_json(),
                "calendars": list(self.base_calendars),
                "days": [self.earliest, self.latest],
                "roll": self.roll,
            }
            | ({"ends": self.ends.isoformat()} if self.ends else {})
            | self._owed
        )

    @property
    def _owed(self) -> dict[str, Any]:
        return {"obligor": self.obligor.to_json()} if self.obligor else {}

    def __str__(self) -> str:
        calendars = f" on {' '.join(self.base_calendars)}" if self.base.uses_calendars else ""
        ends = f" before {self.ends.isoformat()}" if self.ends else ""
        roll = f" rolled {self.roll}" if self.roll != "none" else ""
        owed = f" with {self.obligor.described}" if self.obligor else ""
        return f"{self.deadline} where {self.key} is {self.base}{calendars}{ends}{roll}{owed}"


def days_of(base: Recurrence) -> tuple[int, int]:
    """Return how many days after its name an occurrence lies, at the earliest and at the latest, without a roll."""
    return (base.earliest, base.latest) if isinstance(base, DependentSeries) else (0, 0)


def read_recurrence(data: Mapping[str, Any]) -> Recurrence:
    """Read what `to_json` of a recurrence wrote."""
    if "turns" in data:
        return DoneSeries.from_json(data)
    if "base" not in data:
        return Recurrence.from_json(data)
    base = read_recurrence(data["base"])
    return DependentSeries(
        **names_of(base),
        roll=data["roll"],
        ends=datetime.fromisoformat(data["ends"]) if "ends" in data else None,
        key=data["key"],
        deadline=data["deadline"],
        base=base,
        base_calendars=tuple(data["calendars"]),
        earliest=data["days"][0],
        latest=data["days"][1],
        obligor=_read_obligor(data["obligor"]) if "obligor" in data else None,
    )


def _read_obligor(data: Mapping[str, Any]) -> Obligor:
    from alerts.deadlines.zone_choice import Obligor  # for few series: it reads office hours and fiscal years

    return Obligor.from_json(data)


def names_of(base: Recurrence) -> dict[str, Any]:
    """Return what gives occurrences their names: those of the other series."""
    return {name: getattr(base, name) for name in ("rule", "start", "zone", "without", "business_day", "calendars")}
