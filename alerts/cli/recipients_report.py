"""What load prints about recipients: who gets alerts about what is new or changed, and when first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Console

from alerts.cli.commitment_rows import MAX_COMPUTED
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.load_files import LoadJob
from alerts.cli.output import print_line, soon
from alerts.cli.recipients import recipients
from alerts.core.changes import Report
from alerts.core.rules import matching
from alerts.core.tracked import Tracked
from alerts.forecasting import first_alerts

MAX_RECIPIENTS_SHOWN = 20
out = Console(highlight=False)


def report_recipients(job: LoadJob, report: Report, tracked: Iterable[Tracked]) -> None:
    """Print who gets alerts about what is new or changed, about how many commitments, and when first."""
    changed = {*report.new, *report.edited, *report.reopened, *(move.key for move in report.moved)}
    planned_state = report.planned_state if job.dry_run else {}
    about = (planned_state.get(item.commitment.key, item) for item in tracked if item.commitment.key in changed)
    reached: dict[str, list[Tracked]] = defaultdict(list)
    for item in (one for one in about if one.open):
        rules = [rule for rule in matching(job.app.settings.rules, item.commitment) if rule.sends_alerts]
        for whom in {whom for rule in rules for whom in recipients(job.owners, rule, item.commitment)}:
            reached[whom].append(item)
    if reached:
        print_line(f"who {'would be' if job.dry_run else 'is'} alerted about what is new or changed:")
        _print_recipients(job, reached)


def _print_recipients(job: LoadJob, reached: Mapping[str, Sequence[Tracked]]) -> None:
    ids = {item.id for items in reached.values() for item in items}
    first = {} if job.dry_run or len(ids) > MAX_COMPUTED else _first_alerts(job, ids)
    ordered = sorted(reached.items(), key=lambda one: (-len(one[1]), one[0]))
    rows = []
    for whom, items in ordered[:MAX_RECIPIENTS_SHOWN]:
        when = f"first {soon(first[whom], job.change.now, job.app.zone)}" if whom in first else "later" if first else ""
        rows.append(Row((whom, f"{len(items):,} commitment{'s' * (len(items) != 1)}", when)))
    print_rows(out, rows, indent="  ")
    if len(ordered) > MAX_RECIPIENTS_SHOWN:
        print_line(f"  … and {len(ordered) - MAX_RECIPIENTS_SHOWN} more recipients")


def _first_alerts(job: LoadJob, ids: Iterable[int]) -> dict[str, datetime]:
    """Return when each recipient gets the first of the next alerts. Those who hear later are left out."""
    first: dict[str, datetime] = {}
    for alert in first_alerts(job.app.store, job.app.rules, job.change.now, job.owners, [*ids]).values():
        if alert:
            rule, at = job.app.rules[alert.reminder.rule].rule, alert.reminder.send_at
            for whom in recipients(job.owners, rule, alert.tracked.commitment, alert.channels):
                first[whom] = min(at, first.get(whom, at))
    return first
