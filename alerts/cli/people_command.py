"""The command people."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

import typer

from alerts.cli.app import App, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.options import At, By
from alerts.cli.other_processes import live
from alerts.cli.output import checked_reason, counted, note, print_line, warn
from alerts.core.pseudonyms import Pseudonym
from alerts.core.short_lists import few
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.store.erased_rows import named_in
from alerts.store.erasing import Erasing

What = Literal["erase"]


@cli.command()
def people(
    context: typer.Context,
    what: Annotated[What, typer.Argument(metavar="erase", help="See below.")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The key of the person.")],
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="TEXT", help="Another name or address of theirs (repeatable).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; store nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without a question.")] = False,
    by: By = None,
    at: At = None,
) -> None:
    """Erase a person: a pseudonym takes their place throughout.

    erase puts it in place of their key, name and addresses: in commitments, history, answers,
    messages and deliveries. What gives them access ends. Take the person out of the settings first.
    """
    assert what == "erase"
    app, now = get_app(context), instant(at)
    erasing = Erasing(app.store.database)
    names = [checked_reason(one, "--also") for one in also or ()]
    _refuse_in_settings(app, person)
    pseudonym = _prepared(app, erasing, person, names)
    for name in pseudonym.names:
        _refuse_in_files(app, name)
    found = named_in(app.store.database, pseudonym)
    _show(found, pseudonym, begun=erasing.is_under_way(person))
    if dry_run:
        return
    if not yes:
        _confirm(pseudonym)
    count = erasing.erase(pseudonym, who(by), now)
    print_line(f"{person} is now {pseudonym.text}, in {counted(count, 'row')}")
    _say_what_is_left(erasing, pseudonym)


def _prepared(app: App, erasing: Erasing, person: str, names: list[str]) -> Pseudonym:
    try:
        return erasing.prepare(person, names)
    except InputError as error:
        hint = did_you_mean(person, app.store.people.of_files())
        raise InputError(f"{error}{hint}") from None


def _refuse_in_settings(app: App, person: str) -> None:
    """Raise InputError where the settings have a person: the next start would bring them back."""
    scalar = re.escape(person)
    named = re.compile(rf"\b(?:key|deputy|owner|owners)['\"]?\s*:\s*(?:\[[^\]]*?)?['\"]?(?<![\w-]){scalar}(?![\w@-])")
    for place, line in _lines_of_settings(app):
        if any(one.key == person for one in app.settings.people) and named.search(line):
            raise InputError(f"{place}: has {person} still: take this line out, run `alerts reload`, and erase then")
    if any(one.key == person for one in app.settings.people):
        raise InputError(f"the settings have {person} still, in {app.settings.folder}: take the entry out first")
    if live(app) and person in app.store.people.of_settings():
        raise InputError(f"a daemon still goes by settings that have {person}: run `alerts reload` first")


def _refuse_in_files(app: App, name: str) -> None:
    """Raise InputError where the settings have an address: as a recipient of a channel, say."""
    if "@" not in name:
        return
    stated = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
    for place, line in _lines_of_settings(app):
        if stated.search(line.partition(" #")[0]):
            raise InputError(f"{place}: has {name} still: take it out, run `alerts reload`, and erase then")


def _lines_of_settings(app: App) -> list[tuple[str, str]]:
    files = sorted(path for path in app.settings.folder.glob("*.y*ml") if path.is_file())
    return [
        (f"{path}:{number}", line)
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if not line.lstrip().startswith("#")
    ]


def _show(found: Mapping[str, Counter[str]], pseudonym: Pseudonym, *, begun: bool) -> None:
    """Print in how many rows the person stands, by table and column."""
    names = ", ".join((pseudonym.key, *pseudonym.names))
    if not found and not begun:
        raise InputError(f"no table has {names}")
    print_line(f"{names} → {pseudonym.text}:")
    for table, columns in found.items():
        print_line(f"  {table}: " + ", ".join(f"{column} ({count:,})" for column, count in sorted(columns.items())))


def _confirm(pseudonym: Pseudonym) -> None:
    text = f"{pseudonym.key} cannot be brought back, but from backups"
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{text}; add --yes if that is meant", param_hint="PERSON")
    typer.confirm(f"{text}. Erase?", abort=True)


def _say_what_is_left(erasing: Erasing, pseudonym: Pseudonym) -> None:
    if owned := erasing.open_owned(pseudonym.text):
        warn(f"{counted(len(owned), 'open commitment')} now without an owner who gets alerts: {few(owned)}; see "
             "`alerts assign`")  # fmt: skip
    note("not in the database, so still there: files that are loaded, backups, exports, logs, and mails that were sent")
