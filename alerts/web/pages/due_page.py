"""`/`: what is due, by when, with what is silenced, who is away, and what nobody gets alerts about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.core.absences import Absences
from alerts.core.due_groups import DUE_GROUPS, Calendar, DueGroup, local_day
from alerts.rendering.template_facts import Facts
from alerts.rendering.template_filters import clean, flat, known_zone
from alerts.rendering.timeline import DAYS, ROWS, Timeline, timeline
from alerts.views.listing import Entry, ListedCommitment, Listing
from alerts.views.silenced_alerts import lasting_silences
from alerts.web.pages.due_filters import DueFilters
from alerts.web.pages.due_index import Indexed, IndexedCommitment, is_wanted
from alerts.web.pages.page_facts import facts_of
from alerts.web.pages.page_reading import PageReading
from alerts.web.silence_view import SilenceView

PAGE = 75  # commitments: a page stays below 100 KB
NAMED = 8  # of those that nobody gets alerts about


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A commitment of the list. `owner`: by name, with who gets alerts too or instead."""

    shown: ListedCommitment
    title: str
    priority: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSection:
    """A group of the page: how many there are, and the rows of them that are on this page."""

    group: DueGroup
    count: int
    rows: tuple[DueRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody who is away, until when, and who gets their alerts too."""

    name: str
    until: datetime
    zone: str
    deputies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """All of the page. `counts`: by group, of what the filters ask for; `pages`: how many pages that takes."""

    filters: DueFilters
    counts: tuple[tuple[DueGroup, int], ...]
    sections: tuple[DueSection, ...]
    total: int
    tracked: int
    pages: int
    chart: Timeline
    silences: tuple[SilenceView, ...]
    away: tuple[Away, ...]
    unreached: tuple[str, ...]
    unreached_count: int
    mine_count: int


def due_view(reading: PageReading, indexed: Indexed, filters: DueFilters) -> DueView:
    """Read and work out the page."""
    everything, now, people = indexed.commitments, reading.now, reading.people
    unreached = [one for one in everything if one.why_unreached(people)]
    calendar = Calendar.on(local_day(now, known_zone(reading.zone)))
    grouped = _grouped(_asked_for(reading, unreached if filters.is_unreached else everything, filters), calendar, now)
    counts = {group: len(grouped[group]) for group in DUE_GROUPS}
    asked = [
        (group, one)
        for group in DUE_GROUPS
        if filters.group in (None, group)
        for one in _mine_first(reading, grouped[group])
    ]
    pages = max(1, -(-len(asked) // PAGE))
    filters = replace(filters, page=min(filters.page, pages))
    here = asked[(filters.page - 1) * PAGE : filters.page * PAGE]
    charted = _charted(grouped, now)
    with reading.store.database.snapshot():
        listing = _listing(reading, [one for _, one in here])
        rendered = _facts(reading, charted[: ROWS + 1])
        silences, absences = lasting_silences(reading, now), reading.store.absences.recorded(now)
    return DueView(
        filters=filters,
        counts=tuple(counts.items()),
        sections=tuple(_sections(reading, here, listing, counts)),
        total=len(asked),
        tracked=len(everything),
        pages=pages,
        chart=_chart(rendered, reading, counts, len(charted), grouped),
        silences=tuple(SilenceView.of(one) for one in silences if one.since <= now),
        away=tuple(_away(Absences(people=people, recorded=absences), now)),
        unreached=tuple(one.commitment.key for one in unreached[:NAMED]),
        unreached_count=len(unreached),
        mine_count=sum(_is_mine(reading, one) for one in everything),
    )


def _asked_for(reading: PageReading, some: Sequence[IndexedCommitment], filters: DueFilters) -> list[IndexedCommitment]:
    wanted, rules = filters.wanted, reading.settings.rules
    if filters.is_mine:
        some = [one for one in some if _is_mine(reading, one)]
    return [one for one in some if is_wanted(one, wanted, rules, reading.now)]


def _mine_first(reading: PageReading, some: Sequence[IndexedCommitment]) -> Sequence[IndexedCommitment]:
    """Return a group with what the visitor owns before the rest, if they have signed in."""
    return sorted(some, key=lambda one: not _is_mine(reading, one)) if reading.visitor.person else some


def _is_mine(reading: PageReading, one: IndexedCommitment) -> bool:
    person = reading.visitor.person
    return person is not None and one.commitment.owner == person.key


Grouped = dict[DueGroup, list[IndexedCommitment]]


def _grouped(found: Sequence[IndexedCommitment], calendar: Calendar, now: datetime) -> Grouped:
    grouped: Grouped = {group: [] for group in DUE_GROUPS}
    for one in found:
        grouped[one.group(calendar, now)].append(one)
    return grouped


def _listing(reading: PageReading, some: Sequence[IndexedCommitment]) -> Listing:
    """Return what is shown of some commitments, as they are now; what was closed meanwhile is left out."""
    whole = reading.store.open_commitments.read([one.id for one in some])
    found = [whole[one.id] for one in some if one.id in whole and whole[one.id].open]
    return Listing.of(reading, [Entry(one, one.current) for one in found], reading.now)


Here = Sequence[tuple[DueGroup, IndexedCommitment]]


def _sections(reading: PageReading, here: Here, listing: Listing, counts: dict[DueGroup, int]) -> Iterator[DueSection]:
    rows = {entry.tracked.id: _row(reading, entry, listing) for entry in listing.entries}
    for group in DUE_GROUPS:
        mine = tuple(rows[one.id] for its, one in here if its == group and one.id in rows)
        if mine:
            yield DueSection(group=group, count=counts[group], rows=mine)


def _row(reading: PageReading, entry: Entry, listing: Listing) -> DueRow:
    shown, commitment = listing.shown(entry), entry.tracked.commitment
    owner = reading.people.get(commitment.owner or "")
    named = owner.name + shown.owner.removeprefix(owner.key) if owner else shown.owner
    title = flat(clean(commitment.title)) or "(untitled)"
    return DueRow(shown=shown, title=title, priority=commitment.priority, owner=flat(clean(named)))


def _charted(grouped: Grouped, now: datetime) -> list[IndexedCommitment]:
    """Return what begins in the next 90 days, the soonest first."""
    until = now + timedelta(days=DAYS - 1)
    ahead = [one for group in DUE_GROUPS if group not in ("overdue", "no_date") for one in grouped[group]]
    return [one for one in ahead if one.begins is None or one.begins <= until]


def _facts(reading: PageReading, some: Sequence[IndexedCommitment]) -> list[Facts]:
    """Return the facts of some commitments, as mails have them."""
    which = [(one.id, one.occurrence) for one in some]
    entries, _ = reading.store.linked_deliveries.entries(which, reading.now)
    return list(facts_of(reading, (entry.context for entry in entries.values())))


def _chart(
    drawn: Sequence[Facts], reading: PageReading, counts: dict[DueGroup, int], charted: int, grouped: Grouped
) -> Timeline:
    """Return the chart of the soonest, with the counts of all that is asked for."""
    chart = timeline(drawn, reading.now, known_zone(reading.zone))
    dated = sum(len(some) for group, some in grouped.items() if group not in ("overdue", "no_date"))
    return replace(
        chart,
        more=charted - len(chart.rows),
        late=counts["overdue"],
        later=dated - charted,
        open=counts["no_date"],
    )


def _away(absences: Absences, now: datetime) -> Iterator[Away]:
    for person in sorted(absences.people.values(), key=lambda one: one.name.casefold()):
        absentee = absences.absentee(person, now)
        if absentee is not None and absentee.back_at is not None:  # not who has left
            deputies = tuple(flat(clean(one.person.name)) for one in absences.deputies(person, now))
            name = flat(clean(person.name))
            yield Away(name=name, until=absentee.back_at, zone=absentee.zone, deputies=deputies)
