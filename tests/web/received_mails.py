"""Mails that a real SMTP server has received, and the pages behind their links."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from html import unescape
from typing import Any

import requests
from aiosmtpd.controller import Controller

from tests import patience
from tests.web.answering import attributes
from tests.web.daemon_site import PATIENCE, free_port

RECORDED_WITHIN = 2.0  # seconds
HOST = "alerts.example.org"


class Inbox:
    """The mails that an SMTP server has received."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # as aiosmtpd names it
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def about(self, title: str) -> EmailMessage:
        """Return the last mail with a title in its subject."""
        return [one for one in self.mails if title in one["subject"]][-1]


@contextmanager
def mail_server() -> Iterator[tuple[int, Inbox]]:
    """Take mails; yields the port, and what was received."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, inbox
    finally:
        controller.stop()


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def link_of_text(mail: EmailMessage) -> str:
    """Return the path of the link that stands alone on its line."""
    (found,) = re.findall(rf"^http://{HOST}:\d+(/a/[a-z2-7]+)$", part(mail, "plain"), re.MULTILINE)
    return str(found)


def link_of_button(mail: EmailMessage) -> str:
    """Return the path that the button of the HTML leads to."""
    found = set(re.findall(rf'href="http://{HOST}:\d+(/a/[a-z2-7]+)"', part(mail, "html")))
    assert len(found) == 1
    return unescape(found.pop())


def visit(port: int, path: str, **body: str) -> requests.Response:
    """Open a page, as a browser does that finds the host at this machine; with a body, press its button."""
    address, host = f"http://127.0.0.1:{port}{path}", {"Host": f"{HOST}:{port}"}
    if body:
        return requests.post(address, data=body, headers=host, timeout=PATIENCE)
    return requests.get(address, headers=host, timeout=PATIENCE)


def press(port: int, path: str, choice: str, **typed: str) -> None:
    """Open a link and press a button: the page says soon that it is stored."""
    page = visit(port, path)
    inputs = [attributes(found) for found in re.findall(r"<input([^>]*)>", page.text)]
    hidden = {one["name"]: one["value"] for one in inputs if one.get("type") == "hidden"}
    with patience.ends_within(RECORDED_WITHIN):
        assert "Recorded" in visit(port, path, choice=choice, **hidden, **typed).text
