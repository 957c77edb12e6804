"""The process that stays up: a scheduler rings the bell, one thread plans, and one for each channel sends."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import FrameType
from uuid import uuid4

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from alerts.channels import Channel
from alerts.channels.heartbeat import Heartbeat
from alerts.clock import Clock, monotonic
from alerts.clock_check import ClockCheck
from alerts.core.commitments import Person
from alerts.core.deliveries import DeliveryError
from alerts.core.liveness import PASS
from alerts.core.registration import Registered
from alerts.core.short_lists import few
from alerts.cron_trigger import Firings
from alerts.deadlines.errors import InputError
from alerts.delivery import ChannelWorker
from alerts.failure_handling import handle_failures
from alerts.outage_log import OutageLog
from alerts.planning import plan, settle
from alerts.process_status import Process, notes
from alerts.reloading import Answer, Configuration, Reloading, changes
from alerts.scheduled_rules import ScheduledRule, current
from alerts.startup import prepare, set_of
from alerts.store import Store
from alerts.store.outbox.tidying import tidy
from alerts.store.outbox.unreachable import UnservedDeliveries
from alerts.web_process import WebProcess
from alerts.worker_threads import WorkerPool

log = logging.getLogger(__name__)

SWEEP = timedelta(minutes=1)
PAUSE = timedelta(seconds=5)  # after the database could not be used
GATHER = timedelta(seconds=10)  # failures within this time go into one notice


class Daemon:
    """Plans on each rule's cron and every minute, and sends what is due, until SIGTERM or SIGINT.

    `people` are those of the settings. `operators` names the channels that get notices of failed deliveries.
    `heartbeat` is pinged after a good sweep. `first` is the whole configuration in place of these; `load` reads it
    again on SIGHUP.
    """

    def __init__(
        self,
        store: Store,
        rules: Mapping[str, ScheduledRule],
        workers: Sequence[ChannelWorker],
        clock: Clock,
        *,
        people: Sequence[Person] = (),
        operators: Sequence[str] = (),
        heartbeat: Heartbeat | None = None,
        first: Configuration | None = None,
        load: Callable[[], Configuration] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._now = first or Configuration(
            mine=set_of(rules, people, store.zone),
            rules=rules,
            workers=workers,
            operators=operators,
            heartbeat=heartbeat,
        )
        self._well = threading.Event()
        self._gathering, self._failures_handled_at = False, float("-inf")
        self._missing: Sequence[UnservedDeliveries] = ()
        self._taken_back: Registered | None = None
        self._stop = threading.Event()
        self._status_recorded_at = datetime.min.replace(tzinfo=UTC)
        self._wake = threading.Event()
        self._clock_check = ClockCheck(store, clock, self._second_clock)
        self._outages = OutageLog(clock)
        self._pool = WorkerPool(
            self._now.workers, self._now.built_from, self._wake.set, may_send=self._may_send, outages=self._outages
        )
        self.name = f"{PASS}{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"  # containers are all process 1
        self._process = Process(store, self.name, self._now.mine)
        self._web = WebProcess(self._now.web)
        self._reloading = Reloading(load or self._no_load, clock, refused=self._refused, offered=self._wake.set)

    def run(self, on_ready: Callable[[], None] = lambda: None) -> bool:
        """Serve until SIGTERM or SIGINT; returns whether all that was in flight has ended.

        Raises StoreError where the database is served by another daemon, or cannot be used at the start.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        signal.signal(signal.SIGHUP, self._hung_up)
        with self._store.serve():
            if not self._wait_for_the_clock():
                return True
            self._process.report(self._clock())  # first: so that nobody takes what this one registers for abandoned
            registered = self._process.register(self._clock())
            prepare(self._store, self._now.rules, self._clock(), registered=registered)
            scheduler = self._scheduler()
            scheduler.start()
            for _ in settle(self._store, self._now.rules, self._clock()):
                if self._stop.is_set():
                    break
            on_ready()
            self._pool.start()
            self._web.start()
            self._reloading.start()
            threading.Thread(target=self._ping, daemon=True).start()
            self._plan(scheduler)
            scheduler.shutdown(wait=False)
            self._pool.stop()  # what a reload has put to work since, too
            ended = self._pool.end()
            self._web.end()
            try:
                self._store.ledger.forget_facts(self.name, datetime.max.replace(tzinfo=UTC))
                self._store.registrations.sign_off(self.name)
            except InputError as error:
                log.warning("cannot sign off: %s", error)
            return ended

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The channels that are at work."""
        return self._pool.channels

    def _scheduler(self) -> BackgroundScheduler:
        """One entry a rule, on its cron, and the sweep: each only rings the bell, so none can be missed for long."""
        options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        scheduler = BackgroundScheduler(timezone=UTC, job_defaults=options)
        self._schedule(scheduler)
        scheduler.add_job(self._wake.set, IntervalTrigger(seconds=int(SWEEP.total_seconds()), timezone=UTC), id="sweep")
        return scheduler

    def _schedule(self, scheduler: BackgroundScheduler) -> None:
        for job in scheduler.get_jobs():
            if job.id != "sweep":
                job.remove()
        for name, scheduled in self._now.rules.items():
            scheduler.add_job(self._wake.set, Firings(scheduled.cron), id=f"rule {name}", name=name)

    def _hung_up(self, *_: object) -> None:
        threading.Thread(target=self._reloading.ask).start()  # the main thread may hold the very locks that it takes

    def _signalled(self, number: int, _: FrameType | None) -> None:
        log.info("%s: finishing what is in flight", signal.Signals(number).name)
        threading.Thread(target=self._end_all).start()  # the main thread may hold the very locks that setting takes

    def _end_all(self) -> None:
        self._stop.set()
        self._reloading.stop()
        self._pool.stop()
        self._web.stop()
        self._wake.set()

    def _plan(self, scheduler: BackgroundScheduler) -> None:
        while not self._stop.is_set():
            if not self._clock_check.is_sure() and not self._wait_for_the_clock():
                return
            self._outages.attempt("the reload", lambda: self._take_over(scheduler))
            intact = self._outages.attempt("the indexes", lambda: self._store.check_indexes(self._clock()))
            turns = (
                intact,
                self._outages.attempt("planning", self._plan_once),
                self._outages.attempt("reporting failures", self._handle_failures),
            )
            well = all(turns) and self._outages.attempt("the sign of life", lambda: self._record_status(self._clock()))
            self._outages.attempt("deleting old texts, deliveries and uploads", self._tidy)
            now = self._clock()
            delivers = not self._missing and all(worker.is_well(now) for worker in self._pool.workers)
            if well and self._process.is_well(now) and delivers:
                self._well.set()
            if well:
                self._outages.attempt("the sign of a good sweep", self._clock_check.swept)
            pause = GATHER if self._gathering else SWEEP if well else PAUSE
            self._wake.wait(pause.total_seconds())
            if self._gathering:
                self._stop.wait(1)  # the bell rings with every failure
            self._wake.clear()

    def _wait_for_the_clock(self) -> bool:
        """Do nothing until the clock can be believed; returns whether it can be, else the process is to end."""
        sure = self._clock_check.is_sure() and self._clock_check.begin()
        while not sure and not self._stop.is_set():
            try:
                sure = self._clock_check.settle()
            except InputError as error:
                self._outages.failed("the clock", error)
            else:
                self._outages.succeeded("the clock")
            if not sure:
                self._stop.wait(PAUSE.total_seconds())
        return sure

    def _may_send(self) -> bool:
        return self._clock_check.is_sure()

    def _second_clock(self) -> datetime | None:
        heartbeat = self._now.heartbeat
        try:
            return heartbeat.date() if heartbeat else None
        except DeliveryError as error:
            log.warning("the second clock: %s", error)
            return None

    def _plan_once(self) -> None:
        self._taken_back = self._process.renew(self._clock()) or self._taken_back
        if self._taken_back:  # with their zone; in the next sweep, where that fails
            prepare(self._store, self._now.rules, self._clock(), registered=self._taken_back)
            self._taken_back = None
        now, stop = self._clock(), self._stop.is_set
        plan(self._store, self._now.rules, self.channels, now, on_batch=self._pulse, stop=stop, audit=self._now.audit)
        if lacking := sorted(set(self._now.rules) - set(current(self._store, self._now.rules))):
            log.error("not planned here: rule %s, which is not what another process registered", few(lacking))

    def _tidy(self) -> None:
        self._store.uploads.forget_old(self._clock())
        tidy(self._store.database, self._clock(), self._now.kept, self._stop.is_set)

    def _handle_failures(self) -> None:
        """Report failures: the first at once, then together what fails within the same few seconds."""
        self._gathering = monotonic() < self._failures_handled_at + GATHER.total_seconds()
        if self._gathering:
            return
        try:
            if handle_failures(self._store, self._now.rules, self.channels, self._now.operators, self._clock()):
                self._failures_handled_at = monotonic()
            self._missing = self._store.unserved.waiting(self._clock())
        finally:
            self._pool.wake_all()  # also for what was written down before it failed

    def _ping(self) -> None:
        """Ping the heartbeat after a good sweep. Its absence raises the alarm outside."""
        while not self._stop.is_set():
            self._well.wait()
            self._well.clear()
            if (heartbeat := self._now.heartbeat) is None:
                continue
            try:
                heartbeat.ping()
            except DeliveryError as error:
                log.warning("heartbeat: %s", error)
            self._stop.wait(PAUSE.total_seconds())  # many short sweeps are not worth a request each

    def _take_over(self, scheduler: BackgroundScheduler) -> None:
        """Go by a configuration that was read anew, if there is one."""
        found = self._reloading.found
        if found is None:
            return
        began, new = found
        before = self._now
        registered = self._process.take_over(new.mine, self._clock())
        self._store.zone = new.mine.zone
        prepare(self._store, new.rules, self._clock(), registered=registered)
        anew = self._pool.exchange(new.workers, new.built_from)
        self._now = new
        self._web.take_over(new.web)
        self._schedule(scheduler)
        self._reloading.taken(found)
        lines = [*changes(before.mine, new.mine, anew), *notes(registered, self._clock())]
        for line in lines:
            log.info("reload: %s", line)
        self._process.edited, self._process.reload = [], Answer(began=began, taken=True, lines=lines).to_json()
        self._process.report(self._clock())

    def _refused(self, answer: Answer) -> None:
        """Keep what runs, and say so to whoever asks for the health."""
        self._process.edited = [f"the files cannot be taken over: {line}" for line in answer.lines]
        self._process.reload = answer.to_json()
        self._process.report(self._clock())

    def _no_load(self) -> Configuration:
        raise InputError("this process cannot read its configuration anew")

    def _pulse(self) -> None:
        """After a batch: let it be sent, and in a long turn show that it goes on."""
        self._pool.wake_all()
        now = self._clock()
        if now - self._status_recorded_at > SWEEP:
            self._record_status(now)

    def _record_status(self, now: datetime) -> None:
        workers = {worker.channel.name: worker.process_status(now) for worker in self._pool.workers}
        self._store.ledger.record_fact(self.name, json.dumps(workers), now)
        self._process.web_problem = self._web.problem
        self._process.files_changed(self._now.digest() != self._now.read, now)
        self._process.report(now)
        self._status_recorded_at = now
