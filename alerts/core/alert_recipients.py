"""Who gets an alert at a time, through what, and why others do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.core.absences import Absences, Absentee
from alerts.core.commitments import Commitment, Person
from alerts.core.forecast import Forecast
from alerts.core.owners import OWNER, Owners, as_named
from alerts.core.schedule.answers import own_snoozes_now
from alerts.core.silences import Silence, silenced_until
from alerts.core.tracked import OwnSnooze, Tracked

SENT_DESPITE_SNOOZE = ("moved", "closed", "reopened")
Route = tuple[str, str]  # a channel and a recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecipient:
    """Somebody who gets an alert, or does not.

    `on_behalf_of`: the absent people for whom they get it. `why_not`: the reason why they do not get it.
    """

    name: str | None = None
    channel: str | None = None
    address: str | None = None
    on_behalf_of: tuple[Absentee, ...] = ()
    why_not: str | None = None
    snooze: OwnSnooze | None = None  # which is why they do not


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsOfAlerts:
    """What decides who gets alerts: the recipients of each channel, the people, absences and own snoozes.

    `silences` decide when.
    """

    recipients: Mapping[str, Collection[str]]
    owners: Owners
    absences: Absences
    operators: Collection[str]
    snoozes: Collection[OwnSnooze] = ()
    silences: Collection[Silence] = ()

    def of(self, alert: Forecast, notify: Iterable[str]) -> list[AlertRecipient]:
        """Return who gets an alert of rules that notify these channels, and who of them does not."""
        found: dict[Route, AlertRecipient] = {}
        unreached = []
        at = alert.reminder.send_at
        for target in dict.fromkeys(notify):
            if target == OWNER and (reason := self._without_owner(alert)):
                unreached.append(AlertRecipient(name=alert.tracked.commitment.owner or OWNER, why_not=reason))
            elif target != OWNER and not self.recipients.get(target):
                unreached.append(AlertRecipient(channel=target, why_not="it has no recipient"))
            for route in self._routes(alert, target):
                snooze = self._snooze(alert, route[1])
                for one in self._of_route(alert.tracked.commitment, at, route, snooze):
                    key = (one.channel or "", (one.address or "").lower())
                    if key not in found or found[key].why_not:  # who is deputy and a recipient, too, gets it
                        found[key] = one
        return [*found.values(), *unreached]

    def silenced_until(
        self, about: Tracked, at: datetime, last_firing: Callable[[datetime], datetime | None]
    ) -> datetime | None:
        """Return until when silences hold back an alert that is due at an instant; None where it goes out then."""
        until = at
        while (later := silenced_until(self.silences, about, until, last_firing)) and later > until:
            until = later
        return until if until > at else None

    def of_owner(self, commitment: Commitment, at: datetime) -> list[AlertRecipient]:
        """Return who gets what goes to the owner of a commitment: first the owner, then who gets it too, or instead."""
        owner, channel = self.owners.of(commitment), self.owners.channel
        if owner is None or channel is None:
            return []
        return [*self._of_route(commitment, at, (channel, as_named(owner, self.recipients.get(channel, ()))), None)]

    def _without_owner(self, alert: Forecast) -> str | None:
        owner = alert.tracked.commitment.owner
        if owner is None:
            return "it has no owner"
        if owner not in self.owners.people:
            return "not declared in `people`, so there is no address"
        return None if self.owners.channel else "no channel mails owners"

    def _routes(self, alert: Forecast, target: str) -> Iterator[Route]:
        if target != OWNER:
            yield from ((target, recipient) for recipient in self.recipients.get(target, ()))
        elif (owner := self.owners.of(alert.tracked.commitment)) and self.owners.channel:
            yield self.owners.channel, as_named(owner, self.recipients.get(self.owners.channel, ()))

    def _of_route(
        self, commitment: Commitment, at: datetime, route: Route, snooze: OwnSnooze | None
    ) -> Iterator[AlertRecipient]:
        """Yield the recipient of a route, and the deputies. It goes the same way when it is sent."""
        channel, address = route
        owner = commitment.owner
        readers = [one for one in self.absences.people.values() if one.email.lower() == address.lower()]
        mine = [one for one in readers if one.key == owner] or readers
        name = mine[0].name if mine else None
        left = bool(readers) and all(one.has_left(at) for one in readers)
        why_not = "has left" if left else "has snoozed it" if snooze else None
        yield AlertRecipient(name=name, channel=channel, address=address, why_not=why_not, snooze=snooze)
        if mine and all(self.absences.absentee(one, at) for one in mine):
            yield from self._instead(at, route, mine)

    def _instead(self, at: datetime, route: Route, absent: Collection[Person]) -> Iterator[AlertRecipient]:
        deputies = [deputy for one in absent for deputy in self.absences.deputies(one, at)]
        for deputy in deputies:
            address = as_named(deputy.person, (route[1], *self.recipients.get(route[0], ())))
            yield AlertRecipient(
                name=deputy.person.name, channel=route[0], address=address, on_behalf_of=deputy.on_behalf_of
            )
        if not deputies and all(one.has_left(at) for one in absent):
            absentees = tuple(Absentee(name=one.name) for one in absent)
            for channel in self.operators:
                for recipient in self.recipients.get(channel, (None,)):
                    yield AlertRecipient(channel=channel, address=recipient, on_behalf_of=absentees)

    def _snooze(self, alert: Forecast, address: str) -> OwnSnooze | None:
        if alert.reminder.kind in SENT_DESPITE_SNOOZE:
            return None
        current = own_snoozes_now(self.snoozes, alert.tracked, alert.reminder.send_at)
        return next((one for one in current if one.recipient == address.lower()), None)
