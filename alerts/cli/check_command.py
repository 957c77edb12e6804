"""The command check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

import typer

from alerts.cli import restated_report
from alerts.cli.app import App, get_app, instant, warn_if_nobody_is_reached
from alerts.cli.command_group import cli
from alerts.cli.left_out_report import warn_of_left_out
from alerts.cli.options import At
from alerts.cli.other_processes import (
    warn_if_rules_differ,
)
from alerts.cli.output import counted, warn
from alerts.cli.problems import problems, read_settings
from alerts.cli.sign_in_report import sign_in_line, sign_in_warnings
from alerts.cli.terminal import Terminal
from alerts.cli.warnings import by_text, early_warnings
from alerts.core.rules import DEFAULT_RULE
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.forecasting import FOR_EVER
from alerts.store.matched_facts import MatchedGroup, keys_of
from alerts.views.absent_owners import absent_owners
from alerts.views.date_warnings import MAY_SKIP, skipping
from alerts.views.samples import samples
from alerts.views.settings_warnings import channel_warnings, held_sending, rule_warnings
from alerts.views.shown_times import days_after, shown_with_zone
from alerts.views.silent_commitments import silent_commitments
from alerts.views.unreached import open_groups, unreached_texts

MOST_SKIPPING = 1_000  # lines about dates that some months do not have: each takes milliseconds to work out
MOST_LOOKED_AT = 2_000  # commitments: of more, those with the next alerts are looked at
out = Terminal()


@cli.command()
def check(context: typer.Context, at: At = None) -> None:
    """Check configuration, secrets, rules, channels and templates."""
    app, now = get_app(context), instant(at)
    read_settings(app)
    sample_reminders = samples(now)
    if errors := problems(app, sample_reminders, now):
        raise InputError("\n".join(errors))
    channels = app.channels
    groups = list(open_groups(app))
    for line in by_text(unreached_texts(app, groups)):
        warn(line)
    silent, unknown = silent_commitments(app, now, days_after(now, 3660))
    for line in by_text({"no alerts in the next ten years": silent}):
        warn(line)
    if unknown:
        warn(f"{unknown:,} more have changed: check again after the next tick, which works out their alerts")
    if (graced := app.store.commitments.graced()) and graced[1] > now:
        count, ends = graced
        many = "acknowledgement of an older version ends" if count == 1 else "acknowledgements of an older version end"
        warn(f"{count} {many} {shown_with_zone(ends, app.zone)}: `alerts plan --upgrade` shows what goes out then")
    for line in (*held_sending(app), *early_warnings(app, _next_alerted(app, groups), now), *_skipped_dates(app)):
        warn(line)
    owners = {group.commitment.owner for group in groups if group.commitment.owner}
    for line in (
        *rule_warnings(app, channels),
        *app.renderer.uses_of_renamed(),
        *absent_owners(app, owners, partial(_owned_by, app, groups), now),
        *channel_warnings(app, channels, app.signing, now),
        *sign_in_warnings(app.settings),
    ):
        warn(line)
    undecided = app.store.commitments.restated()
    for one in undecided:
        warn(restated_report.line(one))
    if undecided:
        warn(f"{len(undecided)} closed but listed again: {restated_report.WHAT_TO_DO}")
    warn_of_left_out(app)
    warn_if_nobody_is_reached(app)
    warn_if_rules_differ(app)
    _print_result(app)


def _print_result(app: App) -> None:
    if how := sign_in_line(app.settings):
        out.print(how)
    named = [rule for rule in app.settings.rules if rule.name != DEFAULT_RULE]
    out.print(f"ok: {counted(len(app.channels), 'channel')}, {counted(len(named), 'rule')}; templates: OK")


def _next_alerted(app: App, groups: Iterable[MatchedGroup]) -> Iterable[Tracked]:
    """Return what is open; of very many, those with the next alerts. `groups` are all that is open."""
    if sum(group.count for group in groups) <= MOST_LOOKED_AT:
        return app.store.ledger.tracked()
    soon = app.store.watches.next_due(FOR_EVER, MOST_LOOKED_AT)
    return app.store.open_commitments.read({number for _, number in soon}).values()


def _skipped_dates(app: App) -> Iterator[str]:
    found = list(islice(skipping(app.store.open_commitments.recurring(MAY_SKIP)), MOST_SKIPPING + 1))
    yield from found[:MOST_SKIPPING]
    if len(found) > MOST_SKIPPING:
        yield "more commitments recur on days that some months or years do not have"


def _owned_by(app: App, groups: Iterable[MatchedGroup], owner: str) -> Sequence[str]:
    return keys_of(app.store.database, [group for group in groups if group.commitment.owner == owner])
