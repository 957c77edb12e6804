"""A first configuration, made in an empty folder, with a test message that a real SMTP server receives."""

from __future__ import annotations

import os
import pty
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.cli.conftest import Alerts

WHO = ("--to", "ann@example.org", "--timezone", "Europe/Madrid")


@dataclass
class Sink:
    """An SMTP server without TLS and without a login."""

    port: int = 0
    received: list[Any] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 # aiosmtpd's name
        self.received.append(envelope)
        return "250 2.0.0 Ok: queued as 4ZX"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def sink() -> Iterator[Sink]:
    found = Sink()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found.port = int(probe.getsockname()[1])
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    yield found
    controller.stop()


@pytest.fixture
def empty(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, as a new user has it."""
    folder = home / "new"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ALERTS_DATABASE")
    return folder


def test_it_makes_a_configuration_and_its_test_message_arrives(alerts: Alerts, empty: Path, sink: Sink) -> None:
    made = alerts("init", *WHO, "--smtp", sink.address, "--security", "none")
    assert (made.code, made.out.splitlines()) == (
        0, ["wrote config/alerts.yaml", "desk-mail → ann@example.org: 250 2.0.0 Ok: queued as 4ZX"]
    )  # fmt: skip
    assert sink.received[0].rcpt_tos == ["ann@example.org"]
    assert "alerts add report" in made.err
    assert alerts("add", "report", "File the report", "2027-03-31").code == 0
    checked = alerts("check")
    assert (checked.code, checked.out) == (0, "ok: 1 channel, 1 rule; templates: OK\n")
    assert {path.name for path in empty.iterdir()} == {"config", "var"}


def test_a_server_without_tls_gets_a_hint_and_the_configuration_stays(alerts: Alerts, empty: Path, sink: Sink) -> None:
    made = alerts("init", *WHO, "--smtp", sink.address)
    assert made.code == 1
    assert "does not offer STARTTLS: set smtp.security to" in made.err
    assert "change config/alerts.yaml, then try again: alerts send-test desk-mail" in made.err
    path = empty / "config" / "alerts.yaml"
    path.write_text(path.read_text().replace("security: starttls", "security: none"))
    assert alerts("send-test", "desk-mail").code == 0


def test_a_configuration_is_never_overwritten(alerts: Alerts, empty: Path) -> None:
    (empty / "config").mkdir()
    made = alerts("init", *WHO, "--smtp", "mail.example.org", "--no-test")
    assert (made.code, "config exists already" in made.err, list((empty / "config").iterdir())) == (1, True, [])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "state --to ADDRESS and --smtp HOST"),
        (("--to", "ann", "--smtp", "mail.example.org"), "ann"),
        (("--to", "ann@example.org", "--smtp", "mail.example.org", "--timezone", "Mars/X"), "unknown time zone"),
        (("--to", "ann@example.org", "--smtp", "mail.example.org", "--security", "ssl"), "security"),
        (("--to", "ann@example.org", "--smtp", "mail.example.org:x"), "--smtp mail.example.org:x: state a host"),
        (("--to", 'a"{b}: @example.org', "--smtp", "mail.example.org"), "a"),
        (("--to", "ann@example.org", "--smtp", "h", "--username", "x"), "state --password-file FILE"),
        (
            ("--to", "ann@example.org", "--smtp", "h", "--username", "x", "--password-file", "none"),
            "--password-file none: cannot be read",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_left(
    alerts: Alerts, empty: Path, words: tuple[str, ...], text: str
) -> None:
    made = alerts("init", "--no-test", *words)
    assert made.code != 0
    assert text in made.err
    assert ".config-" not in made.err
    assert list(empty.iterdir()) == []


def test_the_password_stands_in_a_file_that_only_its_user_can_read(alerts: Alerts, empty: Path) -> None:
    (empty.parent / "given").write_text("hunter-two\n")
    made = alerts(
        "init", "desk", *WHO, "--smtp", "mail.example.org:465", "--username", "ann", "--password-file", "../given",
        "--no-test",
    )  # fmt: skip
    assert made.code == 0, made.err
    folder = empty / "desk" / "config"
    text = (folder / "alerts.yaml").read_text()
    assert 'port: 465, security: tls, username: "ann", password: {file: smtp-password}' in text
    assert "hunter-two" not in text + made.out + made.err
    assert (folder / "smtp-password").read_text() == "hunter-two"
    assert stat.S_IMODE((folder / "smtp-password").stat().st_mode) == 0o600


def test_on_a_terminal_it_asks(empty: Path, sink: Sink) -> None:
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "alerts", "init", "--security", "none", "--timezone", "UTC"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    for asked, answer in (
        (b"address): ", b"ann@example.org\n"), (b"port): ", f"{sink.address}\n".encode()), (b"none): ", b"\n")
    ):  # fmt: skip
        while not shown.endswith(asked):
            shown += os.read(terminal, 1000)
        os.write(terminal, answer)
    while b"alerts run`" not in shown:
        shown += os.read(terminal, 1000)
    assert process.wait() == 0
    os.close(terminal)
    assert sink.received[0].rcpt_tos == ["ann@example.org"]
