"""Who gets an alert at a time, through what, and why others do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from functools import partial

from alerts.core.absences import Absences, Absentee
from alerts.core.alert_holds import LastFiring, goes_out_at
from alerts.core.commitments import Commitment, Person
from alerts.core.office_hours import HoursOf, always_open
from alerts.core.owners import OWNER, Owners, as_named
from alerts.core.reminders import Kind
from alerts.core.schedule.answers import own_snoozes_now
from alerts.core.silences import Silence
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.values import frozen

SENT_DESPITE_SNOOZE = ("moved", "closed", "reopened")
Route = tuple[str, str]  # a channel and a recipient
Leaves = Callable[[datetime, Route], datetime]  # when it goes out on a route, from an instant on


@frozen(kw_only=True)
class DueAlert:
    """An alert that is due at an instant. `notify`: what its rules notify. `kind`: None where it is not known."""

    about: Tracked
    at: datetime
    notify: tuple[str, ...]
    last_firing: LastFiring
    kind: Kind | None = None


@frozen(kw_only=True)
class AlertRecipient:
    """Somebody who gets an alert, or does not.

    `on_behalf_of`: the absent people for whom they get it. `why_not`: the reason why they do not get it. `at`: when it
    goes out to them.
    """

    at: datetime
    name: str | None = None
    channel: str | None = None
    address: str | None = None
    on_behalf_of: tuple[Absentee, ...] = ()
    why_not: str | None = None
    snooze: OwnSnooze | None = None  # which is why they do not


@frozen(kw_only=True)
class RecipientsOfAlerts:
    """What decides who gets alerts: the recipients of each channel, the people, absences and own snoozes.

    `silences` and `hours`, those of the recipients of each channel, decide when.
    """

    recipients: Mapping[str, Collection[str]]
    owners: Owners
    absences: Absences
    operators: Collection[str]
    snoozes: Collection[OwnSnooze] = ()
    silences: Collection[Silence] = ()
    hours: Mapping[str, HoursOf] = field(default_factory=dict)

    def of(self, due: DueAlert) -> list[AlertRecipient]:
        """Return who gets an alert, and who of those that its rules notify does not."""
        found: dict[Route, AlertRecipient] = {}
        unreached = []
        commitment, at = due.about.commitment, self.silenced_until(due) or due.at
        for target in dict.fromkeys(due.notify):
            if target == OWNER and (reason := self._without_owner(commitment)):
                unreached.append(AlertRecipient(at=at, name=commitment.owner or OWNER, why_not=reason))
            elif target != OWNER and not self.recipients.get(target):
                unreached.append(AlertRecipient(at=at, channel=target, why_not="it has no recipient"))
            for route in self._routes(commitment, target):
                snooze = self._snooze(due, route[1])
                for one in self._of_route(commitment, at, route, snooze, partial(self._goes_out_at, due)):
                    key = (one.channel or "", (one.address or "").lower())
                    if key not in found or found[key].why_not:  # who is deputy and a recipient, too, gets it
                        found[key] = one
        return [*found.values(), *unreached]

    def first_at(self, due: DueAlert) -> datetime:
        """Return when an alert goes out to the first who gets it."""
        if not self.silences and not self.hours:
            return due.at
        times = [one.at for one in self.of(due) if not one.why_not]
        return min(times, default=self.silenced_until(due) or due.at)

    def summary_at(self, at: datetime, notify: Iterable[str], owners: Iterable[str]) -> datetime:
        """Return when a summary that is due goes out to the first who gets it: silences hold none back.

        `owners` are the keys of those who get it where its rule notifies owners.
        """
        routes: list[Route] = []
        for target in notify:
            if target != OWNER:
                routes += [(target, one) for one in self.recipients.get(target, ())]
            elif self.owners.channel:
                people = [self.owners.people[key] for key in owners if key in self.owners.people]
                routes += [(self.owners.channel, one.email) for one in people]
        hours = [self.hours.get(channel, always_open)(address) for channel, address in routes]
        return min((one.next_open(at) if one else at for one in hours), default=at)

    def silenced_until(self, due: DueAlert) -> datetime | None:
        """Return until when silences hold back an alert; None where none does."""
        until = goes_out_at(due.about, due.at, self.silences, None, due.last_firing)
        return until if until > due.at else None

    def of_owner(self, commitment: Commitment, at: datetime) -> list[AlertRecipient]:
        """Return who gets what goes to the owner of a commitment: first the owner, then who gets it too, or instead."""
        owner, channel = self.owners.of(commitment), self.owners.channel
        if owner is None or channel is None:
            return []
        route = channel, as_named(owner, self.recipients.get(channel, ()))
        return [*self._of_route(commitment, at, route, None, lambda when, _: when)]

    def _goes_out_at(self, due: DueAlert, at: datetime, route: Route) -> datetime:
        channel, address = route
        hours = self.hours.get(channel, always_open)(address)
        return goes_out_at(due.about, at, self.silences, hours, due.last_firing)

    def _without_owner(self, commitment: Commitment) -> str | None:
        owner = commitment.owner
        if owner is None:
            return "it has no owner"
        if owner not in self.owners.people:
            return "not declared in `people`, so there is no address"
        return None if self.owners.channel else "no channel mails owners"

    def _routes(self, commitment: Commitment, target: str) -> Iterator[Route]:
        if target != OWNER:
            yield from ((target, recipient) for recipient in self.recipients.get(target, ()))
        elif (owner := self.owners.of(commitment)) and self.owners.channel:
            yield self.owners.channel, as_named(owner, self.recipients.get(self.owners.channel, ()))

    def _of_route(
        self, commitment: Commitment, at: datetime, route: Route, snooze: OwnSnooze | None, leaves: Leaves
    ) -> Iterator[AlertRecipient]:
        """Yield the recipient of a route, and the deputies. It goes the same way when it is sent."""
        channel, address = route
        owner, own_at = commitment.owner, leaves(at, route)
        readers = [one for one in self.absences.people.values() if one.email.lower() == address.lower()]
        mine = [one for one in readers if one.key == owner] or readers
        name = mine[0].name if mine else None
        left = bool(readers) and all(one.has_left(own_at) for one in readers)
        why_not = "has left" if left else "has snoozed it" if snooze else None
        yield AlertRecipient(at=own_at, name=name, channel=channel, address=address, why_not=why_not, snooze=snooze)
        for when in sorted({at, own_at}):  # who is absent is looked at when it is due, and after it has waited
            if mine and all(self.absences.absentee(one, when) for one in mine):
                yield from self._instead(when, route, mine, leaves)

    def _instead(
        self, at: datetime, route: Route, absent: Collection[Person], leaves: Leaves
    ) -> Iterator[AlertRecipient]:
        deputies = [deputy for one in absent for deputy in self.absences.deputies(one, at)]
        for deputy in deputies:
            to = route[0], as_named(deputy.person, (route[1], *self.recipients.get(route[0], ())))
            yield AlertRecipient(
                at=leaves(at, to),
                name=deputy.person.name,
                channel=to[0],
                address=to[1],
                on_behalf_of=deputy.on_behalf_of,
            )
        if not deputies and all(one.has_left(at) for one in absent):
            absentees = tuple(Absentee(name=one.name) for one in absent)
            for channel in self.operators:
                for recipient in self.recipients.get(channel, (None,)):
                    when = leaves(at, (channel, recipient or ""))
                    yield AlertRecipient(at=when, channel=channel, address=recipient, on_behalf_of=absentees)

    def _snooze(self, due: DueAlert, address: str) -> OwnSnooze | None:
        if due.kind in SENT_DESPITE_SNOOZE:
            return None
        current = own_snoozes_now(self.snoozes, due.about, due.at)
        return next((one for one in current if one.recipient == address.lower()), None)
