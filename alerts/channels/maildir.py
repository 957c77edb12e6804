"""Maildir: mails in a folder, for a mail reader on this machine (cr.yp.to/proto/maildir.html)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from alerts.channels.transport.channel_settings import Mailbox, MailSettings
from alerts.channels.transport.mime import mail
from alerts.channels.transport.time_budget import reason
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Outgoing
from alerts.core.posts import Post
from alerts.core.sending_rates import Rate
from alerts.strict_yaml.mailboxes import one_address


class MaildirSettings(MailSettings):
    """The folder, the sender and the recipients."""

    path: Path
    sender: Annotated[Mailbox, Field(alias="from")] = one_address("alerts@localhost")


class Maildir:
    """Puts mails into a folder, one file for each delivery even after retries; it notifies nobody outside."""

    kind: ClassVar[str] = "maildir"
    options: ClassVar[type[MaildirSettings]] = MaildirSettings
    medium: ClassVar[Literal["mail"]] = "mail"
    local: ClassVar[bool] = True
    connections: int = 1
    rate: Rate | None = None
    burst: int = 1
    one_at_a_time: ClassVar[bool] = False
    holds_open: ClassVar[bool] = False
    default: bool = False
    answers: bool = True

    def __init__(self, name: str, settings: MaildirSettings) -> None:
        self.name = name
        self.recipients = tuple(address.addr_spec for address in settings.to)
        self.default = settings.default
        self.answers = settings.answers is not False
        self.reply_to = settings.reply_to and settings.reply_to.addr_spec
        self._reply_to = settings.reply_to
        self.timezone = settings.timezone
        self.timeout = settings.total_timeout
        self.connections = settings.connections or self.connections
        self._sender = settings.sender
        self._path = settings.path

    def body(self, post: Post) -> None:
        """Return None: the message itself is sent."""

    def send(self, outgoing: Outgoing) -> str:
        """Return the file's name. Raises DeliveryError if the disk does not take it."""
        name = f"{outgoing.id}.alerts"
        try:
            for folder in ("tmp", "new", "cur"):
                (self._path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_there(name):
                # A Maildir has the line ends of the machine; the `mailbox` module writes them, too.
                self._write(name, mail(outgoing, self._sender, reply_to=self._reply_to).replace(b"\r\n", b"\n"))
        except OSError as error:
            raise DeliveryError(f"maildir: {reason(error)}", channel_out=True) from None
        return name

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _is_there(self, name: str) -> bool:
        """Return whether a mail is there. A mail reader moves what was seen to cur/ and adds flags after a colon."""
        return (self._path / "new" / name).exists() or any((self._path / "cur").glob(f"{name}*"))

    def _write(self, name: str, content: bytes) -> None:
        """Write to tmp/, then rename: neither a reader nor a crash ever leaves half a mail."""
        draft = self._path / "tmp" / name
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path / "new" / name)
        folder = os.open(self._path / "new", os.O_RDONLY)
        try:
            os.fsync(folder)  # without this, a power failure could lose the name
        finally:
            os.close(folder)
