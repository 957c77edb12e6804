"""A single turn on a database that others may serve with other rules."""

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
from alerts.core.owners import OWNER
from alerts.core.registration import ALIVE, Registered, Registration, tick_may_register
from alerts.deadlines.errors import InputError
from alerts.delivery import ChannelWorker
from alerts.process_status import few, notes
from alerts.scheduled_rules import ScheduledRule
from alerts.store.registry import ProcessStatus

log = logging.getLogger(__name__)

LEFT_ALONE = 3  # the exit code where rules were left alone that no daemon plans


@dataclass(frozen=True, slots=True, kw_only=True)
class TickScope:
    """What a single turn may plan and hand over. `left_to_nobody`: whether nobody plans what it leaves alone."""

    registered: Registered
    rules: Mapping[str, ScheduledRule]
    channels: Mapping[str, Channel]
    left_to_nobody: bool


def begin_turn(app: App, now: datetime, *, alone: bool, take_over: bool) -> TickScope:
    """Register the rules where a turn may, or else say which it leaves alone.

    Where others are registered it plans only rules that mean the same, through channels that are the same: a reminder
    that went to other recipients would be lost to those whom it is for.
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
    same = {name for name, old_mark in mine.channels.items() if registered.channels.get(name) == old_mark}
    channels = {name: channel for name, channel in app.channels.items() if name in same}
    rules = {name: scheduled for name, scheduled in app.rules.items() if _notifies_only(app, scheduled, same)}
    _say(app, registered, set(app.rules) - set(rules), daemon_lives=daemon_lives)
    return TickScope(registered=registered, rules=rules, channels=channels, left_to_nobody=not daemon_lives)


@contextmanager
def stopping_on_signals(workers: Iterable[ChannelWorker]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a turn after what is in flight; the second time at once."""
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
    """Whether a rule notifies no channel but these."""
    notified = {app.settings.owners_channel if word == OWNER else word for word in scheduled.rule.notify}
    return notified <= set(channels)


def _refuse_take_over(app: App, daemons: Sequence[ProcessStatus]) -> NoReturn:
    """Refuse to register rules that a daemon would replace with its own a minute later."""
    named = [f"{one.host} (process {one.pid}, {one.folder or 'no folder'})" for one in daemons]
    raise InputError(
        f"{app.store.name} is served by {few(named) or 'another process'}: `alerts reload` lets a daemon take its "
        "files over; to register others, end it first"
    )


def _say(app: App, registered: Registered, elsewhere: Collection[str], *, daemon_lives: bool) -> None:
    left = few(sorted({*registered.left_alone, *elsewhere})) or "none"
    last = app.store.registrations.history()[-1].folder or "another configuration"
    what = (
        "a daemon serves it: `alerts reload` takes changed files over there"
        if daemon_lives
        else f"name that folder with --config, or register {app.settings.folder} with `alerts tick --take-over`"
    )
    warn(f"{app.store.name} goes by {last}, with other rules or channels. Left alone: {left}; {what}")
