"""The files that load reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alerts import interchange
from alerts.actions.load_job import LoadJob
from alerts.cli.app import App
from alerts.cli.load_inputs import STDIN, read_stdin
from alerts.core.owners import Owners
from alerts.deadlines.errors import InputError
from alerts.entry_spool import EntrySpool, SpoolError
from alerts.interchange.file_contents import File
from alerts.interchange.tables.columns import TableLayout


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLoad(LoadJob):
    """What one call of the command loads. `owners` includes the people of the files."""

    app: App
    dry_run: bool
    close_missing: bool
    owners: Owners


def read_files(
    app: App, files: Sequence[Path], layout: TableLayout | None, file_format: str | None = None
) -> list[File]:
    """Read files; a later one may name what an earlier one declares. `file_format` is that of the standard input."""
    suffixes = {f".{file_format}" if path == STDIN else path.suffix.lower() for path in files}
    if layout and not suffixes & {*interchange.TABLES}:
        raise InputError(f"--columns {layout.file}: none of the files is a table ({', '.join(interchange.TABLES)})")
    parties, sources = dict(app.store.ledger.parties()), set(app.store.ledger.sources())
    people, people_in_settings = dict(app.people), {person.key for person in app.settings.people}
    read, spool = [], EntrySpool()
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
                spool=spool,
                stored_as=stored_name(str(path)),
            )
            found = read_stdin(file_format, gather) if path == STDIN else gather(path)
            parties |= {party.key: party for party in found.parties}
            sources |= {source.key for source in found.sources}
            people |= {person.key: person for person in found.people}
            read.append(found)
    return read


def stored_name(path: str) -> str:
    """Return the name under which the database stores a file. It does not depend on the current folder."""
    return path if path == str(STDIN) else os.path.abspath(path)  # noqa: PTH100  # `resolve` would follow links, which deployments change


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn a SpoolError into an InputError, outside of the readers of files: these skip what is wrong in an entry."""
    try:
        yield
    except SpoolError as error:
        raise InputError(str(error)) from None


@contextmanager
def show_progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal. Yield a function that takes the number of finished steps."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True, emoji=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
