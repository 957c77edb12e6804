"""The command add."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from alerts.actions.add import add as add_commitment
from alerts.cli.app import App, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.next_alert_lines import print_next_alerts
from alerts.cli.options import (
    At,
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
from alerts.cli.output import print_line, warn
from alerts.cli.unreached_warnings import warn_without_recipient
from alerts.core.changes import Change
from alerts.core.commitments import Commitment
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import entry_of
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.strict_yaml.validation import problems_of
from alerts.views.date_warnings import past_dates, skipped_dates


@cli.command()
def add(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Unique key of the commitment.")],
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Title, on one line.")],
    deadline: Annotated[str, typer.Argument(metavar="DEADLINE", help="As in a file, such as 'after 2025-11-10'.")],
    kind: Kind = None,
    owed_by: OwedBy = None,
    to: OwedTo = None,
    owner: OwnerKey = None,
    priority: Priority = None,
    tag: Annotated[Texts, typer.Option(metavar="TAG", help="Tag (repeatable).")] = None,
    timezone: Timezone = None,
    calendar: Calendars = None,
    roll: Roll = None,
    review_every: ReviewEvery = None,
    source: Annotated[str | None, typer.Option(metavar="KEY", help="Key of a known source.")] = None,
    source_locator: SourceLocator = None,
    source_quote: SourceQuote = None,
    assumption: Annotated[Texts, typer.Option(metavar="TEXT", help="Assumption (repeatable).")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What to do.")] = None,
    by: Annotated[
        Texts,
        typer.Option(metavar="NAME", help="Your name (default: ALERTS_USER or the login name). Not who owes it."),
    ] = None,
    at: At = None,
) -> None:
    """Track one commitment. Its parties, source and owner must be known already."""
    commitment = _commitment_of({
        "key": key, "title": title, "deadline": deadline, "kind": kind, "by": owed_by, "to": to, "owner": owner,
        "priority": priority, "tags": tag, "timezone": timezone, "calendars": calendar, "roll": roll,
        "review_every": review_every, "source": source,
        "source_locator": source_locator, "source_quote": source_quote, "assumptions": assumption, "note": note,
    })  # fmt: skip
    app, now = get_app(context), instant(at)
    _add(app, commitment, Change(now=now, by=_who_adds(by or [], app.store.ledger.parties()), reason="added by hand"))


def _commitment_of(stated: Mapping[str, Any]) -> Commitment:
    """Return the commitment that the options state. Raises InputError with a line for each problem."""
    given = {name: value for name, value in stated.items() if value not in (None, [])}
    try:
        return CommitmentEntry.model_validate(entry_of(given)).commitment({})
    except ValidationError as error:
        raise InputError("\n".join(line for _, line in problems_of(error, CommitmentEntry, option_of))) from None


def _add(app: App, commitment: Commitment, change: Change) -> None:
    """Store a commitment. Print its dates, and warnings about them."""
    app.store.people.add(app.settings.people)
    add_commitment(app.store, commitment, change)
    item = app.store.commitments.find(commitment.key)
    print_line(f"{commitment.key} is tracked: {describe_bounds(item.bounds)}")
    print_next_alerts(app, [commitment.key], change.now)
    for line in (*skipped_dates([item]), *past_dates([item], change.now)):
        warn(line)
    warn_without_recipient(app, [item])


def _who_adds(by: Sequence[str], parties: Collection[str]) -> str:
    """Return who adds it. Raises where `--by` names a party, as it did in older versions."""
    if len(by) > 1 or (by and by[0] in parties):
        owed = " ".join(f"--owed-by {one}" for one in by)
        raise typer.BadParameter(
            f"states who adds it, but {', '.join(by)} {'is a party' if len(by) == 1 else 'are several'}; to state "
            f"who owes it, use {owed}", param_hint="--by",
        )  # fmt: skip
    return who(by[0] if by else None)
