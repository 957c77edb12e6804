"""A limit of the mail server itself slows the channel: it is not down, and all mails go out."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alerts import channels
from alerts.channel_health import OUT_FOR
from alerts.channels.transport.smtp_replies import asks_for_less
from alerts.core.liveness import PASS
from alerts.delivery import ChannelWorker
from alerts.failure_handling import handle_failures
from alerts.health_problems import slowed_lines
from alerts.planning import plan
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests.channels.conftest import Postbox
from tests.channels.endings import ending
from tests.factories import NOW, at, entry, load, plan_at, remind, rule
from tests.patience import cases
from tests.sim_time import SimTime, Window, deliver_all

NINE = at("2025-11-03T09:00")
DESK = rule(remind=remind(before=("P7D",)), notify=("desk-mail",), fallback="spare", digest=False)
MANY = 60
GMAIL = "421 4.7.0 Try again later, closing connection"
POSTFIX = "450 4.7.1 Error: too much mail from 127.0.0.1"
EXIM = "452 too many messages, come back in a while"


class LimitedPostbox(Postbox):
    """A mail server that accepts so many mails in a window, and refuses the others at a command."""

    def __init__(self, window: Window, command: str, reply: str) -> None:
        super().__init__()
        self._window, self._command, self._reply = window, command, reply

    async def handle_MAIL(self, *arguments: Any) -> str:  # noqa: N802 # aiosmtpd's name
        if self._command == "MAIL" and not self._window.accepts():
            return self._reply
        return await super().handle_MAIL(*arguments)  # type: ignore[no-any-return]

    async def handle_RCPT(self, *arguments: Any) -> str:  # noqa: N802
        if self._command == "RCPT" and not self._window.accepts():
            return self._reply
        return await super().handle_RCPT(*arguments)  # type: ignore[no-any-return]

    async def handle_DATA(self, *arguments: Any) -> str:  # noqa: N802
        if self._command == "DATA" and not self._window.accepts():
            return self._reply
        return await super().handle_DATA(*arguments)  # type: ignore[no-any-return]


@pytest.fixture
def time() -> SimTime:
    return SimTime(NINE)


@pytest.fixture
def window(time: SimTime) -> Window:
    """Three a second, as a small relay has it."""
    return Window(time, 3, 1.0)


@pytest.fixture
def postbox(window: Window, request: pytest.FixtureRequest) -> Postbox:
    return LimitedPostbox(window, *getattr(request, "param", ("MAIL", GMAIL)))


@pytest.fixture
def worker(store: Store, smtp_server: Callable[[], int], renderer: Renderer, time: SimTime) -> Iterator[ChannelWorker]:
    """The worker of a mail channel with many mails due."""
    smtp = {"host": "127.0.0.1", "port": smtp_server(), "security": "none"}
    channel = channels.build(
        "desk-mail", "email", {"from": "alerts@example.org", "to": ["desk@example.org"], "smtp": smtp, "timeout": 5}
    )
    load(store, *(entry(f"c{number:03}") for number in range(MANY)))
    plan_at(store, NOW, DESK)
    assert plan(store, ScheduledRule.all([DESK]), {"desk-mail": channel}, NINE) == MANY
    yield ChannelWorker(store, channel, renderer, "UTC", time.now, steady=time.steady)
    channel.close()


@pytest.mark.parametrize(
    "postbox",
    cases(
        [("DATA", "454 Throttling failure: Maximum sending rate exceeded")],
        ("MAIL", GMAIL),
        ("MAIL", POSTFIX),
        ("RCPT", EXIM),
    ),
    indirect=True,
)
def test_a_servers_limit_slows_the_channel_and_all_mails_go_out(
    *, store: Store, worker: ChannelWorker, postbox: Postbox, window: Window, time: SimTime, caplog: Any
) -> None:
    done = deliver_all(worker, time)
    assert done["sent"] == len(postbox.mails) == MANY
    assert set(done) == {"sent", "retry"}
    assert worker.health.breaker.out_since is None
    assert len(window.refused) <= 12, "not each mail is refused before it goes"
    assert time.passed < 180
    assert {one["state"] for one in store.ledger.deliveries()} == {"sent"}
    said = [record.message for record in caplog.records if "desk-mail is " in record.message]
    assert len(said) == 1
    assert said[0].startswith("channel desk-mail is slowed, since its server takes no more now: ")


def shown(store: Store, worker: ChannelWorker, time: SimTime) -> list[str]:
    """Return what `alerts health` says of it, from what the daemon leaves."""
    status = json.dumps({"desk-mail": worker.process_status(time.now())})
    store.ledger.record_fact(f"{PASS}host:1", status, time.now())
    return slowed_lines(store, time.now(), str)


def test_it_is_well_while_it_is_slowed_and_at_full_pace_in_the_end(
    store: Store, worker: ChannelWorker, window: Window, time: SimTime
) -> None:
    assert shown(store, worker, time) == []
    worker.drain()
    [line] = shown(store, worker, time)
    assert line.startswith("channel desk-mail is slowed to 10 a second, as its server takes no more: 127.0.0.1:")
    assert line.endswith(f"sender refused: {GMAIL}")
    assert window.refused
    assert worker.health.pace.slowed
    assert worker.is_well(time.now())
    assert worker.process_status(time.now())["out"] is None
    deliver_all(worker, time)
    window.accepted.clear()
    for _ in range(12):
        time.pass_for(60)
        worker.health.pace.recover(time.steady())
    assert worker.health.pace.slowed is None
    assert shown(store, worker, time) == []


@pytest.mark.parametrize("postbox", [("MAIL", POSTFIX)], indirect=True)
def test_a_limit_that_lets_nothing_through_for_long_is_an_outage_and_goes_to_the_fallback(
    store: Store, worker: ChannelWorker, postbox: Postbox, window: Window, time: SimTime
) -> None:
    window.most = 0
    deliver_all(worker, time, within=OUT_FOR.total_seconds() - 30)
    assert worker.health.breaker.out_since is None
    deliver_all(worker, time, within=120)
    assert worker.health.breaker.out_since
    deliver_all(worker, time, within=2 * 3600)
    assert not worker.is_well(time.now())
    assert len(window.refused) < 60, "it is asked rarely"
    spare = channels.build("spare", "console", {})
    assert handle_failures(
        store, ScheduledRule.all([DESK]), {"desk-mail": worker.channel, "spare": spare}, (), time.now()
    )
    assert any(one["channel"] == "spare" for one in store.ledger.deliveries())
    window.most = 3
    deliver_all(worker, time)
    assert len(postbox.mails) == MANY
    assert worker.health.breaker.out_since is None


def test_several_that_are_refused_at_once_halve_the_pace_once(
    worker: ChannelWorker, window: Window, time: SimTime
) -> None:
    window.most = 0
    worker.drain()
    assert len(window.refused) > 1
    assert worker.health.pace.slowed == 10


@pytest.mark.parametrize(
    ("code", "reply", "limit"),
    [
        (421, "4.7.0 Try again later", True),
        (421, "4.4.2 Message submission rate for this client has exceeded the configured limit", True),
        (421, "4.3.2 Connection rate limit exceeded", True),
        (421, "4.7.28 Gmail has detected an unusual rate of mail", True),
        (421, "too many concurrent connections", True),
        (432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded, concurrent connections", True),
        (450, "4.7.1 Error: too much mail from 127.0.0.1", True),
        (451, "4.7.500 Server busy. Please try again later", True),
        (452, "4.5.3 too many messages in this hour", True),
        (454, "Throttling failure: Daily message quota exceeded", True),
        (450, b"4.7.1 hourly limit reached\n4.7.1 wait", True),
        (421, "4.3.2 shutting down", False),
        (421, "mail.example.org Service not available, closing transmission channel", False),
        (450, "4.2.1 The user you are trying to contact is receiving mail too quickly", False),
        (452, "4.2.2 mailbox full, too many messages", False),
        (452, "4.3.1 insufficient system storage", False),
        (450, "4.7.1 Client host rejected: cannot find your hostname", False),
        (451, "4.7.1 Greylisted, please try again in 300 seconds", False),
        (451, "4.7.1 you have been graylisted", False),
        (451, "4.3.0 temporary failure, separate", False),
        (454, "4.7.0 Temporary authentication failure", False),
        (550, "5.7.1 too many messages", False),
    ],
)
def test_what_is_a_limit_and_what_is_not(code: int, reply: str, limit: bool) -> None:
    assert asks_for_less(code, reply) is limit


@pytest.mark.parametrize("after", ["banner", "MAIL", "DATA"])
def test_a_server_that_hangs_up_for_its_limit_only_slows_the_channel(scripted: Any, outgoing: Any, after: str) -> None:
    def talk(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        for verb, reply in {"banner": b"250 here", "MAIL": b"250 ok", "RCPT": b"250 ok", "DATA": b"354 go"}.items():
            lines.readline()
            connection.sendall(f"{GMAIL}\r\n".encode() if verb == after else reply + b"\r\n")
            if verb == after:
                return

    smtp = {"host": "127.0.0.1", "port": scripted(talk), "security": "none"}
    options = {"from": "alerts@example.org", "to": ["desk@example.org"], "smtp": smtp, "timeout": 5}
    channel = channels.build("desk-mail", "email", options)
    end, said = ending(channel, outgoing("desk@example.org"))
    channel.close()
    assert (end, GMAIL in said) == ("slow", True)
