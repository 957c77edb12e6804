"""Threads that send for a channel: how many there are, what they hand back, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from alerts.sending_threads import SendingThreads

WITHIN = 30.0  # seconds, which no test waits for


class Gate:
    """A send that ends when its item is let through; it returns twice the item, and raises it if it is negative."""

    def __init__(self) -> None:
        self.open: dict[int, threading.Event] = {}
        self.by: dict[int, str] = {}

    def send(self, item: int) -> int:
        self.by[item] = threading.current_thread().name
        assert self.open.setdefault(item, threading.Event()).wait(WITHIN)
        if item < 0:
            raise SystemExit(item)
        return 2 * item

    def let(self, *items: int) -> None:
        for item in items:
            self.open.setdefault(item, threading.Event()).set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def many(threads: SendingThreads[int, int], count: int) -> list[tuple[int, int]]:
    """Return what ended, once it is so many."""
    found: list[tuple[int, int]] = []
    while len(found) < count:
        found += threads.ended(WITHIN, 0.0)
    return found


def test_what_was_begun_is_handed_back_once_with_its_result(gate: Gate):
    with SendingThreads(gate.send, 2, "mail") as threads:
        for item in range(5):
            threads.begin(item)
        assert threads.under_way == [0, 1, 2, 3, 4]
        gate.let(*range(5))
        assert sorted(many(threads, 5)) == [(0, 0), (1, 2), (2, 4), (3, 6), (4, 8)]
        assert threads.under_way == []
        assert threads.ended(WITHIN, WITHIN) == []


def test_there_are_as_many_threads_as_sends_under_way_and_no_more_than_allowed(gate: Gate):
    gate.let(0, 1, 2, 3, 4)
    with SendingThreads(gate.send, 2, "mail") as threads:
        assert not threads._threads
        threads.begin(0)
        many(threads, 1)
        threads.begin(1)
        assert len(threads._threads) == 1
        for item in (2, 3, 4):
            threads.begin(item)
        many(threads, 4)
        assert len(threads._threads) == 2
    assert set(gate.by.values()) <= {"mail_0", "mail_1"}
    assert not any(thread.is_alive() for thread in threads._threads)


def test_what_ends_shortly_after_the_first_is_handed_back_with_it(gate: Gate):
    with SendingThreads(gate.send, 2, "mail") as threads:
        threads.begin(1)
        threads.begin(2)
        gate.let(1, 2)
        assert sorted(threads.ended(WITHIN, WITHIN)) == [(1, 2), (2, 4)]


def test_what_does_not_end_shortly_after_the_first_is_not_waited_for(gate: Gate):
    with SendingThreads(gate.send, 2, "mail") as threads:
        threads.begin(1)
        threads.begin(2)
        gate.let(1)
        assert threads.ended(WITHIN, 0.001) == [(1, 2)]
        assert threads.under_way == [2]
        assert threads.ended(0.001, 0.0) == []
        gate.let(2)
        assert threads.ended(WITHIN, 0.0) == [(2, 4)]


@pytest.mark.parametrize("order", [(1, -1), (-1, 1)])
def test_what_ended_together_with_a_send_that_raised_is_not_lost(gate: Gate, order: tuple[int, int]):
    def wait_for(condition: Callable[[], bool]) -> None:
        for _ in range(3000):
            if condition():
                return
            threading.Event().wait(0.01)
        raise AssertionError("nothing ended")

    with SendingThreads(gate.send, 2, "mail") as threads:
        for number, item in enumerate(order, 1):
            threads.begin(item)
            gate.let(item)
            wait_for(lambda number=number: threads._ended.qsize() == number)
        with pytest.raises(SystemExit):
            threads.ended(WITHIN, WITHIN)
        assert threads.under_way == [1]
        assert threads.ended(WITHIN, 0.0) == [(1, 2)]
