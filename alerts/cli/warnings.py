"""Warnings: settings and dates that are valid but seldom meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile

from alerts.cli.app import App
from alerts.core.rules import matching
from alerts.core.schedule.moments import Moment, one_time_moments
from alerts.core.short_lists import MOST_NAMED, few
from alerts.core.tracked import Tracked
from alerts.deadlines.durations import parse_lead
from alerts.views.shown_times import shown_with_zone

MAX_OCCURRENCES_CHECKED = 60  # of each recurring commitment: a cron that is too late for one is for others


def by_text(warned: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each text, with the keys of the commitments that it is about; of many, the first and a count."""
    for text, about in warned.items():
        many = len(about) > MOST_NAMED
        if about:
            yield f"{len(about):,} commitments: {text} ({few(about)})" if many else f"{few(about)}: {text}"


def early_warnings(app: App, tracked: Iterable[Tracked], now: datetime) -> list[str]:
    """Return a line for each rule whose cron fires too late for a lead, so that the reminder goes out early."""
    found: dict[tuple[str, str], list[tuple[str, Moment]]] = defaultdict(list)
    for item in tracked:
        for rule in matching(app.settings.rules, item.commitment):
            for one in _next_occurrences(item, now):
                for moment in one_time_moments(rule, one.bounds, app.rules[rule.name].cron):
                    if moment.early and moment.send_at >= now:
                        ahead = moment.offset and parse_lead(moment.offset).to_text
                        what = f"{ahead} before" if ahead else "on the day of"
                        about = f"{one.commitment.key} {one.occurrence}".rstrip()
                        found[rule.name, what].append((about, moment))
    lines = []
    for (name, what), cases in found.items():
        cron, (key, moment) = app.rules[name].rule.cron, cases[0]
        more = f" (and {len(cases) - 1:,} more)" if len(cases) > 1 else ""
        lines.append(
            f"rule {name}: its cron `{cron}` does not fire in time for the alert {what} {key}{more}: "
            f"it goes out early, {shown_with_zone(moment.send_at, app.zone)}"
        )
    return lines


def _next_occurrences(item: Tracked, now: datetime) -> list[Tracked]:
    """Return the commitment, or its occurrences of the coming year if it recurs."""
    recurs = item.bounds.recurrence
    if recurs is None:
        return [item]
    names = recurs.names(now.replace(tzinfo=None))
    soon = takewhile(lambda name: recurs.order(name) < now + timedelta(days=366), names)
    return [item.at(name) for name in islice(soon, MAX_OCCURRENCES_CHECKED)]
