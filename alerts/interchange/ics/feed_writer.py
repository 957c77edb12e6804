"""Writes a calendar to subscribe to (RFC 5545): all open dated commitments as events, and how often to ask again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from alerts.core.icalendar import NUMBERS, PRODUCT, FeedEntry
from alerts.core.tracked import Tracked
from alerts.interchange.ics.content_lines import escaped, folded, stamp, time_property
from alerts.interchange.ics.event_entry import RESOLVED, TIMES, own_name
from alerts.interchange.ics.feed_events import FeedEvent, events_of
from alerts.interchange.ics.timezone_writer import timezone_lines

REFRESH = "PT1H"
NO_LONGER_UPDATED = "This calendar is no longer updated"
INCOMPLETE = "Not all deadlines fit into this calendar: ask for one with fewer"
MOST_EVENTS = 20_000  # some 20 MB, more than any calendar program takes
BEFORE_DAYS = "TRIGGER:-PT15H"  # nine o'clock on the day before
BEFORE_THE_LAST_DAY = "TRIGGER;RELATED=END:-PT39H"  # likewise: an event of days ends with the midnight after the last
BEFORE_TIMES = ("TRIGGER;RELATED=END:-P1D", "TRIGGER;RELATED=END:-PT1H")
Texts = Callable[[Tracked], tuple[str, str]]  # the title and the description of a commitment or an occurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWriter:
    """Writes feeds. `name` is that of the calendar; `texts` gives the title and the description of each event."""

    name: str
    texts: Texts
    alarms: bool = False

    def write(self, entries: Iterable[FeedEntry], now: datetime) -> bytes:
        """Return the calendar. Its bytes depend on the entries, and on the day where an entry comes or goes."""
        zones: dict[str, None] = {}
        events: list[bytes] = []
        for entry in entries:
            for event in events_of(entry, now):
                if len(events) >= MOST_EVENTS:
                    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
                    return _calendar(self.name, zones, [_notice(INCOMPLETE, day, "incomplete"), *events])
                if event.zone:
                    zones[event.zone] = None
                events.append(folded(self._event(entry, event)))
        return _calendar(self.name, zones, events)

    def _event(self, entry: FeedEntry, event: FeedEvent) -> Iterator[str]:
        commitment = event.about.commitment
        title, text = self.texts(event.about)
        yield "BEGIN:VEVENT"
        yield f"UID:{escaped(event.uid)}"
        if event.original:
            yield time_property("RECURRENCE-ID", [event.original], event.zone)
        yield f"DTSTAMP:{stamp(entry.revised_at)}"
        yield f"SEQUENCE:{entry.sequence}"
        yield from _times(event)
        yield f"SUMMARY:{escaped(title)}"
        yield f"DESCRIPTION:{escaped(text)}"
        yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
        yield "TRANSP:TRANSPARENT"  # a deadline keeps nobody busy
        yield f"PRIORITY:{NUMBERS[commitment.priority]}"
        if commitment.tags:
            yield f"CATEGORIES:{','.join(map(escaped, commitment.tags))}"
        yield from _own(event)
        if self.alarms and not event.cancelled:
            yield from _alarms(event, title)
        yield "END:VEVENT"


def ended_calendar(name: str, at: datetime) -> bytes:
    """Return the calendar of a feed that was revoked: one event on that day, which tells its reader."""
    return _calendar(name, {}, [_notice(NO_LONGER_UPDATED, at, "ended")])


def _calendar(name: str, zones: Iterable[str], events: Iterable[bytes]) -> bytes:
    name = escaped(name)
    head = ["BEGIN:VCALENDAR", f"PRODID:{PRODUCT}", "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
            f"NAME:{name}", f"X-WR-CALNAME:{name}", f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
            f"X-PUBLISHED-TTL:{REFRESH}"]  # fmt: skip
    defined = [line for zone in zones for line in timezone_lines(zone)]
    return b"".join([folded([*head, *defined]), *events, folded(["END:VCALENDAR"])])


def _times(event: FeedEvent) -> Iterator[str]:
    start, end = event.times
    yield time_property("DTSTART", [start], event.zone if _on_a_wall_clock(start) else None)
    if end:
        yield time_property("DTEND", [end])
    if event.rule:
        yield f"RRULE:{event.rule}"
    if event.without:
        yield time_property("EXDATE", event.without, event.zone)


def _on_a_wall_clock(at: date) -> bool:
    return isinstance(at, datetime) and at.tzinfo is None


def _own(event: FeedEvent) -> Iterator[str]:
    """Yield what iCalendar has no property for, and what tells `alerts load` the same bounds."""
    commitment = event.about.commitment
    stated = commitment.deadline if event.original is None else event.stated
    yield f"{own_name('kind')}:{commitment.kind}"
    yield f"{own_name('priority')}:{commitment.priority}"
    for calendar in event.about.bounds.calendars:
        yield f"{own_name('calendars')}:{escaped(calendar)}"
    yield f"{own_name('deadline')}:{escaped(stated)}"
    yield f"{RESOLVED}:{escaped(event.stated)}"
    times = [stamp(event.times[0]), *([event.rule] if event.rule else [])]
    times += [",".join(map(stamp, event.without))] if event.without else []
    times += [stamp(event.times[1])] if event.times[1] else []
    yield f"{TIMES}:{escaped('/'.join(times))}"


def _alarms(event: FeedEvent, title: str) -> Iterator[str]:
    start, end = event.times
    if isinstance(start, datetime):
        triggers: Sequence[str] = BEFORE_TIMES
    else:
        several = end is not None and end - start > timedelta(days=1)
        triggers = (BEFORE_THE_LAST_DAY if several else BEFORE_DAYS,)
    for trigger in triggers:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", trigger, f"DESCRIPTION:{escaped(title)}", "END:VALARM")


def _notice(text: str, at: datetime, name: str) -> bytes:
    """Return an event of one day that is about the calendar itself."""
    day = at.astimezone(UTC).date()
    return folded([
        "BEGIN:VEVENT", f"UID:{name}-{stamp(day)}@deadline-alerts", f"DTSTAMP:{stamp(at)}",
        time_property("DTSTART", [day]), time_property("DTEND", [day + timedelta(days=1)]),
        f"SUMMARY:{escaped(text)}", "STATUS:CONFIRMED", "TRANSP:TRANSPARENT", "END:VEVENT",
    ])  # fmt: skip
