"""`/people`: who may do what, who has signed in, and what programs and calendars read; for admins."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.core.commitments import Person
from alerts.core.permissions import Role
from alerts.log_output import fields
from alerts.rendering.template_filters import clean, flat
from alerts.store.sessions import Session
from alerts.store.store_error import StoreError
from alerts.views.shown_times import shown
from alerts.web.answer_form import AnswerForm
from alerts.web.pages.form_tokens import FormTokens
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.shown_page import ShownPage
from alerts.web.pages.sign_in.known_people import KnownPeople

log = logging.getLogger(__name__)
MOST_SIGN_INS = 30  # the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A session. `ended`: how it ended, or until when it lasts."""

    number: int
    name: str
    began: str
    client: str
    ended: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """A person. `note`: why they cannot sign in, or where they are declared."""

    key: str
    name: str
    address: str
    role: Role
    note: str
    last: str
    sessions: tuple[SessionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """What a program or a calendar reads with."""

    name: str
    what: str
    state: str
    last_used: str


class PeoplePages:
    """Shows people and their sessions, and ends these. Threads may share it."""

    def __init__(self, known: KnownPeople, tokens: FormTokens) -> None:
        self._known, self._tokens = known, tokens

    def show(self, reading: PageReading) -> ShownPage:
        """Return the page."""
        return self._page(reading)

    def press(self, reading: PageReading, body: bytes) -> ShownPage:
        """End a session, and return the page that says so."""
        form = AnswerForm.read(body)
        if not self._tokens.is_ours(form, reading.visitor):
            return self._page(reading, status=403, notice="stale")
        what, number = form.choice
        if what != "end" or not number.isascii() or not number.isdigit() or len(number) > 9:
            return self._page(reading)
        by = reading.visitor.actor(None).name
        try:
            has_ended = reading.store.sessions.end(int(number), by, reading.now)
        except StoreError as error:
            log.warning("a session was not ended: %s", error)
            return ShownPage(template="page_message", values={"message": "not_recorded"}, status=503)
        if has_ended:
            log.info(
                "session %s was ended by %s", number, by, extra=fields(event="session ended", session=number, by=by)
            )
        return self._page(reading, notice="ended" if has_ended else "over")

    def _page(self, reading: PageReading, *, status: int = 200, notice: str = "") -> ShownPage:
        store, now = reading.store, reading.now
        with store.database.snapshot():
            lasting, latest = store.sessions.lasting(now), store.sessions.latest(MOST_SIGN_INS)
            last = store.sessions.last_sign_ins()
            tokens, able = [*_tokens(reading), *_feeds(reading)], self._known.who_may_sign_in(now)
        rows = [
            self._line(reading, one, last.get(one.key), lasting, can_sign_in=one.key in able)
            for one in _in_order(reading)
        ]
        values: dict[str, object] = {
            "rows": rows,
            "latest": [_session_line(reading, one) for one in latest],
            "tokens": tokens,
            "sign_in": reading.services.http.sign_in,
            "notice": notice,
            **self._tokens.fields(reading.visitor),
        }
        return ShownPage(template="people", values=values, status=status)

    def _line(
        self,
        reading: PageReading,
        person: Person,
        last: datetime | None,
        lasting: Sequence[Session],
        *,
        can_sign_in: bool,
    ) -> PersonLine:
        return PersonLine(
            key=person.key,
            name=flat(clean(person.name)),
            address=person.email,
            role=self._known.role(person),
            note=self._note(reading, person, can_sign_in=can_sign_in),
            last=shown(last, reading.zone) if last else "",
            sessions=tuple(_session_line(reading, one) for one in lasting if one.person == person.key),
        )

    def _note(self, reading: PageReading, person: Person, *, can_sign_in: bool) -> str:
        if person.has_left(reading.now):
            return f"left on {person.left_on(reading.zone)}"
        if not can_sign_in:
            return "cannot sign in: several people have this address"
        return "" if self._known.is_of_settings(person) else "declared by a file"


def _in_order(reading: PageReading) -> list[Person]:
    return sorted(reading.people.values(), key=lambda one: (one.has_left(reading.now), one.name.casefold(), one.key))


def _session_line(reading: PageReading, one: Session) -> SessionLine:
    person, zone = reading.people.get(one.person), reading.zone
    ended = f"until {shown(one.expires_at, zone)}"
    if one.ended_at:
        ended = f"ended {shown(one.ended_at, zone)} by {flat(clean(one.ended_by or ''))}"
    elif not one.lasts(reading.now):
        ended = f"over since {shown(one.expires_at, zone)}"
    return SessionLine(
        number=one.id,
        name=flat(clean(person.name)) if person else one.person,
        began=shown(one.began_at, zone),
        client=one.client,
        ended=ended,
        is_own=one.id == reading.visitor.session_number,
    )


def _tokens(reading: PageReading) -> Iterator[TokenLine]:
    for one in reading.store.api_tokens.all():
        what = "reads and records, by the API" if one.scope == "write" else "reads, by the API"
        state = f"until {shown(one.expires_at, reading.zone)}" if one.state(reading.now) == "in use" else ""
        yield _token_line(reading, one.name, what, state or one.state(reading.now), one.last_used_at)


def _feeds(reading: PageReading) -> Iterator[TokenLine]:
    for one in reading.store.feeds.all(reading.now):
        state = "revoked" if one.revoked_at else "ended with its person" if one.is_orphaned else "in use"
        yield _token_line(reading, one.name, f"calendar of {one.person}", state, one.last_used_at)


def _token_line(reading: PageReading, name: str, what: str, state: str, used: datetime | None) -> TokenLine:
    last_used = shown(used, reading.zone) if used else ""
    return TokenLine(name=flat(clean(name)), what=what, state=state, last_used=last_used)
