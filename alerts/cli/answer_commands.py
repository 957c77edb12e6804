"""The commands ack, snooze and unack."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated

import typer

from alerts.actions.acknowledge import acknowledge
from alerts.actions.preconditions import name_of
from alerts.actions.snooze import snooze as snooze_commitments
from alerts.actions.withdraw_answers import withdraw_answers
from alerts.cli.app import App, change_of, day_or_instant, get_app
from alerts.cli.command_group import cli
from alerts.cli.next_alert_lines import print_next_alerts
from alerts.cli.options import AllOccurrences, At, Because, By, Keys, OneOccurrence, either_occurrence_or_all
from alerts.cli.output import print_line
from alerts.core.rules import matching
from alerts.core.schedule.answers import KIND_PAUSED_AT, acknowledged_stage, paused_until
from alerts.core.stages import Stage
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.views.shown_times import shown_with_zone

AT_STAGE: dict[Stage, str] = {"ahead": "before it is due", "due": "while it is due"}


@cli.command()
def ack(
    context: typer.Context,
    keys: Keys,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="T", help="Pause until this day (inclusive) or time."),
    ] = None,
    because: Because = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    by: By = None,
    at: At = None,
) -> None:
    """Acknowledge commitments. This pauses their repeated reminders.

    By default: 7 days when overdue, 30 days when under review.
    """
    app, change = get_app(context), change_of(at, by, because)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    ends = _ends(app, keys, occurrence, until, change.now)
    done = acknowledge(app.store, keys, ends, change, occurrence, all_occurrences=all_occurrences)
    found = {key: app.store.commitments.find(key) for key, _ in done}
    for key, name in done:
        item = found[key].at(name)
        print_line(f"{name_of(item)} is acknowledged by {change.by}: {_effect(app, item, change.now)}")
    print_next_alerts(app, keys, change.now)


def _effect(app: App, item: Tracked, now: datetime) -> str:
    """Return what an acknowledgement pauses, and until when."""
    stage = acknowledged_stage(item)
    assert stage is not None
    if stage not in KIND_PAUSED_AT:
        return f"{AT_STAGE[stage]}, so alerts go on as before"
    ends = paused_until(matching(app.settings.rules, item.commitment), item, now)
    return f"reminders paused until {shown_with_zone(ends, app.zone)}"


@cli.command()
def snooze(
    context: typer.Context,
    keys: Keys,
    until: Annotated[str, typer.Option("--until", metavar="T", help="Until this day (inclusive) or time.")],
    for_all: Annotated[bool, typer.Option("--for-all", help="Pause for everybody, not only for you.")] = False,
    past_due: Annotated[bool, typer.Option("--past-due", help="Allow an end after the deadline.")] = False,
    because: Because = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    by: By = None,
    at: At = None,
) -> None:
    """Pause alerts until T. Moves and closings still go out.

    At T, the latest alert that was silenced goes out.
    """
    app, change = get_app(context), change_of(at, by, because)
    recipient = None if for_all else _recipient(app, change.by)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    ends = _ends(app, keys, occurrence, until, change.now)
    snooze_commitments(
        app.store,
        keys,
        ends,
        change,
        occurrence,
        recipient=recipient,
        past_due=past_due,
        all_occurrences=all_occurrences,
    )
    whom = recipient or "everybody"
    for key, end in ends.items():
        what = f"{key} {occurrence}".rstrip()
        line = f"{what} is snoozed for {whom} until {shown_with_zone(end, app.zone)}"
        print_line(line)
    print_next_alerts(app, keys, change.now, {} if for_all else {key: end for key, end in ends.items() if end})


@cli.command()
def unack(
    context: typer.Context,
    keys: Keys,
    because: Because = None,
    occurrence: OneOccurrence = "",
    all_occurrences: AllOccurrences = False,
    by: By = None,
    at: At = None,
) -> None:
    """Undo acknowledgements and snoozes."""
    app = get_app(context)
    change = change_of(at, by, because)
    either_occurrence_or_all(occurrence, all_occurrences=all_occurrences)
    for key, name, ended in withdraw_answers(app.store, keys, change, occurrence, all_occurrences=all_occurrences):
        what = f"{key} {name}".rstrip()
        print_line(f"{what}: {', '.join(ended)} taken back")
    print_next_alerts(app, keys, change.now)


def _ends(
    app: App, keys: Sequence[str], occurrence: str, until: str | None, now: datetime
) -> dict[str, datetime | None]:
    """Read `--until` in the zone of each commitment. The store refuses unknown keys.

    Raises InputError where it has passed.
    """
    found: dict[str, datetime | None] = {}
    for key in dict.fromkeys(keys):
        try:
            zone = app.store.commitments.find(key).at(occurrence).bounds.zone or app.zone
        except InputError:
            zone = app.zone
        found[key] = day_or_instant(until, zone) if until else None
        if (end := found[key]) is not None and end <= now:
            raise InputError(f"--until {until} has passed already")
    return found


def _recipient(app: App, name: str) -> str:
    """Return the address that a name stands for. Raises InputError for an unknown name."""
    people = app.people
    if name in people:
        return people[name].email
    addresses = {person.email for person in people.values()}
    for entry in app.settings.channels:
        with suppress(InputError):  # a channel that cannot be built reaches nobody
            addresses |= {one for one in app.channel(entry.name).recipients if one}
    found = next((one for one in sorted(addresses) if one.lower() == name.lower()), None)
    if found is None:
        near = did_you_mean(name, [*people, *addresses])
        raise InputError(
            f"{name!r} is neither a declared person nor a recipient{near}: name one with --by, or snooze for "
            "everybody with --for-all"
        )
    return found
