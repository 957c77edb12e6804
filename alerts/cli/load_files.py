"""The files that load reads: their entries, and all their problems at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alerts import interchange
from alerts.cli.app import App
from alerts.cli.load_inputs import STDIN, read_stdin
from alerts.core.changes import Change, StatedCommitment
from alerts.core.load_decisions import Closed
from alerts.core.owners import Owners
from alerts.deadlines.errors import InputError
from alerts.interchange.file_contents import File, FileProblem
from alerts.interchange.tables.columns import TableLayout


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadJob:
    """What one call of the command loads. `owners` includes the people of the files."""

    app: App
    files: Sequence[File]
    entries: Sequence[StatedCommitment]
    closed: Closed
    change: Change
    dry_run: bool
    close_missing: bool
    owners: Owners
    all_or_nothing: bool = False


def entries_of(read: Sequence[File]) -> list[StatedCommitment]:
    """Return what files state, with the name that each file is stored under."""
    return [replace(entry, file=stored_name(file.path)) for file in read for entry in file.entries]


def read_files(
    app: App, files: Sequence[Path], layout: TableLayout | None, file_format: str | None = None
) -> list[File]:
    """Read files; a later one may name what an earlier one declares. `file_format` is that of the standard input."""
    suffixes = {f".{file_format}" if path == STDIN else path.suffix.lower() for path in files}
    if layout and not suffixes & {*interchange.TABLES}:
        raise InputError(f"--columns {layout.file}: none of the files is a table ({', '.join(interchange.TABLES)})")
    parties, sources = dict(app.store.ledger.parties()), set(app.store.ledger.sources())
    people, people_in_settings = dict(app.people), {person.key for person in app.settings.people}
    read = []
    with show_progress("reading") as step:
        for path in files:
            gather = partial(
                interchange.gather,
                parties=parties,
                sources=sources,
                people=people,
                people_in_settings=people_in_settings,
                people_by_name=list(people.values()),
                parties_by_name=list(parties.values()),
                progress=step,
                layout=layout,
            )
            found = read_stdin(file_format, gather) if path == STDIN else gather(path)
            parties |= {party.key: party for party in found.parties}
            sources |= {source.key for source in found.sources}
            people |= {person.key: person for person in found.people}
            read.append(found)
    return read


def find_problems(job: LoadJob) -> list[FileProblem]:
    """Return all problems of the files, in their order.

    What a calendar leaves out is one where nothing of it can be loaded, or where it is to be loaded whole.
    """
    read = job.files
    problems = {
        file.path: [*file.problems, *(file.left_out if job.all_or_nothing or not (file.entries or file.ended) else ())]
        for file in read
    }
    lines: dict[str, tuple[str, int]] = {}
    first: dict[str, str] = {}
    for file in read:
        for placed in file.entries:
            key = placed.commitment.key
            if key in first:
                message = f'{placed.place}: the key "{key}" is used twice, first at {first[key]}'
                problems[file.path].append(FileProblem(placed.line, message))
            else:
                first[key] = placed.place
                lines[key] = (file.path, placed.line)
    if not any(problems.values()):
        return []
    if not any(file.unread for file in read):  # else a dependency may be in a part that was not read
        parties = [party for file in read for party in file.parties]
        fine = {entry.commitment.key: entry for entry in reversed(job.entries)}
        unread = {key for file in read for key in file.unread_keys}
        store = job.app.store.commitments
        for problem in store.find_problems(list(fine.values()), parties, job.change, unread, job.closed):
            path, line = lines.get(problem.key, (read[-1].path, sys.maxsize))
            problems[path].append(FileProblem(line, problem.message))
    return [problem for found in problems.values() for problem in interchange.in_line(found)]


def keys_present(read: Sequence[File]) -> set[str]:
    """Return all keys that the files list."""
    entries = {placed.commitment.key for file in read for placed in file.entries}
    return entries | {key for file in read for key in (*file.unread_keys, *(one.key for one in file.ended))}


def stored_name(path: str) -> str:
    """Return the name under which the database stores a file. It does not depend on the current folder."""
    return path if path == str(STDIN) else os.path.abspath(path)  # noqa: PTH100  # `resolve` would follow links, which deployments change


@contextmanager
def show_progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal. Yield a function that takes the number of finished steps."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True, emoji=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
