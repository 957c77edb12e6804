"""The metrics of the database and of the daemons on it, in the terms of Prometheus. No label is a key or an address."""

from __future__ import annotations

import platform
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from alerts.clock import monotonic
from alerts.clock_check import DOUBT, SWEPT
from alerts.core.liveness import is_working
from alerts.daemon_status import outages
from alerts.deadlines.errors import InputError
from alerts.store.held_sending import HOLDS
from alerts.store.measurements import DELAYS, Measurements
from alerts.web.services import Services
from alerts.zone_data import holidays_data, zone_data

FRESH = timedelta(seconds=5)  # several that ask at once share an answer
TIMES = 20  # as long as it took to find out, an answer is used: so a large database costs a twentieth of a processor
LONGEST = timedelta(minutes=1)


class StoreMetrics(Collector):
    """Asks the database when Prometheus asks."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._last: tuple[datetime, list[Metric]] | None = None
        self._fresh = FRESH
        releases = {"version": version("deadline-alerts"), "python": platform.python_version()}
        self._info = [
            _info("alerts_build_info", "The release that serves this.", releases),
            _info("alerts_data_info", "The data behind dates.", {"zones": zone_data(), "holidays": holidays_data()}),
        ]

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics. Where the database cannot be used, only that."""
        now = self._services.clock()
        with self._lock:
            if self._last is None or not timedelta() <= now - self._last[0] < self._fresh:
                began = monotonic()
                self._last = now, self._ask(now)
                self._fresh = min(max(FRESH, timedelta(seconds=TIMES * (monotonic() - began))), LONGEST)
            yield from self._last[1]

    def _ask(self, now: datetime) -> list[Metric]:
        try:
            found = [*self._of_daemons(now), *_of_database(self._services.store.measure(now), now)]
        except InputError:
            found = []
        reached = _gauge("alerts_database_up", "Whether the database could be read (1) or not (0).", bool(found))
        return [*self._info, reached, *found]

    def _of_daemons(self, now: datetime) -> Iterator[Metric]:
        store, facts = self._services.store, self._services.store.ledger.facts()
        works = store.is_served() and is_working(((one.name, one.value, one.at) for one in facts.values()), now)
        yield _gauge("alerts_daemon_up", "Whether a daemon has planned and checked its channels for 5 minutes.", works)
        if SWEPT in facts:
            at = facts[SWEPT].at.timestamp()
            yield _gauge("alerts_last_sweep_timestamp_seconds", "When all was last planned and checked.", at)
        yield _gauge("alerts_clock_doubted", "Whether nothing is sent because the clock is in doubt.", DOUBT in facts)
        yield _gauge(
            "alerts_sending_held", "Whether nothing is sent until `alerts resume`.", not HOLDS.isdisjoint(facts)
        )
        up = GaugeMetricFamily("alerts_channel_up", "Whether a channel takes messages.", labels=["channel"])
        down = outages(store, now)
        for entry in self._services.settings.channels:
            up.add_metric([entry.name], float(entry.name not in down))
        yield up


def _of_database(found: Measurements, now: datetime) -> Iterator[Metric]:
    commitments = GaugeMetricFamily("alerts_commitments", "Commitments by status.", labels=["status"])
    for status, count in found.commitments.items():
        commitments.add_metric([status], count)
    yield commitments
    yield _gauge("alerts_planning_backlog", "Evaluations that are due.", found.overdue_watches)
    lag = (now - found.oldest_watch).total_seconds() if found.oldest_watch else 0.0
    yield _gauge("alerts_planning_lag_seconds", "How long the oldest of them has been due.", lag)
    reminders = CounterMetricFamily("alerts_reminders", "Reminders by kind.", labels=["kind", "outcome"])
    for (kind, is_sent), count in found.reminders.items():
        reminders.add_metric([kind, "planned" if is_sent else "skipped"], count)
    yield reminders
    deliveries = GaugeMetricFamily(
        "alerts_deliveries", "Deliveries by state, with the reason where dead.", labels=["channel", "state", "reason"]
    )
    for labels, count in found.deliveries.items():
        deliveries.add_metric([*labels], count)
    yield deliveries
    yield from _of_backlog(found, now)
    limits = [*map(str, map(float, DELAYS)), "+Inf"]
    delays = HistogramMetricFamily(
        "alerts_delivery_delay_seconds",
        "From when a delivery was planned until it was accepted, snoozes included.",
        buckets=list(zip(limits, found.delays, strict=True)),
        sum_value=found.sum_of_delays,
    )
    yield delays


def _of_backlog(found: Measurements, now: datetime) -> Iterator[Metric]:
    count = GaugeMetricFamily("alerts_backlog", "Deliveries that are due and not sent.", labels=["channel"])
    age = GaugeMetricFamily(
        "alerts_oldest_undelivered_seconds", "How long the oldest of them has been due.", labels=["channel"]
    )
    for channel in sorted({channel for channel, _, _ in found.deliveries}):
        waiting = found.backlog.get(channel)
        count.add_metric([channel], waiting.count if waiting else 0)
        oldest = waiting.oldest if waiting else None
        age.add_metric([channel], max((now - oldest).total_seconds(), 0.0) if oldest else 0.0)
    yield count
    yield age


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=float(value))


def _info(name: str, meaning: str, labels: Mapping[str, str]) -> Metric:
    metric = GaugeMetricFamily(name, meaning, labels=list(labels))
    metric.add_metric(list(labels.values()), 1)
    return metric
