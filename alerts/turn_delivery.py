"""One turn of deliveries, for `alerts tick`: all that is due, on all channels at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from alerts.delivery import ChannelWorker

WAITS_FOR = 60.0  # seconds that a turn waits for the rates of channels: cron begins the next one after a minute


def deliver(workers: Sequence[ChannelWorker]) -> Counter[str]:
    """Send what is due on all channels at once; return how many deliveries ended in each state.

    What a rate does not let go within a minute waits for the next turn.
    """
    total: Counter[str] = Counter()
    if workers:
        with ThreadPoolExecutor(len(workers), thread_name_prefix="channel-worker") as pool:
            for done in pool.map(_drain, workers):
                total += done
    return total


def _drain(worker: ChannelWorker) -> Counter[str]:
    """Send what is due on one channel, and wait for its rate in between."""
    done, ends_at = worker.drain(), worker.steady() + WAITS_FOR
    while _is_due(worker):
        wait = worker.health.pace.wait(worker.steady())
        if not wait or worker.steady() + wait > ends_at or worker.stop.wait(wait):
            break
        done += worker.drain()
    return done


def _is_due(worker: ChannelWorker) -> bool:
    """Return whether anything is due on a channel, whatever its rate."""
    due_in = worker.due_in()
    return due_in is not None and due_in <= timedelta()
