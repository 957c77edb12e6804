"""The clock of a recurring component: when each of its occurrences is, whatever zone states it, and its name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.deadlines.zones import at_wall, zone_info
from alerts.interchange.ics.calendar_zones import Zones
from alerts.interchange.ics.event_times import Time

Moment = date | datetime  # a day; an instant in UTC; without a zone, the time on the wall clock
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeriesClock:
    """The clock on which occurrences have their names: days, or the wall-clock time of a zone (None: of any)."""

    timed: bool
    zone: str | None = None

    def moment(self, time: Time, zones: Zones) -> Moment:
        """Return when a stated time is: equal for two that state the same (RFC 5545, 3.8.4.4 and 3.8.5.1).

        A day stays a day. Raises InputError for an unknown zone.
        """
        if not isinstance(time.wall, datetime):
            return time.wall
        if not self.timed and (self.zone is None or time.tzid is None):
            return time.wall.date()
        if self.zone is None:
            return time.wall
        at = at_wall(time.wall, zone_info(self.zone)) if time.tzid is None else zones.instant(time.tzid, time.wall)
        return at if self.timed else at.astimezone(zone_info(self.zone)).date()

    def wall(self, moment: Moment) -> date:
        """Return the local day or time of a moment."""
        if not isinstance(moment, datetime) or moment.tzinfo is None or self.zone is None:
            return moment
        return moment.astimezone(zone_info(self.zone)).replace(tzinfo=None)

    def walls(self, moment: Moment) -> list[date]:
        """Return the days or times on the wall clock that mean a moment.

        Where the clocks skip an hour there are two. In the second pass of an hour there is none: rules give the first.
        """
        local = self.wall(moment)
        if (
            not isinstance(moment, datetime)
            or not isinstance(local, datetime)
            or moment.tzinfo is None
            or not self.zone
        ):
            return [local]
        zone, at = zone_info(self.zone), moment.astimezone(zone_info(self.zone))
        skipped = (at.utcoffset() or timedelta()) - ((at - A_DAY).utcoffset() or timedelta())
        stated = [local, local - skipped] if skipped > timedelta() else [local]
        return [wall for wall in stated if at_wall(wall, zone) == moment]

    def suffixes(self, moments: Iterable[Moment], start: time | None, *, several: bool) -> dict[Moment, str]:
        """Return what the keys of occurrences end with: the local day, with the time where one day has several.

        `start` is the usual time of day: the occurrence at that time, else the first of the day, keeps the day alone.
        Where the clocks show one time twice, the second is named by its time in UTC.
        """
        days: dict[date, list[Moment]] = defaultdict(list)
        for moment in moments:
            days[_day_of(self.wall(moment))].append(moment)
        found: dict[Moment, str] = {}
        for day, together in days.items():
            for moment in sorted(together, key=lambda one: self._rank(one, start)):
                names = [] if several and isinstance(moment, datetime) else [day.isoformat()]
                names += self._times(moment)
                taken = set(found.values())
                found[moment] = next((name for name in names if name not in taken), names[-1])
        return found

    def _rank(self, moment: Moment, start: time | None) -> tuple[bool, bool, str]:
        wall = self.wall(moment)
        usual = not isinstance(wall, datetime) or wall.time() == start
        return not usual, not self.walls(moment), moment.isoformat()

    def _times(self, moment: Moment) -> list[str]:
        if not isinstance(moment, datetime):
            return []
        stated = self.walls(moment)[:1]
        names = [f"{wall.isoformat()[:10]}T{wall:{form}}" for wall in stated for form in ("%H%M", "%H%M%S")]
        return [*names, f"{moment.isoformat()[:10]}T{moment:%H%M%S}Z"]


def _day_of(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at
