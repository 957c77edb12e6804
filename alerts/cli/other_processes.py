"""What the processes on a database go by, where that is not what the files here say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from alerts.cli.app import App
from alerts.cli.output import warn
from alerts.clock import utc_now
from alerts.core.registration import ALIVE, differences, tick_may_register
from alerts.deadlines.errors import InputError
from alerts.process_status import PATIENCE, few
from alerts.store.database_url import may_exist
from alerts.store.registry import ProcessStatus


def live(app: App) -> list[ProcessStatus]:
    """The daemons that are up now."""
    return app.store.registrations.processes(utc_now(), ALIVE) if app.store.is_served() else []


def warn_if_rules_differ(app: App) -> None:
    """Say where a daemon goes by other rules than these files: what is shown here is not what it does."""
    if not live(app):
        for line in rules_left_alone(app):
            warn(line)
        return
    others = differences(app.rule_set.hashes, app.store.watches.registered())
    mine, zone = app.settings.timezone, registered_zone(app)
    if zone != mine:
        zones = f"the daemon goes by the time zone {zone or 'none'}, these files by {mine or 'none'}"
        warn(f"{zones}; `alerts reload` takes these files over")
    if others:
        warn(f"other rules than the daemon: {few(others)}; `alerts reload` takes these files over")
    elif zone == mine and not app.store.registrations.is_current(app.rule_set.hash):
        warn("other channels or people than the daemon; `alerts reload` takes these files over")


def registered_zone(app: App) -> str | None:
    """The settings' zone that deadlines are resolved with: while a daemon lives, the one that it registered."""
    stated = app.settings.timezone
    if not may_exist(app.settings.database) or not live(app):
        return stated
    return app.store.resolved_with.zone(stated)


def rules_left_alone(app: App) -> list[str]:
    """Return a line where no daemon lives and a tick with these files would leave rules to nobody."""
    history = app.store.registrations.history()
    if live(app) or tick_may_register(app.rule_set, history, daemon_lives=False, take_over=False):
        return []
    last = history[-1].folder or "another configuration"
    what = f"name that folder with --config, or register {app.settings.folder} with `alerts tick --take-over`"
    goes_by = f"{app.store.name} goes by {last}, with other rules or channels"
    return [f"{goes_by}: `alerts tick` would leave them alone; {what}"]


def configuration_errors(app: App) -> list[str]:
    """Return what is wrong with the files, where the database can be found all the same, and go on with that.

    A broken edit is not taken over, and so is no trouble yet. Raises InputError where the database cannot be found.
    """
    try:
        _ = app.settings
    except InputError as error:
        if not app.rescue():
            raise
        return [f"the files cannot be taken over: {line}" for line in str(error).splitlines()]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDifferences:
    """Where processes, what is registered and files differ."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def differences_between_processes(app: App, now: datetime) -> ProcessDifferences:
    """What the live processes say of rules that nobody plans, and of files that they have not taken over."""
    found = ProcessDifferences()
    for one in app.store.registrations.processes(now, ALIVE):
        for line, since in one.problems.items():
            late = now - datetime.fromisoformat(since) >= PATIENCE
            (found.problems if late else found.warnings).append(line)
        found.warnings.extend(one.warnings)
    found.problems[:] = dict.fromkeys(found.problems)
    return found
