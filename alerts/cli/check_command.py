"""The command check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

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
from alerts.forecasting import keys_with_alerts
from alerts.views.absent_owners import absent_owners
from alerts.views.date_warnings import skipped_dates
from alerts.views.samples import samples
from alerts.views.settings_warnings import channel_warnings, held_sending, rule_warnings
from alerts.views.shown_times import shown_with_zone
from alerts.views.unreached import ONLY_FOLLOW_UP, without_known_owner, without_recipient

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
    tracked = app.store.ledger.tracked()
    unreached = _warn_without_recipient(app, tracked)
    coming = {*keys_with_alerts(app.store, app.rules, now, now + timedelta(days=3660), app.owners), *unreached}
    silent = [item.commitment.key for item in tracked if item.commitment.key not in coming]
    for line in by_text((key, "no alerts in the next ten years") for key in silent):
        warn(line)
    if (graced := app.store.commitments.graced()) and graced[1] > now:
        count, ends = graced
        many = "acknowledgement of an older version ends" if count == 1 else "acknowledgements of an older version end"
        warn(f"{count} {many} {shown_with_zone(ends, app.zone)}: `alerts plan --upgrade` shows what goes out then")
    for line in (*held_sending(app), *early_warnings(app, tracked, now), *skipped_dates(tracked)):
        warn(line)
    still_open = (one.commitment for one in tracked if one.open)
    for line in (
        *rule_warnings(app, channels),
        *app.renderer.uses_of_renamed(),
        *absent_owners(app, still_open, now),
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


def _warn_without_recipient(app: App, tracked: Sequence[Tracked]) -> set[str]:
    """Warn of commitments without recipients or with the default ones. Return the keys of those without."""
    found = without_recipient(app, tracked, app.owners)
    ownerless = list(without_known_owner(app, tracked))
    named = {key for key, _, _ in ownerless}
    warned = [(key, "no rule matches, so no alerts go out") for key in found.ruleless]
    warned += [(key, f"{ONLY_FOLLOW_UP}, so no alerts go out") for key in found.unstarted]
    for names, keys in found.default.items():
        text = f"no rule matches; alerts go to default_notify ({', '.join(names)})"
        warned += [(key, text) for key in keys if key not in named]
    for line in by_text([*warned, *((key, text) for key, text, _ in ownerless)]):
        warn(line)
    return {*found.ruleless, *found.unstarted, *(key for key, _, alone in ownerless if alone)}
