"""A clock that is stepped, by a second or by two days, in flight or not: nothing is lost, early, or sent twice."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alerts import shipped
from alerts.channels import Channel, build
from alerts.core.rules import Overdue
from alerts.daemon import SWEEP
from alerts.delivery import ChannelWorker
from alerts.failure_handling import handle_failures
from alerts.forecasting import forecast
from alerts.planning import plan
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests.factories import at, entry, load, remind, rule, settle
from tests.faults.embedded import WHOLE, Midwife, Site, site
from tests.patience import cases, eventually

SEEDS = range(100 if WHOLE else 1)
OFF = dict(cases([("back", timedelta(days=-2))], ("on", timedelta(days=2))))  # and right again: the other way round
SIZES = [timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=2)]
STEPS = [sign * size for size in SIZES for sign in (1, -1)]
A_MINUTE = SWEEP.total_seconds() + 15  # and what a busy machine adds
FARTHEST = timedelta(days=2)
RUNS_ON = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 60, 180, 360)]
ZONE = "America/New_York"
START, END = at("2025-10-31T11:00"), at("2025-11-05T11:00")  # New York set its clocks back on 2 November at 6:00 UTC
MOMENTS = remind(before=("P7D", "P2D", "P1D"), on_the_day=True, overdue=Overdue(), review="P1D")
RULES = [
    rule("daily", cron="0 9 * * *", timezone=ZONE, match={"tags": ("day",)}, remind=MOMENTS, notify=("hook",)),
    rule("hourly", cron="0 * * * *", timezone=ZONE, match={"tags": ("hour",)}, remind=MOMENTS, notify=("hook",)),
]
SCHEDULED = ScheduledRule.all(RULES)
DEADLINES = ["2025-10-31", "2025-11-02", "2025-11-03", "2025-11-04", "2025-11-10", "2025-11-02T01:30",
             "2025-11-03T02:30", "undated"]  # fmt: skip


class Stepped:
    """A clock that runs on from the start, `ahead` of the true time by what it was stepped by."""

    def __init__(self, chance: random.Random) -> None:
        self.true = START
        self.ahead = self.farthest = timedelta()
        self._chance = chance
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self.true + self.ahead

    def step(self) -> None:
        with self._lock:
            self.ahead = min(max(self.ahead + self._chance.choice(STEPS), -FARTHEST), FARTHEST)
            self.farthest = max(self.farthest, self.ahead)


class Hook:
    """A webhook that fails now and then. `early`: what came before any clock said that it was time."""

    def __init__(self, clock: Stepped, chance: random.Random) -> None:
        self.answers: Sequence[int] = (200,)
        self.accepted: Counter[str] = Counter()
        self.early: list[Any] = []
        self.steps = True
        self._clock = clock
        self._chance = chance

    def __call__(self, request: Request) -> Response:
        status = self._chance.choice(self.answers)
        if self.steps and self._chance.random() < 0.1:
            self._clock.step()
        if status == 200:
            self.accepted[request.headers["webhook-id"]] += 1
        for one in json.loads(request.data)["data"].get("reminders", []):
            if datetime.fromisoformat(one["send_at"]) > self._clock.true + self._clock.farthest:
                self.early.append(one)
        return Response(status=status)


@dataclass(slots=True)
class Life:
    """A store, a webhook and a worker that live with a stepped clock."""

    store: Store
    clock: Stepped
    hook: Hook
    worker: ChannelWorker
    chance: random.Random

    @property
    def channels(self) -> dict[str, Channel]:
        return {"hook": self.worker.channel}

    def turn(self) -> None:
        plan(self.store, SCHEDULED, self.channels, self.clock())
        handle_failures(self.store, SCHEDULED, self.channels, (), self.clock())
        self.worker.drain()

    def run_on(self) -> None:
        """Take turns until the end, while the clock is stepped and the webhook fails now and then."""
        while self.clock.true < END:
            if self.chance.random() < 0.3:
                self.clock.step()
            if self.chance.random() < 0.3:
                self.hook.answers = self.chance.choice([(200,), (503,), (400,), (200, 400, 503)])
            self.turn()
            self.clock.true += self.chance.choice(RUNS_ON)

    def recover(self) -> None:
        """Leave retries and a probe for two days from now, put the clock right, and let all be sent."""
        self.hook.answers, self.hook.steps = (503,), False
        self.clock.ahead = self.clock.farthest = FARTHEST
        self.turn()
        assert self.worker.health.breaker.out_since, "nothing was left to fail"
        self.hook.answers, self.clock.ahead = (200,), timedelta()
        for _ in range(8):
            self.turn()
            self.clock.true += timedelta(minutes=30)


@pytest.fixture
def life(seed: int, store: Store, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    chance = random.Random(seed)
    clock = Stepped(chance)
    monkeypatch.setattr("alerts.store.database.utc_now", clock)
    hook = Hook(clock, chance)
    httpserver.expect_request("/hook").respond_with_handler(hook)
    channel = build("hook", "webhook", {"url": httpserver.url_for("/hook"), "timeout": 5})
    worker = ChannelWorker(store, channel, Renderer([shipped.folder("templates")]), "UTC", clock)
    load(store, *(entry(f"{tag}-{number}", deadline, tags=(tag,), timezone=ZONE)
                  for tag in ("day", "hour") for number, deadline in enumerate(DEADLINES)), now=START)  # fmt: skip
    settle(store, *RULES, now=START)
    yield Life(store, clock, hook, worker, chance)
    channel.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_clock_does_each_alert_goes_out_once_and_not_early(life: Life) -> None:
    store, hook = life.store, life.hook
    expected = {identity(one.reminder) for one in forecast(store, SCHEDULED, START, END)}
    life.run_on()
    life.recover()
    assert not hook.early
    assert set(hook.accepted.values()) == {1}
    found = {identity(reminder, one.commitment.key): reminder for one in store.ledger.tracked()
             for reminder in store.ledger.reminders(one.id)}  # fmt: skip
    assert expected <= set(found), "lost"
    deliveries = {str(one["id"]): one for one in store.ledger.deliveries()}
    assert {name for name, one in deliveries.items() if one["state"] == "sent"} == set(hook.accepted)
    unsent = [one for one in deliveries.values() if one["state"] != "sent"]
    assert {one["state"] for one in unsent} <= {"superseded", "dead"}
    assert all(one["last_error"] for one in unsent)
    assert all(one["skipped"] or one["deliveries"] for one in found.values()), "neither sent nor skipped"


def identity(reminder: Any, key: str | None = None) -> tuple[str, str, datetime]:
    if key is None:
        return reminder.commitment, reminder.kind, reminder.moment
    return key, reminder["kind"], reminder["moment"]


def load_at(here: Site, key: str, ahead: timedelta) -> None:
    """Load a commitment that has an alert at once, on a machine whose clock is off."""
    now = datetime.now(UTC) + ahead
    path = here.clock.with_name(f"{key}.yaml")
    path.write_text(f"commitments:\n  - {{key: {key}, title: {key}, deadline: {(now + timedelta(days=3)).date()}}}\n")
    ran = here.run("load", str(path), "--at", now.isoformat())
    assert ran.code == 0, ran.said
    here.count += 1


def put_off_and_back(home: Path, ahead: timedelta) -> None:
    """Put a daemon's clock off, and right again; each time there is a new alert before and after."""
    with Midwife(home) as nursery, site(home / "site", nursery, count=3, pause=0) as here:
        here.clock.write_text("0")
        here.start(TURNED=str(here.clock))
        eventually(here.is_done, "it is at work", every=0.1)
        was = timedelta()
        for key, off in (("off", ahead), ("back", timedelta())):
            load_at(here, f"{key}-before", was)
            eventually(here.is_done, "it plans before the step", within=A_MINUTE, every=0.1)
            here.clock.write_text(str(off.total_seconds()))
            load_at(here, f"{key}-after", off)
            eventually(here.is_done, "it plans on after the step", within=A_MINUTE, every=0.1)
            was = off
        here.check_the_end()


@pytest.fixture(scope="module", autouse=True)
def put_off(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """The daemons, while the other tests go on: they mostly wait."""
    with ThreadPoolExecutor(len(OFF)) as pool:
        yield {name: pool.submit(put_off_and_back, tmp_path_factory.mktemp(name), ahead) for name, ahead in OFF.items()}


@pytest.mark.parametrize("way", OFF)
def test_a_daemon_whose_clock_is_put_two_days_off_and_right_again_plans_on_within_a_minute(
    way: str, put_off: dict[str, Future[None]]
) -> None:
    put_off[way].result()  # raises what fails in `put_off_and_back`: nothing is lost, late or sent twice
