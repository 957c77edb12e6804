"""Replicas whose channels and rules differ: what one cannot send waits for another that can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.databases import states
from tests.faults.nursery import Nursery
from tests.faults.replicas import load, running
from tests.faults.sinks import Sinks, open_sinks
from tests.faults.world import CHANNELS, write_config
from tests.patience import eventually

WIDE = """
rules:
  - {name: leads, cron: "* * * * *", match: {}, digest: false, remind: {before: [P7D]}, notify: [mail, chat]}
"""
NARROW = WIDE.replace("[mail, chat]", "[mail]")
ONLY_MAIL = "".join(line for line in CHANNELS.splitlines(keepends=True) if not line.startswith("  chat:"))
COMMITMENTS = 5


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with open_sinks() as opened_sinks:
        yield opened_sinks


def test_a_delivery_for_a_channel_that_a_replica_lacks_waits_for_one_that_has_it(
    tmp_path: Path, postgresql_url: str, sinks: Sinks
) -> None:
    wide, narrow = (
        ["--config", str(write_config(tmp_path / name, sinks, rules, 1, channels)), "--database", postgresql_url]
        for name, rules, channels in (("wide", WIDE, CHANNELS), ("narrow", NARROW, ONLY_MAIL))
    )
    load(tmp_path, wide, COMMITMENTS)
    with Nursery(tmp_path) as nursery:
        assert nursery.run([*wide, "tick"], die_at="before socket connect").killed
    assert sum(by_state(postgresql_url).values()) == 2 * COMMITMENTS, "all are planned, none is sent"
    with running(tmp_path, [narrow]) as (lacks,):
        eventually(
            lambda: counted(sinks) == {"mail": COMMITMENTS}, "the mails go out once their leases end", every=0.05
        )
        eventually(lambda: by_state(postgresql_url)["sent"] == COMMITMENTS, "and are marked", every=0.05)
        assert lacks.is_up()
        (tmp_path / "second").mkdir()
        with running(tmp_path / "second", [wide]) as (has,):
            eventually(lambda: by_state(postgresql_url) == {"sent": 2 * COMMITMENTS}, "the posts too", every=0.05)
            assert has.end(within=20) == 0
        assert lacks.end(within=20) == 0
    assert counted(sinks) == {"mail": COMMITMENTS, "chat": COMMITMENTS}


def by_state(url: str) -> Counter[str]:
    return Counter(states(url).values())


def counted(sinks: Sinks) -> Counter[str]:
    return Counter(one.channel for one in sinks.accepted)
