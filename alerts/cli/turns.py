"""A single turn on a database that others may serve with other rules."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.channels import Channel
from alerts.cli.wiring import Office, warn
from alerts.clock import utc_now
from alerts.core.owners import OWNER
from alerts.core.registration import Registered, Registration, tick_may
from alerts.processes import ALIVE, announce, few
from alerts.tick import Ruled

LEFT_ALONE = 3  # the exit code where rules were left alone that no daemon plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a single turn may plan and hand over. `left_to_nobody`: whether nobody plans what it leaves alone."""

    registered: Registered
    rules: Mapping[str, Ruled]
    channels: Mapping[str, Channel]
    left_to_nobody: bool


def begin_turn(here: Office, now: datetime, *, alone: bool, take_over: bool) -> Turn:
    """Register the rules where a turn may, or else say which it leaves alone.

    Where others are registered it plans only rules that mean the same, through channels that are the same: a reminder
    that went to other recipients would be lost to those whom it is for.
    """
    store, mine = here.store, here.rule_set
    daemon_lives = not alone or bool(store.registrations.processes(utc_now(), ALIVE))

    def may(history: Sequence[Registration], _: Collection[str]) -> bool:
        return tick_may(mine, history, daemon_lives=daemon_lives, take_over=take_over)

    by = f"tick:{socket.gethostname()}:{os.getpid()}"
    registered = store.registrations.register(mine, now, by=by, alive=ALIVE, may=may)
    announce(registered, now)
    if registered.is_mine:
        store.registrations.end_removed(now)
        return Turn(registered=registered, rules=here.rules, channels=here.channels, left_to_nobody=False)
    same = {name for name, mark in mine.channels.items() if registered.channels.get(name) == mark}
    channels = {name: channel for name, channel in here.channels.items() if name in same}
    rules = {name: ruled for name, ruled in here.rules.items() if _reaches_only(here, ruled, same)}
    _say(here, registered, set(here.rules) - set(rules), daemon_lives=daemon_lives)
    return Turn(registered=registered, rules=rules, channels=channels, left_to_nobody=not daemon_lives)


def _reaches_only(here: Office, ruled: Ruled, channels: Collection[str]) -> bool:
    """Whether a rule notifies no channel but these."""
    told = {here.settings.owners_channel if word == OWNER else word for word in ruled.rule.notify}
    return told <= set(channels)


def _say(here: Office, registered: Registered, elsewhere: Collection[str], *, daemon_lives: bool) -> None:
    left = few(sorted({*registered.left_alone, *elsewhere})) or "none"
    last = here.store.registrations.history()[-1].folder or "another configuration"
    what = (
        "a daemon serves it: `alerts reload` takes changed files over there"
        if daemon_lives
        else f"name that folder with --config, or register {here.settings.folder} with `alerts tick --take-over`"
    )
    warn(f"{here.store.name} goes by {last}, with other rules or channels. Left alone: {left}; {what}")
