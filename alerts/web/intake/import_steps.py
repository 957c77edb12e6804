"""Reads an uploaded register, says what it would change, and loads it: what `alerts load` does with a file."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alerts import interchange
from alerts.actions.calendar_files import without_history, without_unresolved
from alerts.actions.cancelled_entries import find_cancelled, withdraw
from alerts.actions.load_job import (
    LoadJob,
    compute_load,
    entries_of,
    find_missing,
    find_problems,
    note_left_out,
    note_what_is_left,
)
from alerts.core.actors import Request
from alerts.core.changes import Change, Report
from alerts.core.commitments import Person
from alerts.deadlines.errors import InputError
from alerts.entry_spool import SpoolError
from alerts.interchange.file_contents import File, FileProblem
from alerts.interchange.named_parties import NamedParties
from alerts.interchange.sniffed_format import suffix_of
from alerts.interchange.tables.columns import TableLayout
from alerts.interchange.tables.xlsx import require_unpacked
from alerts.store import Store
from alerts.store.recorded_requests import record, result_of
from alerts.store.store_error import StoreError
from alerts.web.intake.import_report import MOST_NAMED, describe_load
from alerts.web.intake.import_values import RESULT, ImportRequest, ImportResult, ShownColumns
from alerts.web.intake.new_parties import new_parties
from alerts.web.intake.shown_problems import MOST, about_file, shown_problems
from alerts.web.intake.uploaded_columns import ColumnsError, choose_columns

UNPACKED = 100 * 2**20  # bytes
NOBODY = "people: an upload declares nobody, and changes nobody: declare {who} in the settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload as a file that can be read, and the job that loads it."""

    path: Path
    job: LoadJob
    columns: ShownColumns | None


def run_import(store: Store, request: ImportRequest) -> ImportResult:
    """Look at an upload, or load it if it still changes what was shown."""
    if request.is_load and (before := result_of(store.database, request.form)) is not None:
        return RESULT.validate_json(before)
    content = request.content or store.uploads.find(request.hash, request.now)
    if not content:
        return ImportResult(outcome="gone", register=request.register)
    hashed = request.hash or store.uploads.keep(content, request.now)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = _imported(store, request, content, Path(folder))
        except StoreError:
            raise
        except ColumnsError as error:
            found = ImportResult(
                outcome="unreadable", register=request.register, columns=error.shown, notes=(str(error),)
            )
        except (InputError, SpoolError, zipfile.BadZipFile) as error:
            lines = tuple(about_file(line, Path(folder)) for line in str(error).splitlines())
            found = ImportResult(outcome="unreadable", register=request.register, notes=lines)
    return replace(found, hash=hashed)


def _imported(store: Store, request: ImportRequest, content: bytes, folder: Path) -> ImportResult:
    upload = _read(store, request, content, folder)
    job = upload.job
    if problems := [*_declared_people(store, request, job.files), *find_problems(job)]:
        return _wrong(request, upload, problems)
    report, missing = compute_load(job, dry_run=True), find_missing(job)
    if report.conflicts:
        return _wrong(request, upload, _conflicts(job, report))
    found = replace(
        describe_load(request, job, report, missing),
        columns=upload.columns,
        digest=_digest(request, job, report, missing),
    )
    if not request.is_load:
        return found
    if found.digest != request.shown:
        return replace(found, outcome="changed")
    return _load(store, request, job, found, missing)


def _wrong(request: ImportRequest, upload: Upload, problems: Sequence[FileProblem]) -> ImportResult:
    return ImportResult(
        outcome="wrong",
        register=request.register,
        problems=shown_problems(upload.path, problems),
        more_problems=len(problems[MOST:]),
        columns=upload.columns,
    )


def _load(
    store: Store, request: ImportRequest, job: LoadJob, found: ImportResult, missing: Mapping[str, list[str]]
) -> ImportResult:
    job.change.require_allowed("add")
    if request.reopen:
        job = replace(job, closed="reopen")
    stored = compute_load(job)
    for cancellation in find_cancelled(job):
        withdraw(job, cancellation)
    note_what_is_left(job, missing if request.close_missing else {})
    note_left_out(job)
    conflicts = tuple(one.message for one in stored.conflicts)
    done = replace(found, outcome="loaded", warnings=(*found.warnings, *conflicts), columns=None)
    counts = {**found.counts, "closed": sum(map(len, missing.values())) if request.close_missing else 0}
    done = replace(done, counts=counts, missing=() if request.close_missing else found.missing)
    result = RESULT.dump_json(done).decode()
    record(store.database, Request(id=request.form, at=request.now), result)
    return done


def _read(store: Store, request: ImportRequest, content: bytes, folder: Path) -> Upload:
    """Return an upload as it is read. Raises InputError for what cannot be read at all."""
    suffix = suffix_of(content)
    path = folder / f"register{suffix}"
    path.write_bytes(content)
    layout, columns = TableLayout(), None
    if suffix == ".xlsx":
        require_unpacked(str(path), content, UNPACKED)
    if suffix in interchange.TABLES:
        layout, columns = choose_columns(path, request.register, request.columns)
    settings, zone = request.settings, request.settings.timezone
    people, parties = _people(store, request), store.ledger.parties()
    new = new_parties(path, layout.sheets[0], parties) if suffix in interchange.TABLES else NamedParties({})
    parties = parties | new.new  # what `new` knows stays as it was
    file = interchange.gather(
        path,
        parties=parties,
        sources=store.ledger.sources(),
        people=people,
        people_by_name=list(people.values()),
        parties_by_name=list(parties.values()),
        people_in_settings={person.key for person in settings.people},
        layout=layout,
        stored_as=request.register,
    )
    cited = {key for entry in file.entries for key in (*entry.commitment.by, *entry.commitment.to)}
    file = replace(
        file,
        parties=(*file.parties, *(party for key, party in new.new.items() if key in cited)),
        notes=(*file.notes, *new.notes),
    )
    files, names = without_history(store, zone, [file], request.now), {file.path: request.register}
    change = Change.of(request.actor, request.now, f"loaded from the register {request.register}")
    job = LoadJob(
        store=store, zone=zone, files=files, names=names, entries=entries_of(files), closed="name",
        change=change, register=f"the register {request.register}",
    )  # fmt: skip
    return Upload(path=path, job=without_unresolved(job), columns=columns)


def _people(store: Store, request: ImportRequest) -> dict[str, Person]:
    return store.people.of_files() | {person.key: person for person in request.settings.people}


def _declared_people(store: Store, request: ImportRequest, files: Sequence[File]) -> Iterator[FileProblem]:
    """Yield a problem where an upload declares people: who may get alerts is not for it to say."""
    known = _people(store, request)
    for file in files:
        new = [person.name for person in file.people if known.get(person.key) != person]
        if new:
            yield FileProblem(0, f"{file.path}: {NOBODY.format(who=', '.join(new[:MOST_NAMED]))}")


def _conflicts(job: LoadJob, report: Report) -> list[FileProblem]:
    """Return what was changed here since the register stated it, and what it states otherwise now."""
    lines = {entry.commitment.key: entry.line for entry in job.entries}
    return [FileProblem(lines.get(one.key, 0), one.message) for one in report.conflicts]


def _digest(request: ImportRequest, job: LoadJob, report: Report, missing: Mapping[str, list[str]]) -> str:
    """Return what identifies all that a load would do: where it is the same, nothing else would be done than shown."""
    moves = [(one.key, one.before.fingerprint, one.after.fingerprint) for one in report.moved + report.moved_dependants]
    stated = [(key, report.planned_state[key].commitment) for key in (*report.new, *report.edited)]
    cancelled = [one.found for one in find_cancelled(job)]
    whole = (request.register, moves, stated, report.fields, report.restated, report.kept,
             report.unchanged, list(missing.values()), cancelled)  # fmt: skip
    folders = {str(Path(file.path).parent) for file in job.files}  # of this process alone
    text = repr(whole)
    for folder in folders:
        text = text.replace(folder, "")
    return hashlib.sha256(text.encode()).hexdigest()
