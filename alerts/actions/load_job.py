"""A load of files: what it stores, what is wrong with it, and what it leaves behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from alerts import interchange
from alerts.core.changes import Change, Report
from alerts.core.load_decisions import Closed
from alerts.entry_spool import Entries
from alerts.interchange.file_contents import File, FileProblem
from alerts.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadJob:
    """What a load stores. `names`: the name that each file is stored under, by its path; none where it has none.

    `zone` is that of the settings. `entries` are those of the files that can be loaded. `register`: what the history
    calls the one file, where nobody knows its path.
    """

    store: Store
    zone: str | None
    files: Sequence[File]
    names: Mapping[str, str]
    entries: Entries
    closed: Closed
    change: Change
    all_or_nothing: bool = False
    register: str = ""


def entries_of(read: Sequence[File]) -> Entries:
    """Return the entries of all files, one file after the other."""
    return Entries.joined([file.entries for file in read])


def compute_load(job: LoadJob, *, dry_run: bool = False, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Store the entries of a load, or with `dry_run` compute what that changes. Raises what `Commitments.load` does."""
    return job.store.commitments.load(
        job.entries,
        [party for found in job.files for party in found.parties],
        [source for found in job.files for source in found.sources],
        job.change,
        people=[person for found in job.files for person in found.people],
        closed=job.closed,
        dry_run=dry_run,
        progress=progress,
    )


def find_missing(job: LoadJob) -> dict[str, list[str]]:
    """Return the keys of what was last loaded from each file, is open, and is no longer in it, by the file's path."""
    present, store = keys_present(job.files), job.store.commitments
    return {file.path: store.no_longer_stated(job.names[file.path], present) for file in job.files}


def note_what_is_left(job: LoadJob, closed: Mapping[str, Sequence[str]]) -> None:
    """Close what is missing in a file, by its path, and remember what else has left the files."""
    store, present = job.store.commitments, keys_present(job.files)
    for path, keys in closed.items():
        store.withdraw(keys, replace(job.change, reason=f"no longer in {job.register or path}"))
    for file in job.files:
        store.note_left(job.names[file.path], present)


def note_left_out(job: LoadJob) -> None:
    """Store which entries the files have that cannot be loaded, for `check`."""
    for file in job.files:
        entries = [(problem.key, problem.message) for problem in file.left_out]
        job.store.left_out.record(job.names[file.path], entries, job.change.now)


def find_problems(job: LoadJob) -> list[FileProblem]:
    """Return all problems of the files, in their order.

    What a calendar leaves out is one where nothing of it can be loaded, or where it is to be loaded whole.
    """
    read = job.files
    problems = {
        file.path: [*file.problems, *(file.left_out if job.all_or_nothing or not (file.entries or file.ended) else ())]
        for file in read
    }
    first: dict[str, int] = {}
    for file in read:
        assert file.entries.spool is job.entries.spool, "places are compared"
        for number, key in enumerate(file.entries.keys):
            if (place := first.setdefault(key, file.entries.places[number])) != file.entries.places[number]:
                placed = file.entries[number]
                message = f'{placed.place}: the key "{key}" is used twice, first at {file.entries.spool[place].place}'
                problems[file.path].append(FileProblem(placed.line, message))
    if not any(problems.values()):
        return []
    if not any(file.unread for file in read):  # else a dependency may be in a part that was not read
        parties = [party for file in read for party in file.parties]
        backwards = dict(zip(reversed(list(job.entries.keys)), reversed(job.entries.places), strict=True))
        fine = Entries(job.entries.spool, list(backwards.values()))  # if a key is used twice, its first entry counts
        unread = {key for file in read for key in file.unread_keys}
        found = job.store.commitments.find_problems(fine, parties, job.change, unread, job.closed)
        lines = _lines_of({problem.key for problem in found}, read)
        for problem in found:
            path, line = lines.get(problem.key, (read[-1].path, sys.maxsize))
            problems[path].append(FileProblem(line, problem.message))
    return [problem for found in problems.values() for problem in interchange.in_line(found)]


def _lines_of(keys: Collection[str], read: Sequence[File]) -> dict[str, tuple[str, int]]:
    """Return the file and the line of the first entry with each key."""
    found: dict[str, tuple[str, int]] = {}
    for file in read:
        for number, key in enumerate(file.entries.keys):
            if key in keys and key not in found:
                found[key] = file.path, file.entries[number].line
    return found


def keys_present(read: Sequence[File]) -> set[str]:
    """Return all keys that the files list."""
    entries = {key for file in read for key in file.entries.keys}
    return entries | {key for file in read for key in (*file.unread_keys, *(one.key for one in file.ended))}
