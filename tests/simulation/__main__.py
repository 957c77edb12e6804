"""Simulate: `python -m tests.simulation --seeds 1-10 --count 2000` prints each seed's counts, and all that differs."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.oracle.one_recipient import to_one_recipient
from tests.oracle.reminders import reminders
from tests.simulation.comparing import Comparison, compare
from tests.simulation.lives import Lives
from tests.simulation.playing import play, play_for
from tests.simulation.quiet import Quiet
from tests.simulation.staff import Staff

PEOPLE_SHARE = 20  # one in so many commitments is also played with owners who come and go
SHARED = Path("/dev/shm")  # where there is one: no disk need be waited for


def simulate(seed: int, count: int, without: frozenset[str]) -> tuple[Comparison, list[str], str]:
    """Calculate and play the history of one seed, and compare."""
    started = time.process_time()
    history, one_channel = Lives(seed, count, without).history, seed % 4 == 0
    expected = reminders(history, one_channel=one_channel)
    calculated, kinds = time.process_time(), Counter(one.kind for one in expected if one.sent)
    merged = len(expected) - kinds.total()
    with TemporaryDirectory(dir=SHARED if SHARED.is_dir() else None) as folder:
        came = list(play(history, Path(folder), one_channel=one_channel))
    if one_channel:
        expected, came = to_one_recipient(expected), [replace(one, rule="") for one in came if one.sent]
    found = compare(history, expected, came)
    received, misdirected = to_people(seed, max(count // PEOPLE_SHARE, 20), without)
    went, untimely = in_silence(seed, max(count // PEOPLE_SHARE, 20), without)
    by_kind = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    seconds = f"CPU: {calculated - started:.0f} s to calculate, {time.process_time() - calculated:.0f} s to play"
    return (
        found,
        [*misdirected, *untimely],
        (
            f"seed {seed}: {len(history.commitments)} commitments, {len(history.events)} changes, {len(history.ticks)} "
            f"ticks; {kinds.total()} reminders ({by_kind}), {merged} merged; "
            f"{'one channel for all, ' if one_channel else ''}"
            f"{len(found.lost)} lost, {len(found.extra)} extra ({len(found.twice)} of them twice); "
            f"{received} received by people who come and go, {len(misdirected)} wrong; "
            f"{went} around silences and office hours, {len(untimely)} wrong; "
            f"{seconds}"
        ),
    )


def to_people(seed: int, count: int, without: frozenset[str]) -> tuple[int, list[str]]:
    """Play a smaller history whose owners leave, are away and come back.

    Returns how many alerts were received, and those that were lost, are extra or went to somebody who had left.
    """
    history = Lives(seed, count, without).history
    staff = Staff(seed, history.ticks[0], history.ticks[-1])
    with TemporaryDirectory(dir=SHARED if SHARED.is_dir() else None) as folder:
        wrong, received = play_for(staff, history, Path(folder))
    return received, wrong


def in_silence(seed: int, count: int, without: frozenset[str]) -> tuple[int, list[str]]:
    """Play a smaller history with silences and office hours.

    Returns how many alerts went out, and those that went when they should not have, or did not go.
    """
    history = Lives(seed, count, without).history
    with TemporaryDirectory(dir=SHARED if SHARED.is_dir() else None) as folder:
        wrong, sent = Quiet(seed, history).play(Path(folder))
    return sent, wrong


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", default="1-10", help="one, or from-to")
    options.add_argument("--count", type=int, default=2000, help="commitments a seed")
    options.add_argument("--without", default="", help="kinds that are not generated")
    options.add_argument("--show", type=int, default=3, help="lives to write out where the answers differ")
    given = options.parse_args()
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    without = frozenset(filter(None, given.without.split(",")))
    bad = 0
    with ProcessPoolExecutor(max_workers=2) as pool:
        for seed, (found, misdirected, counts) in zip(
            seeds, pool.map(partial(simulate, count=given.count, without=without), seeds), strict=True
        ):
            print(counts, flush=True)
            if misdirected:
                bad += 1
                print("\n".join(misdirected[: given.show]), flush=True)
            if not found.agree:
                bad += 1
                again = f"python -m tests.simulation --seeds {seed} --count {given.count} --without {given.without!r}"
                print("\n".join([*found.report(given.show), f"\nto repeat it: {again}\n"]), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
