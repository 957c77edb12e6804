"""Whether this machine's clock can be believed: against the steady clock, the last good sweep, and a second clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.clock import monotonic
from alerts.deadlines.errors import InputError
from alerts.store import Store

log = logging.getLogger(__name__)

MAX_DRIFT = timedelta(days=2, hours=1)  # two days are what summer time, a wrong zone and a wrong date add up to
LONG_OUTAGE = timedelta(days=300)  # without a second clock nothing tells so long an outage from a wrong year
LOG_AGAIN_AFTER = 600.0  # seconds
PLANNING_STOPPED = (
    "nothing is planned, sent or ended until it is put right, a second clock agrees, or `alerts clock accept`"
)
SWEPT, DOUBT, ACCEPTED = "last sweep", "clock doubt", "clock accepted"
Now = Callable[[], datetime]


def no_second_clock() -> datetime | None:
    """Return None: there is no second clock."""
    return None


class ClockCheck:
    """Doubts the clock where it parts from the steady one, or from the last good sweep, by more than two days.

    `second` asks another clock, if there is one. While the clock is in doubt nothing may be planned, sent or ended.
    """

    def __init__(
        self, store: Store, clock: Now, second: Callable[[], datetime | None] = no_second_clock,
        steady: Callable[[], float] = monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._second = second
        self._steady = steady
        self._lock = threading.Lock()
        self._doubt: str | None = None
        self._logged_at: float | None = None
        self._running = True  # else the last good sweep, and not the steady clock, is what it is compared with
        self._anchor = (clock(), steady())

    def begin(self) -> bool:
        """Compare the clock with the last good sweep, at a start; returns whether it can be believed."""
        self._running = False
        return self.settle()

    def is_sure(self) -> bool:
        """Whether the clock can be believed now. Reads no database: every claim asks it."""
        with self._lock:
            return self._doubt is None and not self._drift()

    def settle(self) -> bool:
        """Check the clock, log a doubt that remains, and return whether the clock can be trusted."""
        with self._lock:
            now = self._clock()
            doubt = self._against_steady(now) if self._running else self._against_sweep(now)
            if doubt is None:
                return self._believe("it was put right") if self._doubt else self._go_on(now)
            self._doubt = doubt
            if self._is_accepted(now):
                return self._believe("it was accepted")
            second = self._ask()
            if second and abs(second - now) <= MAX_DRIFT:
                return self._believe(f"a second clock says {_utc_text(second)}")
            if self._logged_at is None or self._steady() - self._logged_at > LOG_AGAIN_AFTER:
                self._logged_at = self._steady()
                other = f"; a second clock says {_utc_text(second)}" if second else ""
                log.error("%s%s: %s", self._doubt, other, PLANNING_STOPPED)
            self._store.ledger.record_fact(DOUBT, self._doubt or "", now)
            return False

    def swept(self) -> None:
        """Record a good sweep, and compare with it from now on."""
        with self._lock:
            if self._doubt or self._drift():
                return
            self._anchor = (self._clock(), self._steady())
        self._store.ledger.record_fact(SWEPT, "", self._anchor[0])
        self._forget_doubt()  # of another process, too: it would make the next outage a reason to stop

    def _against_sweep(self, now: datetime) -> str | None:
        """Return a doubt where the last good sweep lies in the future, or longer ago than any outage lasts."""
        facts = self._store.ledger.facts()
        swept = facts.get(SWEPT)
        if swept and swept.at - now > MAX_DRIFT:
            last = _utc_text(swept.at)
            return f"the last good sweep was at {last}, and this machine's clock says {_utc_text(now)}"
        if swept and now - swept.at > LONG_OUTAGE:
            days = (now - swept.at).days
            return f"the last good sweep was at {_utc_text(swept.at)}, {days} days ago by this machine's clock"
        if swept and DOUBT in facts and abs(now - swept.at) > MAX_DRIFT:  # a restart settles nothing
            return f"the last good sweep was at {_utc_text(swept.at)}, and the clock has been in doubt since"
        return None

    def _against_steady(self, now: datetime) -> str | None:
        parted = self._drift()
        return (
            f"this machine's clock says {_utc_text(now)}, {_describe_drift(parted)} the steady clock"
            if parted
            else None
        )

    def _go_on(self, now: datetime) -> bool:
        if not self._running:
            self._forget_doubt()  # that of a process which ended before its clock was put right
            self._running, self._anchor = True, (now, self._steady())
        return True

    def _forget_doubt(self) -> None:
        """Drop a doubt that is settled, and an acceptance that nobody needs now."""
        for name in {DOUBT, ACCEPTED} & set(self._store.ledger.facts()):
            self._store.ledger.forget(name)

    def _drift(self) -> timedelta | None:
        wall, steady = self._anchor
        apart = (self._clock() - wall) - timedelta(seconds=self._steady() - steady)
        return apart if abs(apart) > MAX_DRIFT else None

    def _is_accepted(self, now: datetime) -> bool:
        accepted = self._store.ledger.facts().get(ACCEPTED)
        return accepted is not None and abs(accepted.at - now) <= MAX_DRIFT

    def _believe(self, why: str) -> bool:
        log.warning("the clock is believed again: %s", why)
        now = self._clock()
        self._logged_at = None
        self._resend_too_early(now)
        self._doubt, self._running, self._anchor = None, True, (now, self._steady())
        self._store.ledger.record_fact(SWEPT, "", now)
        self._forget_doubt()
        return True

    def _resend_too_early(self, now: datetime) -> None:
        swept = self._store.ledger.facts().get(SWEPT)
        if swept is None or swept.at - now <= MAX_DRIFT:
            return
        count = self._store.resend_too_early(now)
        log.warning(
            "the clock was ahead until %s: %d alerts that went out more than two days early will be sent again",
            _utc_text(swept.at), count,
        )  # fmt: skip

    def _ask(self) -> datetime | None:
        try:
            return self._store.second_clock() or self._second()
        except InputError as error:
            log.warning("the second clock: %s", error)
            return None


def accept(store: Store, now: datetime) -> str | None:
    """Let the clock be believed as it is; returns what was doubted, or None where nothing is."""
    doubt = store.ledger.facts().get(DOUBT)
    store.ledger.record_fact(ACCEPTED, "", now)
    return doubt.value if doubt else None


def _utc_text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _describe_drift(apart: timedelta) -> str:
    days = abs(apart) // timedelta(days=1)
    return f"{days} days {'ahead of' if apart > timedelta() else 'behind'}"
