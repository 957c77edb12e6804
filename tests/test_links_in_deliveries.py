"""Links as they are received by a mail server and a web server: they verify, and nothing else holds them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from alerts import shipped
from alerts.answer_keys import AnswerKey, read_key_file, rotate
from alerts.channels import Channel, build
from alerts.core.answer_links import AnswerLinks, key_id_of, placeholders, read
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Message
from alerts.delivery import ChannelWorker
from alerts.link_signing import KeyFile, LinkSigning
from alerts.planning import plan
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.signed_messages import lacks_key, signed
from alerts.store import Store, delivery_tables
from tests.channels.conftest import postbox, smtp_server
from tests.factories import NOW, SetClock, at, entries, load, plan_at, remind, rule

__all__ = ["postbox", "smtp_server"]

EVE = at("2025-11-09T15:00")
LATER = at("2025-11-09T16:00")
TOKEN = re.compile(r"https://alerts\.example\.org/a/([0-9a-z]+)")
ANN = "ann@example.org"


@pytest.fixture
def signing(tmp_path: Path) -> LinkSigning:
    path = tmp_path / "alerts.answer-keys"
    return LinkSigning(
        public_url="https://alerts.example.org", allowed=("acknowledge",), source=KeyFile(path, lambda: NOW), path=path
    )


Start = Callable[..., ChannelWorker]


@pytest.fixture
def start(store: Store, signing: LinkSigning) -> Iterator[Start]:
    """Plan one alert, or a digest of so many, and return the worker that sends it."""
    channels: list[Channel] = []

    def begin(kind: str, options: dict[str, Any], count: int = 1, **more: Any) -> ChannelWorker:
        daily = rule(remind=remind(before=("P1D",)), notify=("out",), digest=count > 1)
        channel = build("out", kind, options)
        channels.append(channel)
        load(store, *entries(count))
        plan_at(store, NOW, daily)
        assert plan(store, ScheduledRule.all([daily]), {"out": channel}, EVE) == 1
        renderer = Renderer([shipped.folder("templates")])
        return ChannelWorker(store, channel, renderer, "UTC", SetClock(EVE), **{"signing": signing} | more)

    yield begin
    for channel in channels:
        channel.close()


def stored(store: Store) -> Any:
    """Return the one delivery, as it is stored."""
    with store.database.read() as connection:
        return connection.execute(select(delivery_tables.deliveries)).mappings().one()


def mail_options(port: int, **more: Any) -> dict[str, Any]:
    smtp = {"host": "127.0.0.1", "port": port, "security": "none"}
    return {"from": "alerts@example.org", "to": [ANN], "smtp": smtp} | more


def hook_options(httpserver: HTTPServer, status: int = 200, **more: Any) -> dict[str, Any]:
    httpserver.expect_request("/hook").respond_with_handler(lambda _: Response("", status))
    return {"url": httpserver.url_for("/hook"), "answers": True} | more


def received(httpserver: HTTPServer) -> list[Request]:
    return [request for request, _ in httpserver.log]


def parts(mail: bytes) -> list[str]:
    found = message_from_bytes(mail, policy=default)
    return [part.get_content() for part in found.walk() if part.get_content_type() in ("text/plain", "text/html")]


@pytest.mark.parametrize("count", [1, 3])
def test_each_link_of_a_received_mail_verifies(
    count: int, start: Start, store: Store, smtp_server: Any, postbox: Any
) -> None:
    worker = start("email", mail_options(smtp_server(), reply_to="Desk <desk@example.org>"), count)
    signing = worker.signing
    assert worker.drain() == {"sent": 1}
    (mail,) = postbox.mails
    assert message_from_bytes(mail, policy=default)["Reply-To"] == "Desk <desk@example.org>"
    ids = {store.commitments.find(f"c{number:05}").id for number in range(count)}
    for part in parts(mail):
        links = [read(token, signing.keys()) for token in TOKEN.findall(part)]
        assert all(link and link.delivery == stored(store)["id"] for link in links)
        assert {link.commitment_id for link in links if link} == (ids if count == 1 else {*ids, None})
        assert "desk@example.org" in part


def test_what_is_stored_has_placeholders_only_and_as_long_ones(
    start: Start, store: Store, smtp_server: Any, postbox: Any
) -> None:
    start("email", mail_options(smtp_server())).drain()
    text, _ = parts(postbox.mails[0])
    payload = stored(store)["payload"]
    (token,) = TOKEN.findall(text)
    assert token not in json.dumps(payload)
    assert placeholders(payload["text"]) == placeholders(payload["html"])
    assert len("".join(text.split())) == len("".join(payload["text"].split()))


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams", "googlechat", "mattermost", "discord"])
def test_each_link_of_a_received_post_verifies(
    kind: str, start: Start, store: Store, signing: LinkSigning, httpserver: HTTPServer
) -> None:
    worker = start(kind, hook_options(httpserver), 3)
    assert worker.drain() == {"sent": 1}
    (request,) = received(httpserver)
    links = [read(token, signing.keys()) for token in TOKEN.findall(request.get_data(as_text=True))]
    assert len({link and link.commitment_id for link in links}) == 4
    assert None not in links
    kept = TOKEN.findall(json.dumps(stored(store)["payload"]))
    assert kept
    assert all(token.endswith("0" * 26) for token in kept)


def test_every_try_has_the_same_bytes(start: Start, httpserver: HTTPServer) -> None:
    worker = start("webhook", hook_options(httpserver, 400))
    worker.drain()
    worker.clock.now = LATER
    worker.drain()
    first, second = received(httpserver)
    assert first.data == second.data
    assert TOKEN.search(first.get_data(as_text=True))


def test_after_a_rotation_a_retry_still_has_the_same_bytes(
    start: Start, signing: LinkSigning, httpserver: HTTPServer
) -> None:
    worker = start("webhook", hook_options(httpserver, 400))
    worker.drain()
    assert signing.path
    rotate(signing.path, LATER)
    worker.clock.now = LATER
    worker.drain()
    first, second = received(httpserver)
    assert first.data == second.data
    assert len(signing.keys()) == 2


def test_what_was_rendered_with_a_key_that_is_gone_is_rendered_anew(
    start: Start, signing: LinkSigning, httpserver: HTTPServer
) -> None:
    worker = start("webhook", hook_options(httpserver, 400))
    worker.drain()
    assert signing.path
    rotate(signing.path, LATER, LATER)
    worker.clock.now = LATER
    worker.drain()
    tokens = [TOKEN.findall(request.get_data(as_text=True))[0] for request in received(httpserver)]
    assert [bool(read(token, signing.keys())) for token in tokens] == [False, True]


def test_after_a_revocation_what_waits_is_rendered_anew_and_its_links_hold(
    start: Start, store: Store, smtp_server: Any, postbox: Any
) -> None:
    postbox.fail_after_data = 1
    worker = start("email", mail_options(smtp_server()))
    assert worker.drain() == {"retry": 1}
    store.link_revocations.revoke("Ann@Example.org", EVE)
    worker.clock.now = LATER
    assert worker.drain() == {"sent": 1}
    rendered_at = datetime.fromisoformat(stored(store)["payload"]["rendered_at"])
    assert store.link_revocations.voided(ANN, EVE)
    assert rendered_at == LATER
    assert not store.link_revocations.voided(ANN, rendered_at)


def test_without_keys_it_goes_out_with_commands(start: Start, httpserver: HTTPServer, tmp_path: Path) -> None:
    (tmp_path / "alerts.answer-keys").write_text("no key\n")
    worker = start("webhook", hook_options(httpserver))
    assert worker.drain() == {"sent": 1}
    (request,) = received(httpserver)
    assert "answer_url" not in request.get_data(as_text=True)
    assert request.json["data"]["reminders"][0]["commands"]["acknowledge"] == "alerts ack c00000"


def test_a_retry_whose_keys_are_all_gone_goes_out_with_commands(
    start: Start, signing: LinkSigning, httpserver: HTTPServer
) -> None:
    worker = start("webhook", hook_options(httpserver, 400))
    worker.drain()
    worker.signing = replace(signing, public_url=None)
    worker.clock.now = LATER
    worker.drain()
    first, second = (request.get_data(as_text=True) for request in received(httpserver))
    assert "/a/" in first
    assert "/a/" not in second


SHOWN = {  # whether each kind shows links, unless set
    "email": True, "maildir": True, "slack": True, "teams": True, "googlechat": True, "mattermost": True,
    "webhook": False, "discord": False, "ntfy": False, "pagerduty": False, "apprise": False, "console": False,
}  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {
    "email": mail_options(25),
    "maildir": {"path": "mail", "to": [ANN]},
    "ntfy": {"url": "http://127.0.0.1:9/topic"},
    "pagerduty": {"routing_key": "0" * 32},
    "apprise": {"url": "json://localhost/hook"},
    "console": {},
}


def channel_of(kind: str, **more: Any) -> Channel:
    return build("out", kind, NEEDED.get(kind, {"url": "http://127.0.0.1:9/hook"}) | more)


@pytest.mark.parametrize("kind", SHOWN)
def test_each_kind_shows_links_or_not_unless_it_is_set(kind: str, signing: LinkSigning) -> None:
    assert signing.reaches(channel_of(kind)) is SHOWN[kind]
    assert not signing.reaches(channel_of(kind, answers=False))
    if kind == "console":
        with pytest.raises(Exception, match="the console shows no links"):
            channel_of(kind, answers=True)
    else:
        assert signing.reaches(channel_of(kind, answers=True))


@pytest.mark.parametrize("kind", SHOWN)
def test_links_to_this_machine_go_to_a_maildir_only(kind: str, signing: LinkSigning) -> None:
    local = replace(signing, is_local=True)
    assert (local.links(channel_of(kind)) is not None) is (kind == "maildir")


def test_no_link_or_token_is_in_the_database_the_log_or_an_error_of_a_server_that_echoes(
    start: Start, store: Store, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(request: Request) -> Response:
        return Response(request.get_data(as_text=True)[-4000:], 400)

    httpserver.expect_request("/echo").respond_with_handler(echo)
    worker = start("webhook", {"url": httpserver.url_for("/echo"), "answers": True})
    with caplog.at_level(logging.DEBUG):
        worker.drain()
    (request,) = received(httpserver)
    tokens = TOKEN.findall(request.get_data(as_text=True))
    assert len(tokens) == 2
    with store.database.read() as connection:
        rows = [
            repr(row) for table in delivery_tables.metadata.sorted_tables for row in connection.execute(select(table))
        ]
    assert not any(token[-20:] in caplog.text + "".join(rows) for token in tokens)


class Echoing:
    """A channel that repeats what it was given, whole or cut, as an answer or in an error."""

    kind, local, connections, one_at_a_time, holds_open = "echo", False, 1, False, False
    medium, default, answers, recipients, timezone = "text", False, True, (ANN,), None

    def __init__(self, channel: Channel, how: str) -> None:
        self.name, self.timeout, self._how = "out", channel.timeout, how
        self.given: list[str] = []

    def send(self, outgoing: Any) -> str:
        (token,) = TOKEN.findall(outgoing.message.text)
        self.given.append(token)
        assert token not in repr(outgoing)
        echoed = {"whole": outgoing.message.text, "cut": f"what is /a/{token[:60]}", "end": f"…{token[-20:]} is what"}
        if self._how == "answer":
            return outgoing.message.text
        raise DeliveryError(echoed[self._how])


@pytest.mark.parametrize("how", ["answer", "whole", "cut", "end"])
def test_what_a_server_repeats_is_stored_without_tokens(
    how: str, start: Start, store: Store, smtp_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    worker = start("email", mail_options(smtp_server()))
    worker.channel = echoing = Echoing(worker.channel, how)  # type: ignore[assignment]
    worker.drain()
    (token,) = echoing.given
    row = stored(store)
    said = f"{row['remote']} {row['last_error']} {caplog.text}"
    assert "***" in said
    assert not any(token[at : at + 8] in said for at in range(len(token) - 8))


def test_a_key_file_is_made_with_the_first_link(start: Start, signing: LinkSigning, httpserver: HTTPServer) -> None:
    assert signing.path
    assert not signing.path.exists()
    start("webhook", hook_options(httpserver)).drain()
    (key,) = read_key_file(signing.path)
    (request,) = received(httpserver)
    links = [read(token, (key.secret,)) for token in TOKEN.findall(request.get_data(as_text=True))]
    assert {link and link.key_id for link in links} == {key_id_of(key.secret)}


def test_another_configuration_brings_its_links_along(start: Start, signing: LinkSigning, smtp_server: Any) -> None:
    worker = start("email", mail_options(smtp_server()), signing=LinkSigning())
    other = ChannelWorker(worker.store, worker.channel, worker.renderer, "UTC", worker.clock, signing=signing)
    worker.take_over(other)
    assert worker.signing is signing


def test_a_message_whose_key_is_gone_is_still_handed_over() -> None:
    delivery = UUID(int=1)
    text = AnswerLinks("https://alerts.example.org", bytes(4)).url(delivery)
    message = Message(subject="Due", text=text, rendered_at=NOW)
    assert lacks_key(message, delivery, (bytes(32),))
    assert signed(message, delivery, (bytes(32),)) == message


def test_a_key_shows_itself_nowhere() -> None:
    key = AnswerKey(b"secret" * 5 + b"ab")
    signing = LinkSigning(public_url="https://alerts.example.org", source=lambda: (key,))
    assert "secret" not in repr(key) + repr(signing)
