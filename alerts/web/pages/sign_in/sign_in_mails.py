"""Mails with sign-in links. They go out at once, past the outbox: a link that waits there would expire."""

from __future__ import annotations

import logging
import queue
import threading
from uuid import uuid4

from alerts.channels import Channel, build
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Outgoing
from alerts.deadlines.errors import InputError
from alerts.health_problems import SIGN_IN_MAIL
from alerts.rendering.sign_in_message import sign_in_message
from alerts.store.sessions import LINK_LIVES, SignInLink
from alerts.store.store_error import StoreError
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.services import Services

log = logging.getLogger(__name__)
MOST_WAITING = 100  # mails


class SignInMails:
    """Mails links in a thread of its own.

    Whether an address is known is looked up there too, so an answer takes as long for one as for the other.
    """

    def __init__(self, services: Services, people: KnownPeople) -> None:
        self._services, self._people = services, people
        self._asked: queue.Queue[tuple[str, str]] = queue.Queue(MOST_WAITING)
        self._channel: Channel | None = None
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self, address: str, leads_to: str) -> bool:
        """Let a link be mailed to an address, if somebody has it. Return False where too many wait."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sign-in-mails", daemon=True)
                self._thread.start()
        try:
            self._asked.put_nowait((address, leads_to))
        except queue.Full:
            log.warning("too many sign-in mails wait: another one was refused")
            return False
        return True

    def _work(self) -> None:
        while True:
            address, leads_to = self._asked.get()
            try:
                self._send(address, leads_to)
            except (DeliveryError, InputError) as error:
                log.warning("a sign-in mail was not sent: %s", error)
                self._note(str(error))
            except Exception as error:  # the next one is sent all the same
                log.exception("a sign-in mail was not sent")
                self._note(f"{type(error).__name__}: the log of the HTTP server has it")

    def _note(self, failure: str) -> None:
        """Let the health say that people cannot sign in. Where the database fails, it says that itself."""
        text = self._services.settings.redaction(failure)  # a server may repeat the link
        try:
            self._services.store.ledger.record_fact(SIGN_IN_MAIL, text, self._services.clock())
        except StoreError as error:
            log.warning("the failure of a sign-in mail is not recorded: %s", error)

    def _send(self, address: str, leads_to: str) -> None:
        now, settings = self._services.clock(), self._services.settings
        person = self._people.by_address(address, now)
        if person is None:
            log.info("somebody asked for a sign-in link with an address that nobody here has alone")
            return
        token = self._services.store.sessions.add_link(
            SignInLink(person=person.key, address=person.email, leads_to=leads_to), now
        )
        site = self._services.http.shown_address
        message = sign_in_message(
            site=site, link=f"{site}/sign-in/{token}", name=person.name, until=now + LINK_LIVES,
            zone=person.timezone or settings.timezone or "UTC", now=now,
        )  # fmt: skip
        self._opened().send(Outgoing(id=uuid4(), recipient=person.email, message=message))
        log.info("a sign-in link was mailed to %s", person.key)
        if SIGN_IN_MAIL in self._services.store.ledger.facts():
            self._services.store.ledger.forget(SIGN_IN_MAIL)

    def _opened(self) -> Channel:
        """Return the channel that mails. Raises InputError where its secrets or its settings are wrong."""
        if self._channel is None:
            settings, sign_in = self._services.settings, self._services.http.sign_in
            entry = next(one for one in settings.channels if sign_in and one.name == sign_in.channel)
            self._channel = build(entry.name, entry.kind, settings.resolve_options(entry), entry.where)
        return self._channel
