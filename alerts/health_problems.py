"""What keeps alerts from going out, as the database shows it: for `alerts health` and for `/status`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.clock_check import DOUBT
from alerts.daemon_status import outages, slowed_channels
from alerts.store import Store
from alerts.store.api_tokens import WARNED
from alerts.store.outbox.bounces import BouncingAddress

SIGN_IN_MAIL = "sign-in mail"  # the fact that the last one was not sent, and why
STUCK = timedelta(hours=1)  # a delivery that should have gone so long ago is stuck
NO_DAEMON = "no daemon is running, or it has done nothing for five minutes: start `alerts run`"


def delivery_problems(store: Store, now: datetime, shown: Callable[[datetime], str]) -> list[str]:
    """Return a line for each problem of deliveries, channels and the clock. `shown` writes a time for the reader."""
    counts = store.ledger.counts()
    hold = store.held_sending.find()
    errors = [hold.text(shown)] if hold else []
    if dead := counts.get("dead"):
        errors.append(f"{_counted(dead)} dead: see `alerts deliveries --state dead`, then retry or dismiss")
    if bounced := counts.get("bounced"):
        many = "1 delivery" if bounced == 1 else f"{bounced} deliveries"
        errors.append(f"{many} came back: see `alerts deliveries --state bounced`, then retry or dismiss")
        errors += [bouncing_line(one, shown) for one in store.bounces.addresses(now)]
    for name, why in outages(store, now).items():
        errors.append(f"channel {name} is down: {why}")
    errors += [
        f"{one.text} since {shown(one.since)}, and {_counted(one.count)} waiting for it: "
        "restore it, or run `alerts retry ID --channel C` or `alerts dismiss ID`"
        for one in store.unserved.waiting(now)
    ]
    if stuck := store.ledger.stuck(now - STUCK):
        errors.append(f"{_counted(stuck)} waiting for over an hour: see `alerts deliveries`")
    facts = store.ledger.facts()
    if unsent := facts.get(SIGN_IN_MAIL):
        errors.append(f"people cannot sign in: the mail of {shown(unsent.at)} was not sent: {unsent.value}")
    if doubt := facts.get(DOUBT):
        errors.append(
            f"{doubt.value}: planning and sending are stopped; correct the clock, or run `alerts clock accept`"
        )
    if not counts.get("open"):
        errors.append("no open commitments: nothing is watched")
    return errors


def silence_lines(store: Store, now: datetime, shown: Callable[[datetime], str]) -> list[str]:
    """Return a line for each silence that lasts or is to come, and one for what is held back."""
    lines = [
        f"silence {one.id} {'until' if one.since <= now else f'from {shown(one.since)} to'} {shown(one.ends)}: "
        f"{one.to_text} ({one.reason}; {one.by})"
        for one in store.silences.lasting(now)
    ]
    held = store.silences.held(now)
    if held:
        lines.append(f"{'1 alert waits' if held == 1 else f'{held} alerts wait'} for a silence or closed hours to end")
    return lines


def slowed_lines(store: Store, now: datetime, _shown: Callable[[datetime], str]) -> list[str]:
    """Return a line for each channel whose server takes less than it should."""
    return [f"channel {name} is slowed {how}" for name, how in slowed_channels(store, now).items()]


def token_lines(store: Store, now: datetime, shown: Callable[[datetime], str]) -> list[str]:
    """Return a line for each token of a program that expires within a month."""
    return [
        f"token {one.name} expires {shown(one.expires_at)}: `alerts token add` makes another"
        for one in store.api_tokens.all()
        if one.state(now) == "in use" and one.expires_at <= now + WARNED
    ]


def bouncing_line(address: BouncingAddress, shown: Callable[[datetime], str]) -> str:
    """Return a line about an address whose mails come back. `shown` writes a time for the reader."""
    mails = "a mail" if address.count == 1 else f"{address.count} mails"
    return (
        f"{address.recipient} (channel {address.channel}) bounces: {mails} came back, the last "
        f"{shown(address.last_at)}: {address.reason}; correct the address"
    )


def _counted(deliveries: int) -> str:
    return "1 delivery is" if deliveries == 1 else f"{deliveries} deliveries are"
