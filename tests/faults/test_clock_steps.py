"""A clock that is stepped, by a second or by two days, in flight or not: nothing is lost, early, or told twice."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alerts import shipped
from alerts.channels import build
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
from tests.faults.patience import eventually

SEEDS = range(100 if WHOLE else 2)
OFF = {"back": timedelta(days=-2), "on": timedelta(days=2)}
SIZES = [timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=2)]
STEPS = [sign * size for size in SIZES for sign in (1, -1)]
A_MINUTE = SWEEP.total_seconds() + 15  # and what a busy machine adds
FARTHEST = timedelta(days=2)
RUNS_ON = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 60, 180, 360)]
ZONE = "America/New_York"
START, END = at("2025-10-31T11:00"), at("2025-11-05T11:00")  # New York set its clocks back on 2 November at 6:00 UTC
KIND_TEXTS = remind(before=("P7D", "P2D", "P1D"), on_the_day=True, overdue=Overdue(), review="P1D")
RULES = [
    rule("daily", cron="0 9 * * *", timezone=ZONE, match={"tags": ("day",)}, remind=KIND_TEXTS, notify=("hook",)),
    rule("hourly", cron="0 * * * *", timezone=ZONE, match={"tags": ("hour",)}, remind=KIND_TEXTS, notify=("hook",)),
]
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


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_clock_does_each_word_is_said_once_and_not_early(
    seed: int, store: Store, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    clock = Stepped(chance)
    monkeypatch.setattr("alerts.store.database.utc_now", clock)
    hook = Hook(clock, chance)
    httpserver.expect_request("/hook").respond_with_handler(hook)
    channels = {"hook": build("hook", "webhook", {"url": httpserver.url_for("/hook"), "timeout": 5})}
    worker = ChannelWorker(store, channels["hook"], Renderer([shipped.folder("templates")]), "UTC", clock)
    ruled = ScheduledRule.all(RULES)
    load(store, *(entry(f"{tag}-{number}", deadline, tags=(tag,), timezone=ZONE)
                  for tag in ("day", "hour") for number, deadline in enumerate(DEADLINES)), now=START)  # fmt: skip
    settle(store, *RULES, now=START)
    foretold = {identity(word.reminder) for word in forecast(store, ruled, START, END)}

    def turn() -> None:
        plan(store, ruled, channels, clock())
        handle_failures(store, ruled, channels, (), clock())
        worker.drain()

    while clock.true < END:
        if chance.random() < 0.3:
            clock.step()
        if chance.random() < 0.3:
            hook.answers = chance.choice([(200,), (503,), (400,), (200, 400, 503)])
        turn()
        clock.true += chance.choice(RUNS_ON)
    hook.answers, hook.steps, clock.ahead, clock.farthest = (503,), False, FARTHEST, FARTHEST
    turn()  # so that at the end retries and a probe are left for two days from now
    assert worker.health.breaker.out_since, "nothing was left to fail"
    hook.answers, clock.ahead = (200,), timedelta()
    for _ in range(8):
        turn()
        clock.true += timedelta(minutes=30)
    channels["hook"].close()

    assert not hook.early
    assert set(hook.accepted.values()) == {1}
    found = {identity(word, one.commitment.key): word for one in store.ledger.tracked()
             for word in store.ledger.reminders(one.id)}  # fmt: skip
    assert foretold <= set(found), "lost"
    deliveries = {str(one["id"]): one for one in store.ledger.deliveries()}
    assert {name for name, one in deliveries.items() if one["state"] == "sent"} == set(hook.accepted)
    unsaid = [one for one in deliveries.values() if one["state"] != "sent"]
    assert {one["state"] for one in unsaid} <= {"superseded", "dead"}
    assert all(one["last_error"] for one in unsaid)
    assert all(word["skipped"] or word["deliveries"] for word in found.values()), "neither told nor skipped"


def identity(word: Any, key: str | None = None) -> tuple[str, str, datetime]:
    if key is None:
        return word.commitment, word.kind, word.moment
    return key, word["kind"], word["moment"]


def load_at(here: Site, key: str, ahead: timedelta) -> None:
    """Load a commitment of which there is a word to say at once, on a machine whose clock is off."""
    now = datetime.now(UTC) + ahead
    path = here.clock.with_name(f"{key}.yaml")
    path.write_text(f"commitments:\n  - {{key: {key}, title: {key}, deadline: {(now + timedelta(days=3)).date()}}}\n")
    ran = here.run("load", str(path), "--at", now.isoformat())
    assert ran.code == 0, ran.said
    here.count += 1


def put_off_and_back(home: Path, ahead: timedelta) -> None:
    """Put a daemon's clock off, and right again; each time there is something new to say before and after."""
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
    put_off[way].result()
