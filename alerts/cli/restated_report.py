"""Closed commitments that a file lists again. `load` and `check` name them until an option of load decides."""

from __future__ import annotations

from alerts.cli.output import print_line
from alerts.core.changes import Report, RestatedEntry
from alerts.core.load_decisions import Closed
from alerts.deadlines.errors import InputError

LEFT_CLOSED = 3  # the exit code of a load that named some
MAX_KEYS_LISTED = 50
WHAT_TO_DO = "load with --reopen to reopen them, or with --keep-closed to keep them closed"


def decision(*, reopen: bool, keep_closed: bool) -> Closed:
    """Return what the options of load decide. Raises InputError where both are given."""
    if reopen and keep_closed:
        raise InputError("--reopen and --keep-closed exclude each other: use one")
    return "reopen" if reopen else "keep" if keep_closed else "name"


def report_closed(report: Report, *, dry_run: bool) -> None:
    """Print what stays closed, and what to do about it."""
    for one in report.restated[:MAX_KEYS_LISTED]:
        print_line(f"  {line(one)}")
    if more := report.restated[MAX_KEYS_LISTED:]:
        print_line(f"  … and {len(more)} more")
    if report.restated:
        print_line(f"{len(report.restated)} left closed; {WHAT_TO_DO} (`alerts check` lists them until then)")
    if report.kept:
        print_line(f"{len(report.kept)} {'would stay' if dry_run else 'stay'} closed as they are")


def line(entry: RestatedEntry) -> str:
    """Return a line about a closed commitment and what the file states."""
    others = [name for name in entry.fields if name != "deadline"]
    changed = [f"deadline `{entry.deadline}` → `{entry.stated}`"] if "deadline" in entry.fields else []
    changed += [", ".join(others)] if others else []
    return (
        f"{entry.key}: closed as {entry.status}, but {entry.place} lists it again ({'; '.join(changed) or 'unchanged'})"
    )
