"""Commitments one by one: add."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from alerts.cli.app import cli, get_app, instant, who
from alerts.cli.options import At, option_of
from alerts.cli.output import warn
from alerts.cli.unreached import warn_without_recipient
from alerts.cli.warnings import past_dates, skipped_dates
from alerts.core.changes import Change
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.business_days import ROLLS
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import entry_of
from alerts.interchange.commitment_entry import Entry
from alerts.strict_yaml.validation import problems_of

out = Console(highlight=False)


@cli.command()
def add(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="By which it is known from now on.")],
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What is promised, in a line.")],
    deadline: Annotated[str, typer.Argument(metavar="DEADLINE", help="As in a file, such as 'after 2025-11-10'.")],
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="obligation, expiry, event, request, …")] = None,
    owed_by: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="The party that owes it; may be repeated.")
    ] = None,
    to: Annotated[list[str] | None, typer.Option(metavar="KEY", help="The party to which; may be repeated.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="KEY", help="The person who looks after it.")] = None,
    priority: Annotated[str | None, typer.Option(metavar="P", help="low, normal, high, critical")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="May be repeated.")] = None,
    timezone: Annotated[str | None, typer.Option(metavar="Z", help="Of the deadline, if it states none.")] = None,
    calendar: Annotated[
        list[str] | None, typer.Option(metavar="US", help="What business days are counted on; may be repeated.")
    ] = None,
    roll: Annotated[
        str | None, typer.Option(metavar="HOW", help=f"Off weekends and holidays: {', '.join(ROLLS)}.")
    ] = None,
    review_every: Annotated[str | None, typer.Option(metavar="P14D", help="How often to ask where no date is.")] = None,
    source: Annotated[str | None, typer.Option(metavar="KEY", help="A declared source.")] = None,
    source_locator: Annotated[str | None, typer.Option(metavar="WHERE", help="The place in it.")] = None,
    source_quote: Annotated[str | None, typer.Option(metavar="WORDS", help="What it says.")] = None,
    assumption: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="May be repeated.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What to do.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Who adds it; else ALERTS_USER or the login name. Who owes it: --owed-by."),
    ] = None,
    at: At = None,
) -> None:
    """Track one commitment. Parties, a source and its owner must be known already."""
    stated: dict[str, Any] = {
        "key": key, "title": title, "deadline": deadline, "kind": kind, "by": owed_by, "to": to, "owner": owner,
        "priority": priority, "tags": tag, "timezone": timezone, "calendars": calendar, "roll": roll,
        "review_every": review_every, "source": source,
        "source_locator": source_locator, "source_quote": source_quote, "assumptions": assumption, "note": note,
    }  # fmt: skip
    given = {name: value for name, value in stated.items() if value not in (None, [])}
    try:
        commitment = Entry.model_validate(entry_of(given)).commitment({})
    except ValidationError as error:
        raise InputError("\n".join(said for _, said in problems_of(error, Entry, option_of))) from None
    app, now = get_app(context), instant(at)
    adder = _who_adds(by or [], app.store.ledger.parties())
    app.store.people.add(app.settings.people)
    app.store.commitments.add(commitment, Change(now=now, by=adder, reason="added by hand"))
    item = app.store.commitments.find(key)
    out.print(f"{key} is tracked: {describe_bounds(item.bounds)}", markup=False, soft_wrap=True)
    for line in (*skipped_dates([item]), *past_dates([item], now)):
        warn(line)
    warn_without_recipient(app, [item])


def _who_adds(by: Sequence[str], parties: Collection[str]) -> str:
    """Who adds it. Raises where `--by` names a party, as it once did: it says who does it now, not who owes it."""
    if len(by) > 1 or (by and by[0] in parties):
        owed = " ".join(f"--owed-by {one}" for one in by)
        raise typer.BadParameter(
            f"says who adds it, and {', '.join(by)} {'is a party' if len(by) == 1 else 'are several'}: who owes it is "
            f"{owed}", param_hint="--by",
        )  # fmt: skip
    return who(by[0] if by else None)
