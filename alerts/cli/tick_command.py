"""The command tick."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At, Json
from alerts.cli.single_turn import LEFT_ALONE, TickScope, begin_turn, stopping_on_signals
from alerts.cli.terminal import Terminal
from alerts.clock import utc_now
from alerts.clock_check import ClockCheck
from alerts.deadlines.errors import InputError
from alerts.delivery import ChannelWorker
from alerts.failure_handling import handle_failures
from alerts.log_output import start_log
from alerts.planning import plan as plan_due
from alerts.startup import prepare
from alerts.store.outbox.tidying import tidy
from alerts.turn_delivery import deliver
from alerts.views.monthly_audits import MonthlyAudits
from alerts.views.shown_times import shown_with_zone

out = Terminal()


TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Register these rules even if another configuration is registered.")
]


@cli.command()
def tick(context: typer.Context, at: At = None, take_over: TakeOver = False, as_json: Json = False) -> None:
    """Plan and send what is due, once, then exit."""
    app, now = get_app(context), instant(at)
    start_log(app.settings.redaction, app.settings.log)
    workers = app.workers(lambda: now, outlasts_damage=False)  # first: a channel that cannot be built is an error
    check = ClockCheck(app.store, lambda: now, app.second_clock)
    if hold := app.store.held_sending.find():
        raise InputError(hold.text(lambda at: shown_with_zone(at, app.zone)))
    with stopping_on_signals(workers), app.store.turn() as alone:
        if at is None and not check.begin():
            raise InputError(
                "the clock may be wrong, so nothing was planned or sent; correct it, or run `alerts clock accept`"
            )
        turn = begin_turn(app, now, alone=alone, take_over=take_over)
        prepare(app.store, app.rules, now, registered=turn.registered, real=utc_now())
        audits = MonthlyAudits(app.store.database, app.zone, app.settings.shared_addresses)
        planned = plan_due(app.store, turn.rules, turn.channels, now, audit=audits.find)
        mine = [worker for worker in workers if worker.channel.name in turn.channels]
        done = _send(app, turn, mine, now)
        if done["sent"] and any(one.rule.remind.unanswered for one in turn.rules.values()):
            # Else `plan`, `list` and `check` would not know before the next tick that answers are awaited now.
            planned += plan_due(app.store, turn.rules, turn.channels, now, audit=audits.find)
            done += _send(app, turn, mine, now)
        if at is None:
            check.swept()
        app.store.check_indexes(now)  # last, after the sends
        app.store.uploads.forget_old(now)
        tidy(app.store.database, now, app.settings.kept, real=utc_now())
    for channel in app.channels.values():
        channel.close()
    if as_json:
        print(json.dumps({"planned": planned, **done}))
    else:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(done.items())) or "nothing to send"
        out.print(f"{planned} planned; {ends}")
    if turn.left_to_nobody:
        raise typer.Exit(LEFT_ALONE)


def _send(app: App, turn: TickScope, workers: Sequence[ChannelWorker], now: datetime) -> Counter[str]:
    """Send what is due, and what its failures lead to; return how many deliveries ended in each state."""
    try:
        done = deliver(workers)
    finally:  # report failures even if one channel cannot be served
        failed = turn.registered.is_mine and handle_failures(
            app.store, app.rules, app.channels, app.settings.operators, now
        )
    if failed or _has_due(workers):  # a channel may have written down something for another, as for the operators
        done += deliver(workers)
    return done


def _has_due(workers: Sequence[ChannelWorker]) -> bool:
    """Return whether anything can be sent at once."""
    pauses = [worker.pause() for worker in workers]
    return any(pause is not None and pause <= timedelta() for pause in pauses)
