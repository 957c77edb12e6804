"""How attempts ended is recorded for as long as it takes: what was sent and is not recorded is sent again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alerts.channels import Channel
from alerts.clock import monotonic
from alerts.core.deliveries import EndedAttempt
from alerts.store import Store
from alerts.store.store_error import DamagedError, StoreError

log = logging.getLogger(__name__)

RETRY_AFTER = 1.0  # seconds
LOG_EVERY = 60  # failures: the first is logged, and then each 60th


@dataclass(slots=True)
class OutcomeRecording:
    """Records the outcomes of one channel.

    Once `stop` is set, it tries for as long as one send may take. `outlasts_damage`: a daemon goes on trying where the
    database is damaged, so that it does not send the same again and again; a command would never end. `steady` returns
    seconds on a clock that never steps.
    """

    store: Store
    channel: Channel
    stop: threading.Event
    steady: Callable[[], float] = monotonic
    outlasts_damage: bool = True

    def record(self, ended_attempts: Sequence[EndedAttempt]) -> None:
        """Record how attempts ended. Raises StoreError where that has to be given up."""
        give_up, turn, name = float("inf"), 0, self.channel.name
        while True:
            try:
                return self.store.outbox.record_outcomes(ended_attempts)
            except StoreError as error:
                if self.stop.is_set():
                    give_up = min(give_up, self.steady() + self.channel.timeout.total_seconds())
                if self.steady() > give_up or (isinstance(error, DamagedError) and not self.outlasts_damage):
                    log.warning("%d sent via %s cannot be written down, so may go out again", len(ended_attempts), name)
                    raise
                if turn % LOG_EVERY == 0:
                    log.warning("cannot write down what was sent via %s: %s; again", name, error)
                turn += 1
                threading.Event().wait(RETRY_AFTER)  # not `self.stop`, which may be set already
            except Exception:
                log.exception("cannot write down what was sent via %s", name)
                parts = _parts(ended_attempts)
                if not parts:
                    raise
                for one in parts:  # the others are not held up by it
                    self.record([one])
                return None


def _parts(ended_attempts: Sequence[EndedAttempt]) -> Sequence[EndedAttempt]:
    """Return what to record one by one: of a single attempt, that without its answer; nothing where it has none."""
    if len(ended_attempts) > 1:
        return ended_attempts
    delivery, outcome, started, ended = ended_attempts[0]
    text = f"the answer cannot be stored (attempt {delivery.attempt})"
    bare = replace(outcome, remote=None, error=text if outcome.error else None)
    return [] if bare == outcome else [(delivery, bare, started, ended)]
