"""What an upload would change, as a page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from alerts.actions.cancelled_entries import find_cancelled
from alerts.actions.load_job import LoadJob
from alerts.core.changes import Report, RestatedEntry
from alerts.core.commitments import Person
from alerts.core.owners import Owners
from alerts.core.short_lists import few
from alerts.forecasting import forecast_after_change
from alerts.scheduled_rules import ScheduledRule
from alerts.settings import Settings
from alerts.store import Store
from alerts.store.uploads import is_register
from alerts.views.date_warnings import skipped_dates
from alerts.views.load_changes import changes_of_load
from alerts.views.unreached import without_recipient
from alerts.web.intake.import_values import ImportRequest, ImportResult
from alerts.web.intake.shown_problems import about_file, on_the_page

MOST_ROWS = 200
MOST_NAMED = 20
MOST_LINES = 50
BY_HAND = "recorded by hand"


@dataclass(frozen=True, slots=True)
class ImportReading:
    """The settings and the database as views read them."""

    settings: Settings
    store: Store
    rules: Mapping[str, ScheduledRule]
    people: Mapping[str, Person]

    @property
    def owners(self) -> Owners:
        return Owners(channel=self.settings.owners_channel, people=self.people)

    @property
    def zone(self) -> str:
        return self.settings.timezone or "UTC"


def describe_load(
    request: ImportRequest, job: LoadJob, report: Report, missing: Mapping[str, Sequence[str]]
) -> ImportResult:
    """Return what a load would change."""
    settings, store = request.settings, job.store
    people = store.people.of_files() | {person.key: person for person in settings.people}
    reading = ImportReading(settings, store, ScheduledRule.all(settings.rules), people)
    planned = report.planned_state
    changed = [planned[key] for key in (*report.new, *report.edited) if key in planned]
    ahead = forecast_after_change(store, reading.rules, request.now, planned, reading.owners)
    gone = [key for keys in missing.values() for key in keys]
    rows, elsewhere = changes_of_load(report, {}), _elsewhere(request, job)
    titles = {key: one.commitment.title for key, one in planned.items()}
    return ImportResult(
        outcome="seen",
        register=request.register,
        counts=_counts(report, gone),
        rows=tuple((key, titles.get(key, key), what, how) for key, what, how in rows[:MOST_ROWS]),
        more_rows=len(rows[MOST_ROWS:]),
        missing=tuple(gone[:MOST_NAMED]),
        more_missing=len(gone[MOST_NAMED:]),
        restated=tuple(map(_restated, report.restated[:MOST_NAMED])),
        elsewhere=tuple(elsewhere[:MOST_NAMED]),
        more_elsewhere=len(elsewhere[MOST_NAMED:]),
        notes=tuple(islice(_notes(job, report), MOST_LINES)),
        warnings=(
            *without_recipient(reading, changed, reading.owners).lines,
            *islice(skipped_dates(changed), MOST_LINES),
        ),
        alerts=sum(1 for _ in ahead),
    )


def _counts(report: Report, gone: Sequence[str]) -> dict[str, int]:
    return {
        "new": len(report.new),
        "changed": len(report.edited),
        "moved": len(report.moved),
        "follows": len(report.moved_dependants),
        "unchanged": report.unchanged,
        "restated": len(report.restated),
        "missing": len(gone),
        "closed": 0,
    }


def _restated(entry: RestatedEntry) -> str:
    others = [name for name in entry.fields if name != "deadline"]
    changed = [f"deadline {entry.deadline} → {entry.stated}"] if "deadline" in entry.fields else []
    changed += [", ".join(others)] if others else []
    return f"{entry.key}: closed as {entry.status}, and listed again ({'; '.join(changed) or 'unchanged'})"


def _elsewhere(request: ImportRequest, job: LoadJob) -> list[tuple[str, str]]:
    """Return what the upload takes over: the key, and where that was recorded."""
    found = job.store.uploads.loaded_from(list(job.entries.keys))
    others = {key: name for key, name in found.items() if name not in (request.register, "")}
    return [(key, _place(name)) for key, name in sorted(others.items())]


def _place(name: str | None) -> str:
    if name is None:
        return BY_HAND
    return f"the register {name}" if is_register(name) else "a file that is loaded on the server"


def _notes(job: LoadJob, report: Report) -> list[str]:
    """Return what the upload has that is not loaded, and what else it does."""
    lines = [on_the_page(line) for file in job.files for line in file.notes]
    ended = [one.key for file in job.files for one in file.ended if not one.withdrawn]
    if ended:
        rows = "1 row is over by its status" if len(ended) == 1 else f"{len(ended):,} rows are over by their status"
        lines.append(f"{rows}, so nothing of that is loaded: {few(ended)}")
    cancelled = [key for one in find_cancelled(job) for key, _ in one.found]
    if cancelled:
        lines.append(f"{len(cancelled)} are withdrawn, because the calendar cancels them: {few(cancelled)}")
    if report.older:
        lines.append(f"{len(report.older)} are left alone: the calendar states an older version of them")
    lines += [about_file(one.message, Path(file.path).parent) for file in job.files for one in file.left_out]
    return lines
