"""The commands edit, assign and note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import typer

from alerts.actions.edit import assign as assign_to
from alerts.actions.edit import edit as edit_commitment
from alerts.actions.edit import note as add_note
from alerts.actions.edit import with_values
from alerts.cli.app import App, change_of, get_app
from alerts.cli.command_group import cli
from alerts.cli.next_alert_lines import print_next_alerts
from alerts.cli.options import (
    At,
    Because,
    By,
    Calendars,
    Kind,
    OwedBy,
    OwedTo,
    OwnerKey,
    Priority,
    ReviewEvery,
    Roll,
    SourceLocator,
    SourceQuote,
    Texts,
    Timezone,
    option_of,
)
from alerts.cli.output import print_line
from alerts.cli.unreached_warnings import warn_without_recipient
from alerts.core.changes import Change, Report
from alerts.core.commitments import Citation, Commitment
from alerts.core.field_changes import field_changes
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError

AddedSource = Annotated[str | None, typer.Option(metavar="KEY", help="Add a newer source; earlier ones are kept.")]


@cli.command()
def edit(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    title: Annotated[str | None, typer.Option(metavar="TITLE")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Replace the note.")] = None,
    owner: OwnerKey = None,
    priority: Priority = None,
    kind: Kind = None,
    tag: Annotated[Texts, typer.Option(metavar="TAG", help="Add a tag (repeatable).")] = None,
    untag: Annotated[Texts, typer.Option(metavar="TAG", help="Remove a tag (repeatable).")] = None,
    owed_by: OwedBy = None,
    to: OwedTo = None,
    timezone: Timezone = None,
    calendar: Calendars = None,
    roll: Roll = None,
    review_every: ReviewEvery = None,
    assumption: Annotated[Texts, typer.Option(metavar="TEXT", help="Replace all assumptions (repeatable).")] = None,
    source: Annotated[str | None, typer.Option(metavar="KEY", help="Replace the source.")] = None,
    add_source: AddedSource = None,
    source_locator: SourceLocator = None,
    source_quote: SourceQuote = None,
    because: Because = None,
    by: By = None,
    at: At = None,
) -> None:
    """Change a commitment. An empty value clears a field. Use `move` for its deadline."""
    values: dict[str, Any] = {
        "title": title, "note": note, "owner": owner, "priority": priority, "kind": kind, "by": owed_by, "to": to,
        "timezone": timezone, "calendars": calendar, "roll": roll, "review_every": review_every,
        "assumptions": assumption,
    }  # fmt: skip
    values = {name: value for name, value in values.items() if value is not None}
    cite = _citing(source, add_source, source_locator, source_quote)
    if not values and not tag and not untag and source is None and add_source is None:
        raise InputError("nothing to change: name an option, see `alerts edit --help`")

    app, change = _begin(context, because, by, at)
    how = _editing(values, tag or [], untag or [], cite)
    _report(app, key, edit_commitment(app.store, key, how, change))


def _editing(
    values: dict[str, Any], more: list[str], less: list[str], cite: Callable[[Commitment, Commitment], Commitment]
) -> Callable[[Commitment], Commitment]:
    """Return a function that makes the edited commitment of what it is now."""

    def edited(now: Commitment) -> Commitment:
        found = with_values(now, values, option_of)
        return cite(now, replace(found, tags=_tags(now, more, less)))

    return edited


def _citing(
    source: str | None, add_source: str | None, locator: str | None, quote: str | None
) -> Callable[[Commitment, Commitment], Commitment]:
    """Return a function of a commitment and its edited copy that returns a copy with the named source."""
    if source is not None and add_source is not None:
        raise typer.BadParameter(
            "replaces the cited source and --add-source adds one: use one of the two", param_hint="--source"
        )
    cited = add_source if source is None else source
    if cited is None and (locator or quote):
        raise typer.BadParameter("name the source, too: --source or --add-source", param_hint="--source-locator")
    newest = [Citation(key=cited, locator=locator or None, quote=quote or None)] if cited else []

    def cite(now: Commitment, found: Commitment) -> Commitment:
        if cited is None:
            return found
        if add_source is not None:
            return found.citing_first(*newest) if newest else found
        return found.citing(*newest, *(one for one in now.earlier_sources if one.key != cited))

    return cite


@cli.command()
def assign(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The key of a declared person.")],
    because: Because = None,
    by: By = None,
    at: At = None,
) -> None:
    """Make a person the owner of a commitment."""
    app, change = _begin(context, because, by, at)
    _report(app, key, assign_to(app.store, key, person, change))
    print_next_alerts(app, [key], change.now)


@cli.command()
def note(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Text to add.")],
    because: Because = None,
    by: By = None,
    at: At = None,
) -> None:
    """Add a line to the note of a commitment.

    Alerts show the note. `alerts edit KEY --note` replaces it.
    """
    if not text.strip():
        raise typer.BadParameter("is empty: state some text", param_hint="TEXT")
    app, change = _begin(context, because, by, at)
    _report(app, key, add_note(app.store, key, text, change))


def _begin(context: typer.Context, because: str | None, by: str | None, at: str | None) -> tuple[App, Change]:
    """Return who changes something, when and why. People of the settings are known from now on."""
    app = get_app(context)
    app.store.people.add(app.settings.people)
    return app, change_of(at, by, because)


def _report(app: App, key: str, report: Report) -> None:
    """Print what an edit changed."""
    item = app.store.commitments.find(key)
    lines = [f"{key} already has these values: nothing changed"]
    if report.edited or report.moved:
        history = app.store.ledger.history(item.id)
        lines = [f"{key} {one}" for one in field_changes(history).get(item.revision, ())]
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        lines += [f"{one.key} {verb}: {describe_bounds(one.before)} → {describe_bounds(one.after)}" for one in moves]
    for line in lines:
        print_line(line)
    warn_without_recipient(app, [item])


def _tags(now: Commitment, more: list[str], less: list[str]) -> tuple[str, ...]:
    """Return the tags after an edit. Raises InputError for removing a tag that it does not have."""
    for one in less:
        if one not in now.tags:
            known = ", ".join(now.tags) or "none"
            raise InputError(f"{now.key} has no tag {one!r}; its tags: {known}")
    return tuple(one for one in dict.fromkeys((*now.tags, *more)) if one not in less)
