"""What load prints about recipients: who gets alerts about what is new or changed, and when first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.load_files import CommandLoad
from alerts.cli.output import print_line
from alerts.cli.terminal import Terminal
from alerts.core.changes import Report
from alerts.core.forecast import Forecast
from alerts.core.rules import matching
from alerts.core.tracked import Tracked
from alerts.forecasting import first_alerts
from alerts.store.matched_facts import counted_facts
from alerts.views.next_alerts import MAX_COMPUTED
from alerts.views.recipients import everybody, recipients
from alerts.views.sending_times import SendingTimes, due_forecast, goes_out
from alerts.views.shown_times import soon

MAX_RECIPIENTS_SHOWN = 20
out = Terminal()


def report_recipients(job: CommandLoad, report: Report) -> None:
    """Print who gets alerts about what is new or changed, about how many commitments, and when first."""
    changed = {*report.new, *report.edited, *report.reopened, *(move.key for move in report.moved)}
    if (
        not job.dry_run
        and len(changed) > MAX_COMPUTED
        and not any("key" in rule.match for rule in job.app.settings.rules)
    ):
        _print_reached(job, _reached_by_many(job, changed), computed=False)
        return
    planned_state = report.planned_state if job.dry_run else {}
    about = [planned_state.get(key, item) for key, item in job.app.store.open_commitments.of_keys(changed)]
    about += [one for one in planned_state.values() if one.id < 0]
    about = [one for one in about if one.open]
    computed = not job.dry_run and len(about) <= MAX_COMPUTED
    _print_reached(job, _reached(job, about, _first_alerts(job, about) if computed else {}), computed=computed)


def _reached_by_many(job: CommandLoad, keys: Iterable[str]) -> Mapping[str, _Reached]:
    """Return whom the rules reach now. The database counts the commitments that rules match alike: none is read."""
    reached: dict[str, _Reached] = defaultdict(_Reached)
    now, known = job.change.now, everybody(job.app, job.change.now, job.owners)
    for commitment, count in counted_facts(job.app.store.database, keys):
        rules = matching(job.app.settings.rules, commitment)
        for whom in {whom for rule in rules for whom in recipients(known, rule, commitment, now)}:
            reached[whom].commitments += count
    return reached


def _print_reached(job: CommandLoad, reached: Mapping[str, _Reached], *, computed: bool) -> None:
    if reached:
        print_line(f"who {'would be' if job.dry_run else 'is'} alerted about what is new or changed:")
        _print_recipients(job, reached, computed=computed)


def _first_alerts(job: CommandLoad, about: Iterable[Tracked]) -> Mapping[int, Forecast | None]:
    app, now = job.app, job.change.now
    at = goes_out(everybody(app, now, job.owners), app.rules, now)
    return first_alerts(app.store, app.rules, now, job.owners, [one.id for one in about], goes_out_at=at)


@dataclass(slots=True)
class _Reached:
    """About how many commitments somebody is alerted, and when first: None for those who hear later than others."""

    commitments: int = 0
    first: datetime | None = None


def _reached(
    job: CommandLoad, about: Iterable[Tracked], ahead: Mapping[int, Forecast | None]
) -> Mapping[str, _Reached]:
    """Return whom the rules reach at the time of the next alert, or now where that is not known."""
    reached: dict[str, _Reached] = defaultdict(_Reached)
    now, known = job.change.now, everybody(job.app, job.change.now, job.owners)
    for item in about:
        alert = ahead.get(item.id)
        due = due_forecast(known, job.app.rules[alert.reminder.rule], alert, now) if alert else None
        times = SendingTimes.of(known, due) if due else None
        at = times.at if times else now
        rules = matching(job.app.settings.rules, item.commitment)
        for whom in {whom for rule in rules for whom in recipients(known, rule, item.commitment, at)}:
            reached[whom].commitments += 1
        for target in times.targets if times else ():
            one = reached[target.name]
            one.first = min(target.at, one.first or target.at)
    return reached


def _print_recipients(job: CommandLoad, reached: Mapping[str, _Reached], *, computed: bool) -> None:
    ordered = sorted(reached.items(), key=lambda one: (-one[1].commitments, one[0]))
    later = "later" if computed and any(one.first for one in reached.values()) else ""
    rows = []
    for whom, one in ordered[:MAX_RECIPIENTS_SHOWN]:
        when = f"first {soon(one.first, job.change.now, job.app.zone)}" if one.first else later
        rows.append(Row((whom, f"{one.commitments:,} commitment{'s' * (one.commitments != 1)}", when)))
    print_rows(out, rows, indent="  ")
    if len(ordered) > MAX_RECIPIENTS_SHOWN:
        print_line(f"  … and {len(ordered) - MAX_RECIPIENTS_SHOWN} more recipients")
