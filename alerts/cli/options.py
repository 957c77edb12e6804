"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from alerts.deadlines.business_days import ROLLS

if TYPE_CHECKING:
    from alerts.strict_yaml.yaml_events import Steps


def option_of(steps: Steps) -> str:
    """Return the option or argument that states a part of an entry."""
    name = str(steps[0]) if steps else ""
    if name == "source" and len(steps) > 1 and steps[1] != "key":
        name = f"source_{steps[1]}"
    if name in ("key", "title", "deadline"):
        return name.upper()
    return "--" + {"by": "owed_by", "tags": "tag", "assumptions": "assumption", "calendars": "calendar"}.get(
        name, name
    ).replace("_", "-")


OTHER_ZONE = "2025-11-14[Europe/Paris]"
OneOccurrence = Annotated[
    str, typer.Option("--occurrence", metavar="NAME", help="Only this occurrence, such as 2025-11-30.")
]
Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="One or more keys. If one fails, none changes.")]
AllOccurrences = Annotated[bool, typer.Option("--all", help="All occurrences, including future ones.")]


def either_occurrence_or_all(occurrence: str, *, all_occurrences: bool) -> None:
    """Raise where both --occurrence and --all are given."""
    if occurrence and all_occurrences:
        raise typer.BadParameter(
            "names one occurrence and --all means all of them: use one of the two", param_hint="--occurrence"
        )


At = Annotated[
    str | None, typer.Option("--at", metavar="T", help="Use this as the current time, such as 2025-10-28T00:00Z.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Your name (default: ALERTS_USER or the login name).")
]
Texts = list[str] | None
Kind = Annotated[str | None, typer.Option(metavar="KIND", help="obligation, expiry, event, request, …")]
Priority = Annotated[str | None, typer.Option(metavar="P", help="low, normal, high, critical")]
OwnerKey = Annotated[str | None, typer.Option("--owner", metavar="KEY", help="Owner: the key of a person.")]
OwedBy = Annotated[Texts, typer.Option("--owed-by", metavar="KEY", help="Who owes it (repeatable).")]
OwedTo = Annotated[Texts, typer.Option("--to", metavar="KEY", help="Who is owed (repeatable).")]
Timezone = Annotated[str | None, typer.Option(metavar="Z", help="Time zone of the deadline, if it names none.")]
Calendars = Annotated[Texts, typer.Option("--calendar", metavar="US", help="Business-day calendar (repeatable).")]
Roll = Annotated[str | None, typer.Option(metavar="HOW", help=f"Off weekends and holidays: {', '.join(ROLLS)}.")]
ReviewEvery = Annotated[str | None, typer.Option(metavar="P14D", help="How often to remind while there is no date.")]
SourceLocator = Annotated[str | None, typer.Option(metavar="WHERE", help="Place in the source.")]
SourceQuote = Annotated[str | None, typer.Option(metavar="TEXT", help="Quote from the source.")]
Because = Annotated[str | None, typer.Option("--because", metavar="WHY", help="Reason, kept in the history.")]
