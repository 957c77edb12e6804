"""How the processes on a database differ from the files here."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from alerts.cli.app import App
from alerts.cli.output import warn
from alerts.clock import utc_now
from alerts.core.liveness import ALIVE
from alerts.core.registration import differences, tick_may_register
from alerts.core.short_lists import few
from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.process_status import PATIENCE
from alerts.store.database_url import may_exist
from alerts.store.registry import ProcessStatus


def live(app: App) -> list[ProcessStatus]:
    """Return the daemons that are running."""
    return app.store.registrations.processes(utc_now(), ALIVE) if app.store.is_served() else []


def warn_if_rules_differ(app: App) -> None:
    """Warn where a daemon uses other rules than these files, so that it acts differently."""
    if not live(app):
        for line in rules_left_alone(app):
            warn(line)
        return
    others = differences(app.rule_set.hashes, app.store.watches.registered())
    mine, zone = app.settings.timezone, registered_zone(app)
    if zone != mine:
        zones = f"the daemon uses the time zone {zone or 'none'}, these files state {mine or 'none'}"
        warn(f"{zones}; run `alerts reload` to apply these files")
    if others:
        warn(f"the daemon uses other rules: {few(others)}; run `alerts reload` to apply these files")
    elif zone == mine and not app.store.registrations.is_current(app.rule_set.hash):
        warn("the daemon uses other channels or people; run `alerts reload` to apply these files")


def registered_zone(app: App) -> str | None:
    """Return the default zone of deadlines: that of the daemon if one runs, else of the settings."""
    stated = app.settings.timezone
    if not may_exist(app.settings.database) or not live(app):
        return stated
    return app.store.resolved_with.zone(stated)


def rules_left_alone(app: App) -> list[str]:
    """Return a line where no daemon runs and a tick with these files would leave rules unserved."""
    history = app.store.registrations.history()
    if live(app) or tick_may_register(app.rule_set, history, daemon_lives=False, take_over=False):
        return []
    last = history[-1].folder or "another configuration"
    what = f"name that folder with --config, or register {app.settings.folder} with `alerts tick --take-over`"
    goes_by = f"{app.store.name} uses {last}, with other rules or channels"
    return [f"{goes_by}: `alerts tick` would skip them; {what}"]


def configuration_errors(app: App) -> list[str]:
    """Return the problems of the files, and go on with the database alone where it is known.

    The daemon does not apply a broken edit, so it does no harm yet. Raises InputError where no database is known.
    """
    try:
        _ = app.settings
    except InputError as error:
        if not app.rescue():
            raise
        return [f"cannot apply the files: {line}" for line in str(error).splitlines()]
    return []


@frozen(kw_only=True)
class ProcessDifferences:
    """Where processes, what is registered and files differ."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def differences_between_processes(app: App, now: datetime) -> ProcessDifferences:
    """Return rules that no process plans, and files that processes have not applied."""
    found = ProcessDifferences()
    for one in app.store.registrations.processes(now, ALIVE):
        for line, since in one.problems.items():
            late = now - datetime.fromisoformat(since) >= PATIENCE
            (found.problems if late else found.warnings).append(line)
        found.warnings.extend(one.warnings)
    found.problems[:] = dict.fromkeys(found.problems)
    return found
