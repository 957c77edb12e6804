"""`/a/TOKEN/away`: the reader of a message says when they are away, and who gets their alerts meanwhile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from alerts.actions.absence import AbsenceError, end_absence, record_absence
from alerts.actions.preconditions import NotAsShownError
from alerts.core.absences import Absence
from alerts.core.commitments import Person
from alerts.deadlines.points import Day, Point
from alerts.rendering.recipient_facts import day_or_time
from alerts.rendering.template_filters import clean, flat, on_day
from alerts.store.store_error import OverError
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.answer_view import choosable
from alerts.web.form_page import FormPage
from alerts.web.opened_link import OpenedLink
from alerts.web.services import Services

FARTHEST = timedelta(days=730)  # a year that is mistyped lies further away
MISTYPED = "Choose a day within two years."


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAbsence:
    """An absence of the reader, as the page shows it. `deputy` is a name; None where nobody gets the alerts too."""

    number: int | None
    starts: Point
    until: Point
    deputy: str | None
    reason: str | None
    lasts: bool


def reader_of(opened: OpenedLink) -> Person | None:
    """Return the person that a message was sent to; None for a channel, a chat, or a mailbox that several read."""
    address = opened.delivery.recipient.lower()
    if opened.reader.shared or not address:
        return None
    mine = [one for one in opened.people.values() if one.email.lower() == address]
    return mine[0] if len(mine) == 1 else None


def may_be_away(services: Services, opened: OpenedLink) -> bool:
    """Whether the reader may say that they are away: it is their own absence, so the link is all that it takes."""
    return "away" in services.http.allowed_answers and reader_of(opened) is not None


class AbsencePage(FormPage):
    """Records absences of the person that a message was sent to."""

    template = "answer_away"
    choices = frozenset({"away", "end"})

    def contents(self, opened: OpenedLink) -> dict[str, object] | None:
        """Return what the template is given; None where a link is not that of one person."""
        person = reader_of(opened)
        if person is None or not may_be_away(self._services, opened):
            return None
        usual = opened.people.get(person.deputy or "")
        return {
            "absences": [_shown(one, person, opened) for one in self._absences(person, opened)],
            "deputies": choosable(_deputies(person, opened), opened.now),
            "usual": flat(clean(usual.name)) if usual else None,
            "away_zone": self._zone(person),
            "today": on_day(opened.now, self._zone(person)),
        }

    def give(self, opened: OpenedLink, form: AnswerForm) -> str:
        """Record an absence, or end one. Raises FormError, and what the actions raise."""
        person, (what, stated) = reader_of(opened), form.choice
        assert person is not None
        if what == "end":
            return self._end(person, stated, opened, form)
        zone, deputy = self._zone(person), form.fields.get("deputy") or None
        if deputy is not None and deputy not in _deputies(person, opened):
            raise FormError("deputy", "Choose a person from the list.")
        reason = flat(form.text("reason")) or None
        change = self.change(opened, form, reason)
        absence = Absence(
            person=person.key,
            starts_at=Day(_day(form, "from", opened, zone), zone).start if form.fields.get("from") else opened.now,
            ends_at=Day(_day(form, "until", opened, zone), zone).start,
            zone=zone,
            deputy=deputy,
            reason=reason,
            recorded_by=change.by,
        )
        try:
            record_absence(self._services.store, absence, change)
        except AbsenceError as error:
            raise FormError("until", "Choose the first day back: after the first day away, and after today.") from error
        return f"{person.key} is away"

    def _end(self, person: Person, stated: str, opened: OpenedLink, form: AnswerForm) -> str:
        store = self._services.store
        absence = store.absences.find(int(stated)) if re.fullmatch(r"[0-9]{1,9}", stated, re.ASCII) else None
        if absence is None or absence.number is None or absence.person != person.key:
            raise NotAsShownError
        try:
            end_absence(store, absence.number, self.change(opened, form))
        except OverError:
            raise NotAsShownError from None
        return f"{person.key} is back"

    def _absences(self, person: Person, opened: OpenedLink) -> list[Absence]:
        return [one for one in opened.absences if one.person == person.key]

    def _zone(self, person: Person) -> str:
        return person.timezone or self._services.settings.timezone or "UTC"


def _deputies(person: Person, opened: OpenedLink) -> Mapping[str, Person]:
    people = opened.people.items()
    return {key: one for key, one in people if key != person.key and not one.has_left(opened.now)}


def _day(form: AnswerForm, name: str, opened: OpenedLink, zone: str) -> date:
    day, today = form.day(form.fields.get(name, ""), name), on_day(opened.now, zone)
    if abs(day - today) > FARTHEST:
        raise FormError(name, MISTYPED)
    return day


def _shown(one: Absence, person: Person, opened: OpenedLink) -> OwnAbsence:
    deputy = opened.people.get(one.deputy or person.deputy or "")
    return OwnAbsence(
        number=one.number,
        starts=day_or_time(one.starts_at, one.zone),
        until=day_or_time(one.ends_at, one.zone),
        deputy=flat(clean(deputy.name)) if deputy else None,
        reason=flat(clean(one.reason)) if one.reason else None,
        lasts=one.includes(opened.now),
    )
