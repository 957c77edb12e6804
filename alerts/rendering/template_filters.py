"""The filters of the templates: dates, durations and lines of text as people read them."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, date, datetime, timedelta
from functools import cache

from rich.cells import cell_len, set_cell_size

from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day, Point
from alerts.deadlines.posix_zones import label_of
from alerts.deadlines.stated_text import deadline_in_words
from alerts.deadlines.wording import format_day
from alerts.deadlines.zones import zone_info

WIDTH = 76
NEAR_DAYS = 183  # days within which a month names one year
SEPARATOR = " · "
MIN_TITLE = 50  # columns of a title that a subject keeps: shorter titles would look alike
MIN_MATTER = 20  # characters that a subject keeps of what it is about
LABEL = 15  # the column in which the text of a plain mail begins
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Remove control characters, bidi controls and lone surrogates, which could trick a terminal or fail to encode."""
    if text.isascii() and text.isprintable():
        return text
    return INVISIBLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def line(text: str | None) -> str | None:
    """Return a text on one line, cleaned; None if nothing is left."""
    return flat(clean(text)) or None if text else None


def flat(text: str) -> str:
    """Put a text on one line; what is safe in HTML stays so."""
    return type(text)(" ".join(text.split()))


def sentence(text: str) -> str:
    """Begin with a capital letter, unless the first word is a name with a spelling of its own (a key, an address)."""
    return text if set(text.partition(" ")[0]) & set("-_:@./") else text[:1].upper() + text[1:]


def shorten(text: str, limit: int) -> str:
    """Cut visibly, never inside an entity such as `&amp;`."""
    if len(text) <= limit:
        return text
    return re.sub(r"&#?[a-z0-9]{0,4}$", "", text[: limit - 1]).rstrip() + "…"


def fill(text: str, width: int) -> str:
    """Cut or fill a text to a width in a terminal, where the letters of some scripts take two columns."""
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    return set_cell_size(text, width)


def headline(when: str, matter: str, title: str, most: int = 0) -> str:
    """Join the date, what it is about and the title. If that is longer than `most`, the date stays whole."""
    whole = SEPARATOR.join((when, matter, title))
    if not most or len(whole) <= most:
        return whole
    room = most - len(when) - 2 * len(SEPARATOR) - min(len(title), MIN_TITLE)
    return shorten(SEPARATOR.join((when, shorten(matter, max(room, MIN_MATTER)), title)), most)


def subject_of(lead: str, title: str, most: int) -> str:
    """Return a subject such as `Due Fri 20 Nov (in 2 days): Audit report`, in so many columns if possible.

    The lead stays whole, and of the title as much as tells it from others.
    """
    room = max(most - cell_len(lead) - 2, MIN_TITLE)
    if cell_len(title) > room:
        title = set_cell_size(title, room - 1).rstrip() + "…"
    return f"{lead}: {title}"


def brief(at: Point, reader: str, today: date) -> str:
    """Write a day shortly, an instant with its time on the reader's clock: `Fri 20 Nov`, `Fri 20 Nov 17:00`."""
    if isinstance(at, Day):
        return short(at.date, today)
    wall = _wall(at.at, reader if at.zone else "UTC")[0]
    return f"{short(wall.date(), today)} {wall:%H:%M}"


def known_zone(name: str) -> str:
    """Return the name if there is such a zone, else UTC: a typing error must not keep an alert from going out."""
    try:
        zone_info(name)
    except InputError:
        return "UTC"
    return name


def on_day(at: datetime, zone: str) -> date:
    """The civil day of an instant in a zone; at the ends of the calendar, in UTC."""
    return _wall(at, zone)[0].date()


def short(day: date, today: date) -> str:
    """Write a day shortly, with its year where that is not near: `Fri 20 Nov`, `19 Nov 2027`."""
    weekday, rest = format_day(day).split(" ", 1)
    return f"{weekday} {rest.rsplit(' ', 1)[0]}" if abs((day - today).days) < NEAR_DAYS else rest


def moment(at: datetime, zone: str) -> str:
    """Write an instant on a zone's wall clock: `Mon 10 Nov 2025 12:01 America/New_York`."""
    wall, name = _wall(at, zone)
    clock = wall.strftime("%H:%M:%S" if wall.second else "%H:%M")
    return f"{format_day(wall.date())} {clock} {label_of(name, wall)}"


def _wall(at: datetime, zone: str) -> tuple[datetime, str]:
    try:
        return at.astimezone(zone_info(zone)), zone
    except OverflowError:
        return at.astimezone(UTC), "UTC"


def point(at: Point, reader: str) -> str:
    """Write a civil day as it is stated, an instant on the reader's clock (as stated where its zone is unknown)."""
    if isinstance(at, Day):
        return format_day(at.date)
    return moment(at.at, reader) if at.zone else moment(at.at, "UTC").removesuffix(" UTC")


def date_range(first: Point, last: Point, reader: str) -> str:
    """Write the first and last point of a window; a zone that they share is named once."""
    begins, ends = point(first, reader), point(last, reader)
    wall, _, zone = begins.rpartition(" ")
    shared = not isinstance(first, Day) and not isinstance(last, Day) and first.zone and ends.endswith(f" {zone}")
    return f"{wall if shared else begins} to {ends}"


def own_clock(at: Point, reader: str) -> str:
    """Write an instant on its own clock where that is not the reader's; nothing for a day."""
    return "" if isinstance(at, Day) or at.zone in (None, reader) else moment(at.at, at.zone or "UTC")


def span(time: timedelta) -> str:
    """Write a duration in its largest unit: `3 days`, `5 hours`, `12 minutes`."""
    seconds = abs(int(time.total_seconds()))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if count := seconds // size:
            return f"{count} {unit}{'s' * (count != 1)}"
    return "less than a minute"


def utc(at: datetime | None) -> str | None:
    """Write an instant as RFC 3339 in UTC, for machines."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def row(text: str, label: str = "", width: int = LABEL) -> str:
    """Write a label and a wrapped text; each line of the text begins in the column after the label."""
    lines = [line for paragraph in text.splitlines() for line in _wrapped(" ".join(paragraph.split()), WIDTH - width)]
    return label.ljust(width) + ("\n" + " " * width).join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    if 0 < len(text) <= width:  # most do, and to look for words costs ten times as much
        return [text]
    return _wrapper(width).wrap(text)


@cache
def _wrapper(width: int) -> textwrap.TextWrapper:
    return textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)  # commands stay whole


FILTERS = {
    "brief": brief,
    "date_range": date_range,
    "day": format_day,
    "fill": fill,
    "flat": flat,
    "headed": headline,
    "in_words": deadline_in_words,
    "moment": moment,
    "on_day": on_day,
    "own_clock": own_clock,
    "point": point,
    "row": row,
    "sentence": sentence,
    "short": short,
    "shorten": shorten,
    "span": span,
    "split_words": str.split,
    "subject_of": subject_of,
    "utc": utc,
}
