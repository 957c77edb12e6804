"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts.cli.app import App, cli
from alerts.strict_yaml.yaml_events import Steps


def option_of(steps: Steps) -> str:
    """Return what a part of an entry is called on the command line."""
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
    str, typer.Option("--occurrence", metavar="NAME", help="Of what recurs only this one: 2025-11-30.")
]
Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="One or more; all of them or none.")]
AllOccurrences = Annotated[
    bool, typer.Option("--all", help="Of what recurs the whole: all occurrences, those to come too.")
]


def either_occurrence_or_all(occurrence: str, *, all_occurrences: bool) -> None:
    """Raise where one occurrence is named, and the whole as well."""
    if occurrence and all_occurrences:
        raise typer.BadParameter(
            "names one occurrence, and --all the whole: use one of them", param_hint="--occurrence"
        )


Config = Annotated[
    Path | None, typer.Option("--config", metavar="DIR", help="Folder of configuration; else ALERTS_CONFIG, ./config.")
]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="Database address; else ALERTS_DATABASE, the config's.")
]
At = Annotated[str | None, typer.Option("--at", metavar="T", help="Take this for the time, such as 2025-10-28T00:00Z.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it; else ALERTS_USER or the login name.")
]


@cli.callback()
def _before(context: typer.Context, config: Config = None, database: DatabaseUrl = None) -> None:
    context.obj = App(config, database)
