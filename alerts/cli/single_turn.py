"""A single turn on a database that other processes may serve with other rules."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import typer

from alerts.channels import Channel
from alerts.cli.app import App
from alerts.cli.output import warn
from alerts.clock import utc_now
from alerts.core.liveness import ALIVE
from alerts.core.owners import OWNER
from alerts.core.registration import Registered, Registration, tick_may_register
from alerts.core.short_lists import few
from alerts.deadlines.errors import InputError
from alerts.delivery import ChannelWorker
from alerts.process_status import notes
from alerts.scheduled_rules import ScheduledRule
from alerts.store.registry import ProcessStatus

log = logging.getLogger(__name__)

LEFT_ALONE = 3  # the exit code where a turn skipped rules that no daemon plans


@dataclass(frozen=True, slots=True, kw_only=True)
class TickScope:
    """What a single turn may plan and send. `left_to_nobody`: whether no process plans what it skips."""

    registered: Registered
    rules: Mapping[str, ScheduledRule]
    channels: Mapping[str, Channel]
    left_to_nobody: bool


def begin_turn(app: App, now: datetime, *, alone: bool, take_over: bool) -> TickScope:
    """Register the rules where a turn may, or else warn which it skips.

    Where others are registered, it plans only unchanged rules through unchanged channels. Otherwise a reminder could
    go to the wrong recipients and be missing for the right ones.
    """
    store, mine = app.store, app.rule_set
    daemons = store.registrations.processes(utc_now(), ALIVE)
    daemon_lives = not alone or bool(daemons)
    if take_over and daemon_lives and not store.registrations.is_current(mine.hash):
        _refuse_take_over(app, daemons)

    def may(history: Sequence[Registration], _: Collection[str]) -> bool:
        return tick_may_register(mine, history, daemon_lives=daemon_lives, take_over=take_over)

    by = f"tick:{socket.gethostname()}:{os.getpid()}"
    registered = store.registrations.register(mine, now, by=by, alive=ALIVE, may=may, real=utc_now())
    if registered.is_mine:
        for line in notes(registered, utc_now()):
            log.warning("%s", line)
        store.registrations.end_removed(min(now, utc_now()))  # never early, whatever moment the turn is for
        return TickScope(registered=registered, rules=app.rules, channels=app.channels, left_to_nobody=False)
    same = {name for name, registered_hash in mine.channels.items() if registered.channels.get(name) == registered_hash}
    channels = {name: channel for name, channel in app.channels.items() if name in same}
    rules = {name: scheduled for name, scheduled in app.rules.items() if _notifies_only(app, scheduled, same)}
    _warn_left_alone(app, registered, set(app.rules) - set(rules), daemon_lives=daemon_lives)
    return TickScope(registered=registered, rules=rules, channels=channels, left_to_nobody=not daemon_lives)


@contextmanager
def stopping_on_signals(workers: Iterable[ChannelWorker]) -> Iterator[None]:
    """End a turn on Ctrl-C or SIGTERM after the sends in flight. A second signal ends it at once."""
    came: list[int] = []

    def end(number: int, _: object) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)
        for worker in workers:
            worker.retired.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise typer.Exit(128 + came[0])


def _notifies_only(app: App, scheduled: ScheduledRule, channels: Collection[str]) -> bool:
    """Return whether a rule notifies only these channels."""
    notified = {app.settings.owners_channel if name == OWNER else name for name in scheduled.rule.notify}
    return notified <= set(channels)


def _refuse_take_over(app: App, daemons: Sequence[ProcessStatus]) -> NoReturn:
    """Raise, because the daemon would replace the rules with its own a minute later."""
    named = [f"{one.host} (process {one.pid}, {one.folder or 'no folder'})" for one in daemons]
    raise InputError(
        f"{app.store.name} is served by {few(named) or 'another process'}: `alerts reload` applies its files; "
        "to register others, stop it first"
    )


def _warn_left_alone(app: App, registered: Registered, elsewhere: Collection[str], *, daemon_lives: bool) -> None:
    left = few(sorted({*registered.left_alone, *elsewhere})) or "none"
    last = app.store.registrations.history()[-1].folder or "another configuration"
    what = (
        "a daemon serves it; run `alerts reload` there to apply changed files"
        if daemon_lives
        else f"name that folder with --config, or register {app.settings.folder} with `alerts tick --take-over`"
    )
    warn(f"{app.store.name} uses {last}, with other rules or channels. Skipped: {left}; {what}")
