"""How many requests are handled at once, and what threads share: readers must not hold up a commit for long."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from alerts.rendering.template_environment import Sandbox
from alerts.rendering.web_pages import WebPages
from alerts.store import Store
from alerts.web.calendar_feeds import CalendarFeeds, FeedAnswer
from tests.patience import PATIENCE
from tests.web.answering import Desk
from tests.web.conftest import Serve

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.mark.parametrize(("kind", "at_once"), [("sqlite", 1), ("postgresql", 4)])
def test_one_request_at_a_time_reads_sqlite_and_several_read_postgresql(
    serve: Serve, request: pytest.FixtureRequest, kind: str, at_once: int
) -> None:
    lock, now, most, together = threading.Lock(), [0], [0], threading.Event()
    waits = PATIENCE if at_once > 1 else 0.2  # for another one: however busy the machine is, or in vain

    def handle() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if most[0] > 1:
                together.set()
        together.wait(waits)
        with lock:
            now[0] -= 1

    server = serve(database=request.getfixturevalue(f"{kind}_url"), routes=[("/handle", handle)])
    with ThreadPoolExecutor(5) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: server.get("/handle"), range(5))} == {200}
    assert most[0] <= at_once
    assert most[0] > 1 or kind == "sqlite"


def test_a_page_does_not_wait_for_a_calendar(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slowly(*_: object) -> FeedAnswer:
        begun.set()
        may_end.wait(60)
        return FeedAnswer(status=404)

    monkeypatch.setattr(CalendarFeeds, "answer", slowly)
    server = serve()
    with ThreadPoolExecutor(1) as pool:
        calendar = pool.submit(server.get, "/calendar/0.ics")
        assert begun.wait(60)
        assert server.get("/readyz").status_code == 204
        assert not calendar.done()
        may_end.set()
        assert calendar.result().status_code == 404


def test_a_visit_reads_the_database_in_one_transaction(desk: Desk) -> None:
    page, begun = desk.sent("filing").token, []
    assert desk.store.database._engine
    event.listen(desk.store.database._engine, "begin", begun.append)
    assert desk.visit(page).status == 200
    assert len(begun) == 1


def test_nothing_is_written_in_a_snapshot(store: Store) -> None:
    with (
        store.database.snapshot(),
        pytest.raises(AssertionError, match="a snapshot only reads"),
        store.database.write(),
    ):
        pass
    with store.database.write():
        pass


def test_pages_are_compiled_before_threads_ask_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "answer.html").write_text("{% broken")
    pages = WebPages([tmp_path, TEMPLATES])
    pages.compile()
    monkeypatch.setattr(Sandbox, "compile", lambda *_: pytest.fail("compiled by a request"))
    assert "This link is not known" in pages.render("answer_message", message="unknown", form="", decoy="")
