"""By whichever door a change comes in, the channels that subscribe get it, with who made it and by which proof."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Response

from alerts import shipped
from alerts.channels import build
from alerts.core.change_events import EVENT_NAMES
from alerts.core.registration import RuleSet
from alerts.delivery import ChannelWorker
from alerts.rendering.renderer import Renderer
from tests.factories import change, entry, load
from tests.web.answering import Desk, Sent
from tests.web.programs import Program
from tests.web.test_commitment_page import page

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def sent(desk: Desk) -> Sent:
    """An alert that was sent about `audit`. From now on a channel subscribes to changes."""
    found = desk.sent("audit")
    settings = desk.server.services.settings
    mine = RuleSet(rules={one.name: one for one in settings.rules}, people=settings.people,
                   events={"cases": EVENT_NAMES})  # fmt: skip
    desk.store.registrations.register(mine, desk.now, by="x", alive=timedelta(minutes=5), may=lambda *_: True)
    return found


def posted(desk: Desk, httpserver: HTTPServer) -> list[tuple[str, str, str, str]]:
    """Send what waits, and return what each post says: its type, the commitment, by whom, and the proof."""
    httpserver.expect_request("/events", method="POST").respond_with_response(Response(status=204))
    options = {"url": httpserver.url_for("/events"), "secret": SECRET, "events": ["all"]}
    channel = build("cases", "webhook", options)
    worker = ChannelWorker(desk.store, channel, Renderer([shipped.folder("templates")]), "UTC", lambda: desk.now)
    worker.drain()
    channel.close()
    found = []
    for request, _ in httpserver.log:
        event = Webhook(SECRET).verify(request.data, dict(request.headers))
        data = event["data"]
        found.append((event["type"], data["commitment"], data["recorded_by"], data["proof"]))
    return found


def test_an_answer_by_a_link_is_posted(desk: Desk, sent: Sent, httpserver: HTTPServer) -> None:
    desk.visit(sent.token).press("acknowledge")
    assert posted(desk, httpserver) == [("commitment.acknowledged", "audit", "a link sent to ann@example.org", "link")]


def test_an_answer_on_a_page_is_posted(desk: Desk, sent: Sent, httpserver: HTTPServer) -> None:
    assert page(desk, "audit").press("acknowledge", name="Ann").answer.status_code == 200
    ((kind, key, _, proof),) = posted(desk, httpserver)
    assert (kind, key, proof) == ("commitment.acknowledged", "audit", "local")


def test_changes_by_a_program_are_posted(program: Program, sent: Sent, httpserver: HTTPServer) -> None:
    done = [
        program.call("POST", "/commitments/audit/acknowledge", {}),
        program.call("POST", "/commitments/audit/move", {"deadline": "2026-12-10", "reason": "talks"}, If_Match="*"),
        program.call("POST", "/commitments", {"key": "offer", "title": "Offer", "deadline": "2027-01-15"}),
        program.call("POST", "/commitments/audit/close", {"as": "fulfilled"}),
    ]
    assert [one.status_code for one in done] == [200, 200, 201, 200], [one.text for one in done]
    found = posted(program.desk, httpserver)
    assert {one[2:] for one in found} == {("token sap", "token")}
    assert [kind for kind, key, *_ in found if key == "offer"] == ["commitment.recorded"]
    kinds = [kind.removeprefix("commitment.") for kind, key, *_ in found if key == "audit"]
    assert kinds == ["acknowledged", "moved", "closed"]


def test_a_file_that_is_loaded_is_posted(desk: Desk, sent: Sent, httpserver: HTTPServer) -> None:
    load(desk.store, entry("lease", "2027-03-01"), now=desk.now)
    assert posted(desk, httpserver) == [("commitment.recorded", "lease", change().by, "shell")]
