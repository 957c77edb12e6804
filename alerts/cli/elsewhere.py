"""What the processes on a database go by, where that is not what the files here say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from alerts.cli.wiring import Office, warn
from alerts.clock import utc_now
from alerts.core.errors import InputError
from alerts.core.registration import ALIVE, differences, tick_may
from alerts.processes import PATIENCE, few
from alerts.store import ProcessStatus
from alerts.store.addresses import may_exist


def live(here: Office) -> list[ProcessStatus]:
    """The daemons that are up now."""
    return here.store.registrations.processes(utc_now(), ALIVE) if here.store.is_served() else []


def warn_of_other_rules(here: Office) -> None:
    """Say where a daemon goes by other rules than these files: what is shown here is not what it does."""
    if not live(here):
        for line in left_alone(here):
            warn(line)
        return
    others = differences(here.rule_set.hashes, here.store.watches.registered())
    mine, zone = here.settings.timezone, registered_zone(here)
    if zone != mine:
        zones = f"the daemon goes by the time zone {zone or 'none'}, these files by {mine or 'none'}"
        warn(f"{zones}; `alerts reload` takes these files over")
    if others:
        warn(f"other rules than the daemon: {few(others)}; `alerts reload` takes these files over")
    elif zone == mine and not here.store.registrations.is_current(here.rule_set.hash):
        warn("other channels or people than the daemon; `alerts reload` takes these files over")


def registered_zone(here: Office) -> str | None:
    """The settings' zone that deadlines are resolved with: while a daemon lives, the one that it registered."""
    stated = here.settings.timezone
    if not may_exist(here.settings.database) or not live(here):
        return stated
    return here.store.resolved_with.zone(stated)


def left_alone(here: Office) -> list[str]:
    """Return a line where no daemon lives and a tick with these files would leave rules to nobody."""
    history = here.store.registrations.history()
    if live(here) or tick_may(here.rule_set, history, daemon_lives=False, take_over=False):
        return []
    last = history[-1].folder or "another configuration"
    what = f"name that folder with --config, or register {here.settings.folder} with `alerts tick --take-over`"
    goes_by = f"{here.store.name} goes by {last}, with other rules or channels"
    return [f"{goes_by}: `alerts tick` would leave them alone; {what}"]


def unreadable(here: Office) -> list[str]:
    """Return what is wrong with the files, where the database can be found all the same, and go on with that.

    A broken edit is not taken over, and so is no trouble yet. Raises InputError where the database cannot be found.
    """
    try:
        _ = here.settings
    except InputError as error:
        if not here.rescue():
            raise
        return [f"the files cannot be taken over: {line}" for line in str(error).splitlines()]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreements:
    """Where processes, what is registered and files differ."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def disagreements(here: Office, now: datetime) -> Disagreements:
    """What the live processes say of rules that nobody plans, and of files that they have not taken over."""
    found = Disagreements()
    for one in here.store.registrations.processes(now, ALIVE):
        for line, since in one.problems.items():
            late = now - datetime.fromisoformat(since) >= PATIENCE
            (found.problems if late else found.warnings).append(line)
        found.warnings.extend(one.warnings)
    found.problems[:] = dict.fromkeys(found.problems)
    return found
