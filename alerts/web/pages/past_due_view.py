"""`/?as_of=2026-11-05`: all that was open at the end of a day, and what was recorded and sent on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from alerts.core.due_groups import DUE_GROUPS, Calendar, DueGroup
from alerts.core.stage_wording import describe_standing, stage_now
from alerts.core.stages import Stage
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.errors import InputError
from alerts.rendering.template_filters import clean, flat
from alerts.store.past_register import PastRegister, PastStates
from alerts.store.store_error import StoreError
from alerts.views.answers_shown import answered
from alerts.views.listing import when_text
from alerts.web.pages.due_filters import DueFilters
from alerts.web.pages.due_index import DueIndex, Indexed, IndexedCommitment
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.past_days import PastDay, WaysAround
from alerts.web.pages.past_events import PastEvents, past_events, title_of
from alerts.web.pages.shown_page import ShownPage

PAGE = 75  # commitments
MOST_CHANGED = 300  # commitments: to work out how more of them stood would take a page longer than it may
TOO_MANY = (
    f"More than {MOST_CHANGED} commitments have changed since that day, which is more than this page can work out. "
    "Choose a later day, or open one commitment and choose the day there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastFilters:
    """What the page is asked for, as its address states it: one group, or all, and a page of these."""

    day: date
    group: DueGroup | None
    page: int

    @property
    def url(self) -> str:
        """Return the address of this state of the page."""
        stated = (("as_of", self.day), ("group", self.group), ("page", self.page if self.page > 1 else None))
        return f"/?{urlencode([(name, str(value)) for name, value in stated if value])}"

    def for_group(self, group: DueGroup | None) -> str:
        """Return the address of one group."""
        return replace(self, group=group, page=1).url

    def for_page(self, page: int) -> str:
        """Return the address of another page."""
        return replace(self, page=page).url


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRow:
    """A commitment as it stood. `is_changed`: something was recorded of it on that day."""

    key: str
    title: str
    when: str
    status: str
    stage: Stage | None
    owner: str
    priority: str
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSection:
    """A group of the page: how many there were, and the rows of them that are on this page."""

    group: DueGroup
    count: int
    rows: tuple[PastRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDueView:
    """All of the page. `counts`: by group, of what was open; `pages`: how many pages that takes."""

    filters: PastFilters
    ways: WaysAround
    counts: tuple[tuple[DueGroup, int], ...]
    sections: tuple[PastSection, ...]
    pages: int
    events: PastEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What the page is worked out from."""

    reading: PageReading
    day: PastDay
    states: PastStates
    events: PastEvents


def past_due_page(
    reading: PageReading, index: DueIndex, indexed: Indexed, stated: str, filters: DueFilters
) -> ShownPage:
    """Return the page, or the one that says why there is none."""
    try:
        view = past_due_view(reading, index, indexed.commitments, stated, filters)
    except InputError as error:
        if isinstance(error, StoreError):
            raise
        return ShownPage(template="due_past", values={"view": None, "problem": str(error)}, status=422)
    return ShownPage(template="due_past", values={"view": view, "problem": ""})


def past_due_view(
    reading: PageReading, index: DueIndex, everything: Sequence[IndexedCommitment], stated: str, filters: DueFilters
) -> PastDueView:
    """Read and work out the page. Raises InputError for what is no day of the past, and where too much has changed."""
    day, register = PastDay.read(stated, reading.now, reading.zone), PastRegister(reading.store.database)
    with reading.store.database.snapshot():
        states = register.states(day.at, MOST_CHANGED)
        if states is None:
            raise InputError(TOO_MANY)
        before, after = register.around(day.begins, day.at, reading.now)
        past = _Past(reading=reading, day=day, states=states, events=past_events(reading, register, day))
    grouped = _grouped(past, index, everything)
    asked = [(group, one) for group in DUE_GROUPS if filters.group in (None, group) for one in grouped[group]]
    pages = max(1, -(-len(asked) // PAGE))
    chosen = PastFilters(day=day.day, group=filters.group, page=min(filters.page, pages))
    here = asked[(chosen.page - 1) * PAGE : chosen.page * PAGE]
    return PastDueView(
        filters=chosen,
        ways=day.ways([before] if before else [], [after] if after else []),
        counts=tuple((group, len(grouped[group])) for group in DUE_GROUPS),
        sections=tuple(_sections(past, grouped, here)),
        pages=pages,
        events=past.events,
    )


Grouped = dict[DueGroup, list[IndexedCommitment]]


def _grouped(past: _Past, index: DueIndex, everything: Sequence[IndexedCommitment]) -> Grouped:
    """Return what was open, by group: what has not changed since was listed then by what it is listed by now."""
    states, day = past.states, past.day
    stood = [index.place(one) for one in states.changed.values() if one.open]
    same = [one for one in everything if one.id not in states.changed and one.id not in states.later]
    found = sorted([*same, *stood], key=lambda one: one.place) if stood else same
    grouped: Grouped = {group: [] for group in DUE_GROUPS}
    calendar = Calendar.on(day.day)
    for one in found:
        grouped[one.group(calendar, day.at)].append(one)
    return grouped


def _sections(
    past: _Past, grouped: Grouped, here: Sequence[tuple[DueGroup, IndexedCommitment]]
) -> Iterator[PastSection]:
    ids, store = [one.id for _, one in here], past.reading.store
    with store.database.snapshot():
        same = store.open_commitments.read([number for number in ids if number not in past.states.changed])
        own = store.ledger.own_snoozes(ids)
    stood = {**same, **past.states.changed}
    at = past.day.at
    for group in DUE_GROUPS:
        some = [stood[one.id] for its, one in here if its == group and one.id in stood]
        rows = [_row(past, one, [each for each in own.get(one.id, ()) if each.at <= at]) for one in some]
        if rows:
            yield PastSection(group=group, count=len(grouped[group]), rows=tuple(rows))


def _row(past: _Past, tracked: Tracked, own: Sequence[OwnSnooze]) -> PastRow:
    reading, at, current = past.reading, past.day.at, tracked.current
    commitment = tracked.commitment
    owner = reading.people.get(commitment.owner or "")
    answers = answered(reading, current, own, at)
    return PastRow(
        key=commitment.key,
        title=title_of(tracked),
        when=_line(when_text(tracked, current)),
        status=_line(", ".join([describe_standing(current, at, reading.zone), *answers])),
        stage=stage_now(current, at),
        owner=_line(owner.name if owner else commitment.owner or ""),
        priority=commitment.priority,
        is_changed=tracked.id in past.events.changed,
    )


def _line(text: str) -> str:
    return flat(clean(text))
