"""Three replicas on PostgreSQL, whatever befalls them, deliver everything, and repeat no more than was in flight."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.delivery import RENDERED
from tests import postgres
from tests.faults.chaos import Chaos, Plan
from tests.faults.replicas import load, running
from tests.faults.report import REPORT
from tests.faults.sinks import Sinks, open_sinks
from tests.faults.world import write_config

WHOLE = os.environ.get("FAULTS") == "all"
SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
TIMEOUT = 2  # seconds a send may take: a lease lasts twice as long, and what it may take to render
LEASE = 2 * TIMEOUT + RENDERED.total_seconds()
PLAN = (
    Plan(commitments=2500, kills=60, stops=10, restarts=3, stop=LEASE + 1, pause=0.1)
    if WHOLE
    else Plan(commitments=60, kills=2, stops=1, restarts=1, stop=LEASE + 1, pause=0.2)
)
RULES = """
rules:
  - {name: leads, cron: "* * * * *", match: {}, digest: false, remind: {before: [P7D]}, notify: [mail, chat]}
"""


@pytest.fixture
def durable() -> Iterator[postgres.Server]:
    """A server that keeps what it has said to be committed, also when it falls."""
    with postgres.running(options=postgres.SPEED) as server:
        yield server


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with open_sinks() as opened:
        yield opened


def test_whatever_befalls_replicas_all_is_delivered_and_little_repeated(
    tmp_path: Path, durable: postgres.Server, sinks: Sinks
) -> None:
    url, began = durable.url(durable.create()), time.monotonic()
    options = ["--config", str(write_config(tmp_path / "config", sinks, RULES, TIMEOUT)), "--database", url]
    load(tmp_path, options, PLAN.commitments)
    with running(tmp_path, [options] * 3) as replicas:
        chaos = Chaos(PLAN, SEED, durable, replicas, sinks, url)
        chaos.run()
        for replica in replicas:
            replica.come_up()  # until then a signal ends it as it ends any Python
        assert [replica.end(within=20) for replica in replicas] == [0, 0, 0]
    sinks.settle()
    accepted = sinks.ids()
    repeats = sum(accepted.values()) - len(accepted)
    REPORT.lines.append(
        f"chaos: seed {SEED}, {len(accepted)} deliveries, {dict(chaos.done)}, lost "
        f"{PLAN.deliveries - len(accepted)}, repeats {repeats}, bound {PLAN.bound}, {time.monotonic() - began:.0f} s"
    )
    assert len(accepted) == PLAN.deliveries, f"seed {SEED}"
    assert repeats <= PLAN.bound, f"seed {SEED}: {repeats} repeats"
    assert not sinks.repeats_that_differ(), f"seed {SEED}"
