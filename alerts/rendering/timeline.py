"""A chart of dates by week: in which of the coming 13 weeks the date of each item lies. The templates draw it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate, groupby
from typing import Literal

from alerts.deadlines.points import Day, Point
from alerts.deadlines.wording import MONTH_NAMES
from alerts.rendering.template_facts import Facts
from alerts.rendering.template_filters import on_day

WEEKS = 13
DAYS = 7 * WEEKS  # today and the 90 that follow
ROWS = 12  # in one mail; the rest are counted

Drawn = Literal["", "day", "span", "opening", "onward"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month over the columns whose first day lies in it. `year` is None unless it is needed and has room."""

    name: str
    year: int | None
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What lies in one week of an item: its `day`, part of its `span`, the day of its `opening`, or the time `onward`.

    `begins` and `ends`: what is drawn begins or ends here. `turn`: a month begins in this column.
    """

    kind: Drawn = ""
    begins: bool = False
    ends: bool = False
    turn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item and what lies in each of the 13 columns.

    It is listed under `day`; a span begins on `start`. What began before today does not begin in its row, and what
    goes on past the last column does not end there.
    """

    item: Facts
    day: date
    start: date | None = None
    cells: tuple[Cell, ...]

    @property
    def runs(self) -> list[tuple[Cell, int]]:
        """The cells, with equal neighbours merged, and the columns that each takes; fewer tags in a mail."""
        found: list[tuple[Cell, int]] = []
        for cell in self.cells:
            last, columns = found[-1] if found else (Cell(kind="day"), 0)
            apart = cell.kind in ("day", "opening") or (cell.turn and not cell.kind)
            if cell.kind == last.kind and not apart:
                found[-1] = (replace(last, ends=cell.ends), columns + 1)
            else:
                found.append((cell, 1))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Columns of seven days from `today`, the soonest items, and how many there are that are not drawn.

    `more` have no row for lack of room; `late` are past their date; `later` begin after `until`, the last day drawn;
    `open` are open already with no known end, or have no coming date.
    """

    today: date
    until: date
    weeks: tuple[date, ...]
    months: tuple[Month, ...]
    rows: tuple[Row, ...]
    more: int
    late: int
    later: int
    open: int


def timeline(items: Iterable[Facts], now: datetime, reader: str) -> Timeline:
    """Return the chart of what is not over yet: 13 weeks from the reader's today, the soonest item first."""
    today = on_day(now, reader)
    weeks = tuple(_later(today, 7 * week) for week in range(WEEKS))
    things = {(item.key, item.occurrence): item for item in items if not item.ended}
    counts = {"late": 0, "later": 0, "open": 0}
    rows: list[Row] = []
    for item in things.values():
        placed = _place(item, today, reader)
        if isinstance(placed, str):
            counts[placed] += 1
        else:
            rows.append(placed)
    rows.sort(key=lambda row: (row.day, row.item.key, row.item.occurrence))
    months = _months(weeks)
    turns = set(accumulate(month.columns for month in months))
    return Timeline(
        today=today,
        until=_later(today, DAYS - 1),
        weeks=weeks,
        months=months,
        rows=tuple(_turned(row, turns) for row in rows[:ROWS]),
        more=len(rows[ROWS:]),
        **counts,
    )


def _place(item: Facts, today: date, reader: str) -> Row | str:
    """Return the row of an item, or the name of the count to which it belongs."""
    window = item.window
    if window.recurs:
        return _recurring(item, [_day(point, reader) for point in (*window.coming, *window.charted)], today)
    if item.standing == "past":
        return "late"
    if item.standing in ("opened", "undated") or window.counted is None:
        return "open"
    day = _day(window.counted, reader)
    # The reader's day may be ahead of the deadline's: what is not over is drawn today at the earliest.
    end = max((day - today).days, 0)
    wide = _day(window.first, reader) if window.first and window.wide else None
    start = (wide - today).days if wide else end
    if start >= DAYS:
        return "later"
    if wide:
        return Row(item=item, day=day, start=wide, cells=_span(start, end))
    column = end // 7
    cells = [Cell()] * WEEKS
    cells[column] = Cell(kind="day", begins=True, ends=True)
    if window.last is None:
        cells[column:] = [Cell(kind="opening", begins=True)] + [Cell(kind="onward")] * (WEEKS - column - 1)
    return Row(item=item, day=day, cells=tuple(cells))


def _span(start: int, end: int) -> tuple[Cell, ...]:
    """Return the cells of a window between two days, which are counted from today."""
    first, last = start // 7, end // 7
    return tuple(
        Cell(kind="span", begins=start >= 0 and week == first, ends=week == last) if first <= week <= last else Cell()
        for week in range(WEEKS)
    )


def _recurring(item: Facts, days: Sequence[date], today: date) -> Row | str:
    """Return the row of what recurs, under the next of its days."""
    coming = [day for day in days if day >= today]
    if not coming:
        return "open"
    columns = {(day - today).days // 7 for day in coming}
    if min(columns) >= WEEKS:
        return "later"
    drawn = Cell(kind="day", begins=True, ends=True)
    return Row(item=item, day=min(coming), cells=tuple(drawn if week in columns else Cell() for week in range(WEEKS)))


def _turned(row: Row, turns: Container[int]) -> Row:
    return replace(row, cells=tuple(replace(cell, turn=week in turns) for week, cell in enumerate(row.cells)))


def _day(at: Point, reader: str) -> date:
    """Return the day under which a point is listed: a civil day as stated, an instant on the reader's clock."""
    return at.date if isinstance(at, Day) or at.zone is None else on_day(at.at, reader)


def _later(day: date, days: int) -> date:
    """Return the day that many days later, at most the last day of the calendar."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def _months(weeks: Sequence[date]) -> tuple[Month, ...]:
    found: list[Month] = []
    for (year, month), columns in groupby(weeks, key=lambda day: (day.year, day.month)):
        count = len(list(columns))
        shown = year if count > 2 and (not found or month == 1) else None
        found.append(Month(name=MONTH_NAMES[month - 1][:3], year=shown, columns=count))
    return tuple(found)
