"""A series that counts from when it was last done: one open occurrence at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from alerts.deadlines.business_days import BusinessCalendar
from alerts.deadlines.durations import Duration, Lead, parse_lead
from alerts.deadlines.errors import InputError
from alerts.deadlines.recurrence import Recurrence, name_occurrence
from alerts.deadlines.rule_expansion import Expansion
from alerts.deadlines.values import frozen
from alerts.deadlines.wording import format_day, format_point
from alerts.deadlines.zones import zone_info

LAST_DONE = "after it was last done"


def describe_last_done(lead: Lead) -> str:
    """Return the text for people: `every 12 months after it was last done`, `every year after it was last done`."""
    text = lead.to_text
    one = isinstance(lead, Duration) and " and " not in text
    return f"every {text.removeprefix('1 ') if one else text} {LAST_DONE}"


@frozen
class Turn:
    """One occurrence: its name, the day or local time at which it is due, and when it was closed.

    The name is that day or time, unless an earlier one has that name.
    """

    name: str
    due: str
    done: datetime | None = None


@frozen(kw_only=True)
class DoneSeries(Recurrence):
    """A series whose next occurrence counts from the closing of the last. The last of its turns is the open one.

    `rule` is how long after a closing the next is due, as stated. None is due before `start`.
    """

    turns: tuple[Turn, ...]

    @property
    def lead(self) -> Lead:
        """Return how long after a closing the next occurrence is due."""
        return parse_lead(self.rule)

    @property
    def open_name(self) -> str:
        """Return the name of the one occurrence that is open."""
        return self.turns[-1].name

    @property
    def is_rule(self) -> bool:
        return False

    @property
    def last_closed(self) -> str | None:
        """Return the name of the occurrence that was closed last."""
        return self.turns[-2].name if len(self.turns) > 1 else None

    @property
    def last_done(self) -> datetime | None:
        """Return when it was last closed."""
        return self.turns[-2].done if len(self.turns) > 1 else None

    def local(self, name: str) -> date | datetime:
        """Return the day of an occurrence, or its wall-clock time."""
        return self._read(next(turn.due for turn in self.turns if turn.name == name))

    def closing_before(self, name: str) -> datetime | None:
        """Return the closing from which an occurrence counts; None for the first."""
        place = next(place for place, turn in enumerate(self.turns) if turn.name == name)
        return self.turns[place - 1].done if place else None

    def explain(self, name: str) -> str | None:
        """Return the sentence that says from which closing an occurrence counts."""
        done = self.closing_before(name)
        if done is None:
            return None
        return f"it was last done on {format_day(self._on_day(done))}: this is {self.lead.to_text} after that"

    def done_at(self, at: datetime) -> DoneSeries:
        """Return the series after its open occurrence was closed. Raises InputError beyond the years 1 to 9999."""
        closed = (*self.turns[:-1], replace(self.turns[-1], done=at))
        return replace(self, turns=(*closed, self.next_turn(closed)))

    def reopened(self) -> DoneSeries:
        """Return the series after its last closing was taken back: the occurrence that followed it is gone."""
        return replace(self, turns=(*self.turns[:-2], replace(self.turns[-2], done=None)))

    def from_start(self) -> DoneSeries:
        """Return the series before anything was closed."""
        return replace(self, turns=(self.next_turn(()),))

    def next_turn(self, closed: tuple[Turn, ...]) -> Turn:
        """Return the occurrence that follows some that are closed."""
        due = self.start
        if closed and (done := closed[-1].done):
            day = self._after(self._on_day(done))
            counted = datetime.combine(day, due.time()) if isinstance(due, datetime) else day
            due = max(due, counted)
        taken = {turn.name for turn in closed}
        name = due
        while name_occurrence(name) in taken:
            name += timedelta(days=1)
        return Turn(name_occurrence(name), name_occurrence(due))

    def _on_day(self, at: datetime) -> date:
        return at.astimezone(zone_info(self.zone or "UTC")).date()

    def _after(self, day: date) -> date:
        lead = self.lead
        if isinstance(lead, Duration):
            return lead.shift(day)
        try:
            return BusinessCalendar(self.calendars).count(day, lead.count)[0]
        except OverflowError:
            raise InputError(f"{lead} after {day} leaves the years 1 to 9999") from None

    def _read(self, text: str) -> date | datetime:
        return (datetime if isinstance(self.start, datetime) else date).fromisoformat(text)

    def _expansion(self, since: datetime) -> Expansion:  # noqa: ARG002  # few have been done
        return Expansion(iter(sorted(datetime.fromisoformat(turn.name) for turn in self.turns)))

    @property
    def to_text(self) -> str:
        """Return the text for people: `every 12 months after it was last done`."""
        return describe_last_done(self.lead)

    @property
    def description(self) -> str:
        """Return the text for people, with the date of the open occurrence."""
        return f"{self.to_text}: {format_point(self.point(self.open_name))}"

    @property
    def explanation(self) -> str:
        """Return the line of the explanation of bounds, which is stored."""
        done = self.last_done
        since = f", as it was last done on {format_day(self._on_day(done))}" if done else ", the first one"
        return f"{self.description}{since}"

    def to_json(self) -> dict[str, Any]:
        """Write it so that `read_recurrence` reads it back."""
        turns = [[turn.name, turn.due, turn.done.isoformat() if turn.done else None] for turn in self.turns]
        counted = {"calendars": list(self.calendars)} if self.calendars else {}
        return Recurrence.to_json(self) | counted | {"turns": turns}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DoneSeries:
        """Read what `to_json` wrote."""
        read = datetime if "T" in data["start"] else date
        return cls(
            rule=data["rule"],
            start=read.fromisoformat(data["start"]),
            zone=data["zone"],
            roll=data.get("roll", "none"),
            calendars=tuple(data.get("calendars", ())),
            turns=tuple(Turn(name, due, done and datetime.fromisoformat(done)) for name, due, done in data["turns"]),
        )

    def __str__(self) -> str:
        zone = f"[{self.zone}]" if self.zone else ""
        roll = f" rolled {self.roll}" if self.roll != "none" else ""
        counted = f" counted on {' '.join(self.calendars)}" if self.calendars else ""
        return f"every {self.rule} {LAST_DONE}{counted} from {name_occurrence(self.start)}{zone}{roll}"


def continued(found: DoneSeries, before: DoneSeries | None) -> DoneSeries:
    """Return a series with what was closed before. Its open occurrence keeps its name where nothing is stated anew."""
    if before is None:
        return found
    closed = tuple(_named_like(found.start, turn) for turn in before.turns[:-1])
    following = found.next_turn(closed)
    if str(before) == str(found):
        following = replace(following, name=before.open_name)
    return replace(found, turns=(*closed, following))


def _named_like(start: date | datetime, turn: Turn) -> Turn:
    """Return an occurrence named by its day, or by a time of day, as the start of the series is now."""
    if isinstance(start, datetime):
        clock = name_occurrence(start)[10:]
        return turn if "T" in turn.due else Turn(turn.name + clock, turn.due + clock, turn.done)
    return Turn(turn.name[:10], turn.due[:10], turn.done)
