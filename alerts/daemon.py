"""The process that stays up: a scheduler rings the bell, one thread plans, and one for each channel sends."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from uuid import uuid4

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from alerts.channels import Channel, Heartbeat
from alerts.clock import monotonic
from alerts.core.commitments import Person
from alerts.core.deliveries import DeliveryError
from alerts.core.errors import InputError
from alerts.core.registration import Registered, RuleSet
from alerts.cron import Firings
from alerts.lane import SEEN, Clock, Lane
from alerts.processes import Process, few
from alerts.store import Change, Store
from alerts.tick import Ruled, current, plan, relieve

log = logging.getLogger(__name__)

SWEEP = timedelta(minutes=1)
GRACE = timedelta(seconds=7)  # what is in flight at the end may take so long; container engines allow ten seconds
PAUSE = timedelta(seconds=5)  # after the database could not be used
GATHER = timedelta(seconds=10)  # failures within so long are told together
ALIVE = SEEN  # a process that has not passed for so long is no better than a lane
PASS = "pass:"  # noqa: S105  # the prefix of a sign of life


class Daemon:
    """Plans on each rule's cron and every minute, and sends what is due, until it is told to stop.

    `people` are those of the settings; `operators` names the channels that hear of what does not get through;
    `heartbeat` is pinged after a good sweep; `mine` is the whole of what it registers.
    """

    def __init__(
        self,
        store: Store,
        rules: Mapping[str, Ruled],
        lanes: Sequence[Lane],
        clock: Clock,
        *,
        people: Sequence[Person] = (),
        operators: Sequence[str] = (),
        heartbeat: Heartbeat | None = None,
        mine: RuleSet | None = None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._lanes = lanes
        self._clock = clock
        self._operators = operators
        self._heartbeat = heartbeat
        self._well = threading.Event()
        self._gathering, self._relieved_at = False, float("-inf")
        self._stop = threading.Event()
        self._beaten_at = datetime.min.replace(tzinfo=UTC)
        self._bell = threading.Event()
        for lane in lanes:
            lane.on_trouble = self._bell.set
        self._bells = {lane.channel.name: threading.Event() for lane in lanes}
        self.name = f"{PASS}{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"  # containers are all process 1
        self._process = Process(store, self.name, mine or set_of(rules, people))

    def run(self, on_ready: Callable[[], None] = lambda: None) -> bool:
        """Serve until SIGTERM or SIGINT; returns whether all that was in flight has ended.

        Raises StoreError where the database is served by another daemon, or cannot be used at the start.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        with self._store.serve():
            self._process.report(self._clock())  # first: so that nobody takes what this one registers for abandoned
            registered = self._process.register(self._clock())
            prepare(self._store, self._rules, self._clock(), registered=registered)
            scheduler = self._scheduler()
            scheduler.start()
            for _ in self._store.watches.settle():
                if self._stop.is_set():
                    break
            on_ready()
            workers = [threading.Thread(target=self._send, args=(lane,), daemon=True) for lane in self._lanes]
            for worker in workers:
                worker.start()
            if self._heartbeat:
                threading.Thread(target=self._ping, args=(self._heartbeat,), daemon=True).start()
            self._plan()
            scheduler.shutdown(wait=False)
            ended = self._end(workers)
            try:
                self._store.ledger.forget_beats(self.name, datetime.max.replace(tzinfo=UTC))
                self._store.registrations.sign_off(self.name)
            except InputError as error:
                log.warning("cannot sign off: %s", error)
            return ended

    def _scheduler(self) -> BackgroundScheduler:
        """One entry a rule, on its cron, and the sweep: each only rings the bell, so none can be missed for long."""
        options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        scheduler = BackgroundScheduler(timezone=UTC, job_defaults=options)
        for name, ruled in self._rules.items():
            scheduler.add_job(self._bell.set, Firings(ruled.cron), id=f"rule {name}", name=name)
        scheduler.add_job(self._bell.set, IntervalTrigger(seconds=int(SWEEP.total_seconds()), timezone=UTC), id="sweep")
        return scheduler

    def _signalled(self, number: int, _: FrameType | None) -> None:
        log.info("%s: finishing what is in flight", signal.Signals(number).name)
        threading.Thread(target=self._end_all).start()  # the main thread may hold the very locks that setting takes

    def _end_all(self) -> None:
        self._stop.set()
        for lane in self._lanes:
            lane.stop.set()
        self._ring()
        self._bell.set()

    def _ring(self) -> None:
        for bell in self._bells.values():
            bell.set()

    def _plan(self) -> None:
        while not self._stop.is_set():
            turns = (self._try("planning", self._plan_once), self._try("telling of failures", self._relieve))
            well = all(turns) and self._try("the sign of life", lambda: self._beat(self._clock()))
            if (
                well
                and self._process.is_well(self._clock())
                and all(lane.is_well(self._clock()) for lane in self._lanes)
            ):
                self._well.set()
            pause = GATHER if self._gathering else SWEEP if well else PAUSE
            self._bell.wait(pause.total_seconds())
            if self._gathering:
                self._stop.wait(1)  # the bell rings with every failure
            self._bell.clear()

    def _try(self, what: str, step: Callable[[], None]) -> bool:
        """Take a step of a sweep; whatever fails, the next are taken, and all again after a pause."""
        try:
            step()
        except InputError as error:
            log.error("%s: %s; again in a moment", what, error)  # noqa: TRY400 # the line says it all
        except Exception:
            log.exception("%s failed; again in a moment", what)
        else:
            return True
        return False

    def _plan_once(self) -> None:
        self._process.renew(self._clock())
        plan(self._store, self._rules, self._channels, self._clock(), on_batch=self._pulse, stop=self._stop.is_set)
        if lacking := sorted(set(self._rules) - set(current(self._store, self._rules))):
            log.error("not planned here: rule %s, which is not what another process registered", few(lacking))

    def _relieve(self) -> None:
        """Tell failures elsewhere: the first at once, and then together what fails within the same few seconds."""
        self._gathering = monotonic() < self._relieved_at + GATHER.total_seconds()
        if self._gathering:
            return
        try:
            if relieve(self._store, self._rules, self._channels, self._operators, self._clock()):
                self._relieved_at = monotonic()
        finally:
            self._ring()  # also for what was written down before it failed

    @property
    def _channels(self) -> Mapping[str, Channel]:
        return {lane.channel.name: lane.channel for lane in self._lanes}

    def _ping(self, heartbeat: Heartbeat) -> None:
        """Tell whoever watches from outside that a sweep went well: silence is what they wake up of."""
        while not self._stop.is_set():
            self._well.wait()
            self._well.clear()
            try:
                heartbeat.ping()
            except DeliveryError as error:
                log.warning("heartbeat: %s", error)
            self._stop.wait(PAUSE.total_seconds())  # many short sweeps are not worth a request each

    def _pulse(self) -> None:
        """After a batch: let it be sent, and in a long turn show that it goes on."""
        self._ring()
        now = self._clock()
        if now - self._beaten_at > SWEEP:
            self._beat(now)

    def _beat(self, now: datetime) -> None:
        lanes = {lane.channel.name: lane.sign(now) for lane in self._lanes}
        self._store.ledger.beat(self.name, json.dumps(lanes), now)
        self._process.report(now)
        self._beaten_at = now

    def _send(self, lane: Lane) -> None:
        bell = self._bells[lane.channel.name]
        while not self._stop.is_set():
            pause = PAUSE
            try:
                lane.drain()
                pause = self._until_next(lane)
            except InputError as error:
                log.error("sending via %s: %s", lane.channel.name, error)  # noqa: TRY400 # the line says it all
            except Exception:
                log.exception("sending via %s failed; again in %s s", lane.channel.name, PAUSE.total_seconds())
            bell.wait(pause.total_seconds())
            bell.clear()

    def _until_next(self, lane: Lane) -> timedelta:
        pause = lane.pause()
        return SWEEP if pause is None else min(max(pause, timedelta(seconds=0.05)), SWEEP)

    def _end(self, workers: Sequence[threading.Thread]) -> bool:
        deadline = monotonic() + GRACE.total_seconds()
        for worker in workers:
            worker.join(max(deadline - monotonic(), 0.0))
        if any(worker.is_alive() for worker in workers):
            log.warning("something is still in flight: it will be sent again under the same id")
            return False
        return True


def set_of(rules: Mapping[str, Ruled], people: Iterable[Person] = ()) -> RuleSet:
    """What a process goes by of which only rules and people matter."""
    return RuleSet(rules={name: ruled.rule for name, ruled in rules.items()}, people=tuple(people))


def prepare(
    store: Store,
    rules: Mapping[str, Ruled],
    now: datetime,
    people: Iterable[Person] = (),
    *,
    registered: Registered | None = None,
) -> None:
    """Register the rules and the people of the settings, unless that was done (`registered`), and work out all bounds
    anew where the zone data are new.
    """
    if registered is None:
        Process(store, "alone", set_of(rules, people)).register(now)
    store.ledger.forget_beats(PASS, now - timedelta(days=1))
    store.registrations.forget_processes(now - timedelta(days=1))
    release = zone_release()
    known = store.ledger.beats().get("zone data")
    if known is None or known.value != release:
        if known is not None:
            log.info("zone data: %s, before it was %s: working out all deadlines anew", release, known.value)
            try:
                store.commitments.recompute(Change(now=now, by="alerts", reason=f"zone data {release}"))
            except InputError as error:  # the old bounds stand, alerts go on, and the next start tries again
                log.error("cannot work out all deadlines anew: %s", error)  # noqa: TRY400 # the line says it all
                return
        store.ledger.beat("zone data", release, now)


def zone_release() -> str:
    """The releases of the time zone and holiday data that deadlines are worked out with."""
    found = []
    for package in ("tzdata", "holidays"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} of the system")
    return ", ".join(found)


def is_alive(store: Store, now: datetime, host: str | None = None) -> bool:
    """Whether a daemon (of this host, if named) has lately planned, and looked at all its channels."""
    if not store.is_served():
        return False
    for beat in store.ledger.beats().values():
        if not beat.name.startswith(PASS + (f"{host}:" if host else "")) or abs(now - beat.at) > ALIVE:
            continue  # in the future, too: the clock has been put back since
        lanes = [datetime.fromisoformat(sign["seen_at"]) for sign in json.loads(beat.value).values()]
        if all(beat.at - at <= ALIVE for at in lanes):
            return True
    return False


def outages(store: Store, now: datetime) -> dict[str, str]:
    """Channels of which a process that is up says that nothing gets through, and why."""
    beats = [beat for beat in store.ledger.beats().values() if beat.name.startswith(PASS) and now - beat.at <= ALIVE]
    signs = [(name, sign) for beat in beats for name, sign in json.loads(beat.value).items()]
    return {name: sign["out"] for name, sign in signs if sign["out"]}
