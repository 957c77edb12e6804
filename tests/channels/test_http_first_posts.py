"""The first posts of a channel, by several threads at once: each finds connections of our own class."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests

from alerts.channels.transport.http_session import Session, _Connection

THREADS = 4


@pytest.fixture(autouse=True)
def threads_that_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_that_make_the_pool_at_once_share_it() -> None:
    request = requests.Request("POST", "http://127.0.0.1:9/hook").prepare()
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(400):
            with Session(THREADS) as session:
                adapter, together = session.get_adapter("http://127.0.0.1:9/hook"), Barrier(THREADS)

                def find(adapter: requests.adapters.BaseAdapter = adapter, together: Barrier = together) -> type:
                    together.wait()
                    found: type = adapter.get_connection_with_tls_context(request, True).ConnectionCls  # type: ignore[attr-defined]
                    return found

                found = [one.result() for one in [threads.submit(find) for _ in range(THREADS)]]
                assert all(issubclass(one, _Connection) for one in found)
