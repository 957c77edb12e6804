"""What is closed and a file states anew: named by load and check, until one of load's options decides."""

from __future__ import annotations

from rich.console import Console

from alerts.core.changes import Report, RestatedEntry
from alerts.deadlines.errors import InputError
from alerts.store.restated_closed import Closed

LEFT_CLOSED = 3  # the exit code of a load that named some
MAX_KEYS_LISTED = 50
WHAT_TO_DO = "load the file with --reopen to open them again, or with --keep-closed to leave them so"
out = Console(highlight=False)


def decision(*, reopen: bool, keep_closed: bool) -> Closed:
    """What the options of load say. Raises InputError for both."""
    if reopen and keep_closed:
        raise InputError("--reopen and --keep-closed: one of them, please")
    return "reopen" if reopen else "keep" if keep_closed else "name"


def report_closed(report: Report, *, dry_run: bool) -> None:
    """Name what is left closed, and say what to do."""
    for one in report.restated[:MAX_KEYS_LISTED]:
        _print(f"  {line(one)}")
    if more := report.restated[MAX_KEYS_LISTED:]:
        _print(f"  … and {len(more)} more")
    if report.restated:
        _print(f"{len(report.restated)} left closed, which `alerts check` goes on to name: {WHAT_TO_DO}")
    if report.kept:
        _print(f"{len(report.kept)} {'would stay' if dry_run else 'stay'} closed as they are")


def line(one: RestatedEntry) -> str:
    """One that is closed, and what the file states: in one line."""
    others = [name for name in one.fields if name != "deadline"]
    said = [f"deadline `{one.deadline}` → `{one.stated}`"] if "deadline" in one.fields else []
    said += [", ".join(others)] if others else []
    return f"{one.key}: closed ({one.status}), and {one.place} states it anew ({'; '.join(said) or 'as it was'})"


def _print(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
