"""What the templates of the answer pages are given: the entry as it is, and what may be answered."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.core.absences import Absences
from alerts.core.actors import Actor
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.answer_links import AnswerLink, fill, placeholder
from alerts.core.commitments import Person
from alerts.core.forecast import Forecast
from alerts.core.notifications import Notification
from alerts.core.owners import OWNER, Owners
from alerts.core.permissions import Action
from alerts.core.rules import matching
from alerts.core.schedule.answers import active_answers, last_lead, own_snoozes_now
from alerts.core.silences import silence_of
from alerts.core.stages import Stage, stage_of
from alerts.core.tracked import Tracked
from alerts.forecasting import next_alerts_of
from alerts.rendering.reminder_facts import facts
from alerts.rendering.template_facts import Facts
from alerts.rendering.template_filters import clean, flat
from alerts.scheduled_rules import ScheduledRule, current_of
from alerts.store.linked_deliveries import LinkedEntry
from alerts.views.channel_readers import ChannelReaders, hours_of_channels
from alerts.views.sending_times import due_forecast, goes_out
from alerts.web.opened_link import OpenedLink
from alerts.web.pause_choices import REPEATING, PauseChoice, end_of, pause_choices
from alerts.web.services import Services
from alerts.web.silence_view import SilenceView


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry as a page shows it. `alerted`: who gets the next alert; how many, where the page names nobody.

    `revision` and `stage` are what the form carries. `pauses` and `snoozes` are the days that buttons offer; `may` is
    what the reader may do now. `active`: what `undo` would take back. `url`: its own page. `silence`: what holds
    its alerts back now, if anything does.
    `is_notice`: it is answered as cancelled or renewed.
    """

    t: Facts
    revision: int
    stage: Stage
    alerted: tuple[str, ...] = ()
    alerted_count: int = 0
    pauses: tuple[PauseChoice, ...] = ()
    snoozes: tuple[PauseChoice, ...] = ()
    may: frozenset[Action] = frozenset()
    active: tuple[str, ...] = ()
    url: str = ""
    silence: SilenceView | None = None
    is_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Makes views of entries: with the rules of the settings, and the readers of each channel."""

    services: Services
    readers: Mapping[str, ChannelReaders]
    rules: Mapping[str, ScheduledRule] = field(default_factory=dict)

    def view(self, opened: OpenedLink, entry: LinkedEntry) -> EntryView:
        """Return all of an entry: with its next alert, and what the reader may do."""
        tracked, now = entry.tracked, opened.now
        coming = self._coming(opened, entry) if tracked.open else []
        next_at = self._next_at(opened, coming)
        t = entry_facts(opened, replace(entry, context=replace(entry.context, next_alert_at=next_at)))
        alerted = tuple(dict.fromkeys(flat(clean(one)) for one in self._alerted(opened, tracked, coming)))
        active = _active(entry, now)
        snoozes = tuple(self.snoozes(opened, entry))
        silence = silence_of(opened.silences, tracked.commitment, now)
        return EntryView(
            t=t,
            revision=tracked.revision,
            stage=stage_of(tracked.bounds, now),
            alerted=() if opened.reader.shared else alerted,
            alerted_count=len(alerted),
            pauses=pause_choices(now, opened.zone) if t.stage in REPEATING else (),
            snoozes=snoozes,
            may=_may(
                opened, tracked, self.services.http.allowed_answers, snoozable=bool(snoozes), undoable=bool(active)
            ),
            active=active,
            silence=SilenceView.of(silence) if silence else None,
            is_notice=tracked.commitment.kind == "notice",
        )

    def lead(self, tracked: Tracked, now: datetime) -> datetime | None:
        """Return when the last lead goes out that is still ahead."""
        applied = matching([one.rule for one in self.rules.values()], tracked.commitment)
        return last_lead([(rule, self.rules[rule.name].cron) for rule in applied], tracked, now)

    def snoozes(self, opened: OpenedLink, entry: LinkedEntry) -> Iterable[PauseChoice]:
        """Yield the days until which the reader may snooze: they end before the last lead. None for what is shared."""
        tracked = entry.tracked
        if opened.reader.shared or tracked.recurs or not tracked.open:
            return
        lead = self.lead(tracked, opened.now)
        for one in pause_choices(opened.now, opened.zone):
            if tracked.bounds.latest is None or (lead is not None and end_of(one.day, tracked, opened.zone) < lead):
                yield one

    def _coming(self, opened: OpenedLink, entry: LinkedEntry) -> list[Forecast]:
        known = current_of(self.rules, opened.registered)
        owners, occurrence = self._owners(opened), entry.tracked.occurrence
        at = goes_out(self._known(opened), self.rules, opened.now)
        return next_alerts_of(
            entry.watched, self.rules, known, opened.now, owners, occurrence=occurrence, goes_out_at=at
        )

    def _owners(self, opened: OpenedLink) -> Owners:
        return Owners(channel=self.services.settings.owners_channel, people=opened.people)

    def _known(self, opened: OpenedLink) -> RecipientsOfAlerts:
        settings, absences = self.services.settings, Absences(people=opened.people, recorded=opened.absences)
        return RecipientsOfAlerts(
            recipients={name: one.recipients for name, one in self.readers.items()},
            owners=self._owners(opened),
            absences=absences,
            operators=settings.operators,
            silences=opened.silences,
            hours=hours_of_channels(settings, self.readers),
        )

    def _next_at(self, opened: OpenedLink, coming: Sequence[Forecast]) -> datetime | None:
        """Return when the next alert goes out to the first who gets it."""
        return goes_out(self._known(opened), self.rules, opened.now)(coming[0]) if coming else None

    def _alerted(self, opened: OpenedLink, tracked: Tracked, coming: Iterable[Forecast]) -> Iterable[str]:
        """Yield whom the next alert goes to: for an owner who is away or has left then, the deputies too or instead."""
        known = self._known(opened)
        for one in coming:
            rule = self.rules[one.reminder.rule].rule
            for target, channel in known.owners.channels(rule.notify, tracked.commitment):
                if target == OWNER:
                    due = due_forecast(known, self.rules[rule.name], one, opened.now)
                    found = known.of(replace(due, notify=(OWNER,)))
                    yield from (each.name or each.channel or "" for each in found if not each.why_not)
                elif channel in one.channels and channel in self.readers:
                    yield from self.readers[channel].names(opened.people)


def entry_facts(opened: OpenedLink, entry: LinkedEntry) -> Facts:
    """Return the facts of an entry, as mails have them."""
    delivery = opened.delivery
    notification = Notification(
        id=delivery.id,
        channel=delivery.channel,
        recipient=delivery.recipient,
        zone=opened.zone,
        contexts=(entry.context,),
        now=opened.now,
    )
    return facts(notification)[0]


def new_form() -> str:
    """Return an id for a form."""
    return secrets.token_hex(16)


def url_of(services: Services, opened: OpenedLink, entry: LinkedEntry) -> str:
    """Return the path of the page about one entry of a message."""
    tracked = entry.tracked
    return link_url(services, replace(opened.link, commitment_id=tracked.id, occurrence=tracked.occurrence))


def link_url(services: Services, link: AnswerLink) -> str:
    """Return the path of the page of a link."""
    return fill(f"/a/{placeholder(link)}", link.delivery, services.keys)


def choosable(people: Mapping[str, Person], now: datetime) -> list[tuple[str, str]]:
    """Return the people who may own a commitment, by key and name, in the order of their names. None has left."""
    here = ((key, flat(clean(one.name))) for key, one in people.items() if not one.has_left(now))
    return sorted(here, key=lambda pair: pair[1].casefold())


def _active(entry: LinkedEntry, now: datetime) -> tuple[str, ...]:
    own = own_snoozes_now(entry.context.snoozes, entry.tracked, now)
    mine = [one for one in own if one.occurrence == entry.tracked.occurrence]
    answers = active_answers(entry.tracked, now) if entry.tracked.open else []
    return tuple(
        flat(clean(one)) for one in (*answers, *(f"the snooze for {one.name or one.recipient}" for one in mine))
    )


def _may(
    opened: OpenedLink, tracked: Tracked, allowed: frozenset[str], *, snoozable: bool, undoable: bool
) -> frozenset[Action]:
    """Return what the reader may do that makes sense now."""
    actor: Actor = opened.reader.actor(allowed, None)
    if not tracked.open:
        return actor.allowed & {"reopen"}
    found = set(actor.allowed - {"reopen"})
    if tracked.recurs:  # each of its dates is answered by itself
        found &= {"note", "assign"}
    if opened.reader.shared:
        found -= {"assign"}  # its list would name people
    if not snoozable:
        found.discard("snooze")
    if not undoable:
        found.discard("take back")
    return frozenset(found)
