"""Commands that change what is stated of a commitment beside its deadline: edit, assign, note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from alerts.cli.app import App, cli, get_app, instant, who
from alerts.cli.options import At, By, option_of
from alerts.cli.output import checked_reason
from alerts.cli.unreached import warn_without_recipient
from alerts.core.changes import Change
from alerts.core.commitments import Citation, Commitment
from alerts.core.field_changes import field_changes
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import values_of
from alerts.interchange.commitment_entry import Entry
from alerts.strict_yaml.validation import problems_of

Because = Annotated[str | None, typer.Option("--because", metavar="WHY")]
Keys = list[str] | None
out = Console(highlight=False)


@cli.command()
def edit(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    title: Annotated[str | None, typer.Option(metavar="TITLE")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What to do, in place of what stands there.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="KEY", help="The person who looks after it.")] = None,
    priority: Annotated[str | None, typer.Option(metavar="P", help="low, normal, high, critical")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="obligation, expiry, event, request, …")] = None,
    tag: Annotated[Keys, typer.Option(metavar="TAG", help="Add a tag; may be repeated.")] = None,
    untag: Annotated[Keys, typer.Option(metavar="TAG", help="Take a tag away; may be repeated.")] = None,
    owed_by: Annotated[Keys, typer.Option(metavar="KEY", help="The party that owes it; may be repeated.")] = None,
    to: Annotated[Keys, typer.Option(metavar="KEY", help="The party to which; may be repeated.")] = None,
    timezone: Annotated[str | None, typer.Option(metavar="Z", help="Of the deadline, if it states none.")] = None,
    calendar: Annotated[Keys, typer.Option(metavar="US", help="Of its business days; may be repeated.")] = None,
    roll: Annotated[str | None, typer.Option(metavar="HOW", help="Off weekends and holidays.")] = None,
    review_every: Annotated[str | None, typer.Option(metavar="P14D", help="How often to ask where no date is.")] = None,
    assumption: Annotated[Keys, typer.Option(metavar="TEXT", help="In place of all; may be repeated.")] = None,
    source: Annotated[str | None, typer.Option(metavar="KEY", help="In place of the one that is cited.")] = None,
    add_source: Annotated[
        str | None, typer.Option(metavar="KEY", help="A newer one: it is cited, those before stay behind it.")
    ] = None,
    source_locator: Annotated[str | None, typer.Option(metavar="WHERE", help="The place in it.")] = None,
    source_quote: Annotated[str | None, typer.Option(metavar="WORDS", help="What it says.")] = None,
    because: Because = None,
    by: By = None,
    at: At = None,
) -> None:
    """Change what is stated of a commitment; an empty value takes it away. Its deadline is changed with `move`."""
    given: dict[str, Any] = {
        "title": title, "note": note, "owner": owner, "priority": priority, "kind": kind, "by": owed_by, "to": to,
        "timezone": timezone, "calendars": calendar, "roll": roll, "review_every": review_every,
        "assumptions": assumption,
    }  # fmt: skip
    values = {name: value for name, value in given.items() if value is not None}
    if source is not None and add_source is not None:
        raise typer.BadParameter("takes the place of the cited source, and --add-source adds one: use one of them",
                                 param_hint="--source")  # fmt: skip
    cited = add_source if source is None else source
    if cited is None and (source_locator or source_quote):
        raise typer.BadParameter("say of which source: --source or --add-source", param_hint="--source-locator")
    if not values and not tag and not untag and cited is None:
        raise InputError("nothing to change is named: see `alerts edit --help`")

    def changed(now: Commitment) -> Commitment:
        found = _stated(now, values)
        found = replace(found, tags=_tags(now, tag or [], untag or []))
        if cited is None:
            return found
        newest = [Citation(key=cited, locator=source_locator or None, quote=source_quote or None)] if cited else []
        if add_source is not None:
            return found.citing_first(*newest) if newest else found
        return found.citing(*newest, *(one for one in now.earlier_sources if one.key != cited))

    _edit(get_app(context), key, changed, because, by, at)


@cli.command()
def assign(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The key of a declared person.")],
    because: Because = None,
    by: By = None,
    at: At = None,
) -> None:
    """Give a commitment to a person: from now on they are told as its owner."""
    _edit(get_app(context), key, lambda now: _stated(now, {"owner": person}), because, by, at)


@cli.command()
def note(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to know or to do.")],
    because: Because = None,
    by: By = None,
    at: At = None,
) -> None:
    """Add a line to the note of a commitment, which alerts show. `edit --note` writes it anew."""
    if not text.strip():
        raise typer.BadParameter("is empty, expected a few words", param_hint="TEXT")

    def noted(now: Commitment) -> Commitment:
        return _stated(now, {"note": "\n".join(filter(None, (now.note, text.strip())))})

    _edit(get_app(context), key, noted, because, by, at)


def _edit(
    app: App, key: str, how: Callable[[Commitment], Commitment], because: str | None, by: str | None, at: str | None
) -> None:
    """Make an edit, and say what it has changed."""
    app.store.people.add(app.settings.people)
    change = Change(now=instant(at), by=who(by), reason=because and checked_reason(because, "--because"))
    report = app.store.commitments.edit(key, how, change)
    item = app.store.commitments.find(key)
    lines = [f"{key} reads so already: nothing changed"]
    if report.edited or report.moved:
        history = app.store.ledger.history(item.id)
        lines = [f"{key} {one}" for one in field_changes(history).get(item.revision, ())]
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        lines += [f"{one.key} {verb}: {describe_bounds(one.before)} → {describe_bounds(one.after)}" for one in moves]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
    warn_without_recipient(app, [item])


def _stated(now: Commitment, values: dict[str, Any]) -> Commitment:
    """The commitment with other values, checked as those of a file are. Raises InputError, a line for each wrong."""
    merged = {name: value for name, value in (values_of(now) | values).items() if value not in ("", [], [""])}
    try:
        found = Entry.model_validate(merged).commitment({})
    except ValidationError as error:
        raise InputError("\n".join(said for _, said in problems_of(error, Entry, option_of))) from None
    return replace(found, status=now.status)


def _tags(now: Commitment, more: list[str], less: list[str]) -> tuple[str, ...]:
    """Raises InputError for a tag that is to be taken away and is not there."""
    for one in less:
        if one not in now.tags:
            known = ", ".join(now.tags) or "none"
            raise InputError(f"{now.key} has no tag {one!r}; its tags: {known}")
    return tuple(one for one in dict.fromkeys((*now.tags, *more)) if one not in less)
