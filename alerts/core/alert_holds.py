"""Until when silences and office hours hold an alert back: forecasts ask what a claim asks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from alerts.core.commitments import Commitment
from alerts.core.office_hours import OfficeHours
from alerts.core.silences import Silence, silenced_until
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen

LastFiring = Callable[[datetime], datetime | None]  # the last firing of the alert's rule before an instant


@frozen(kw_only=True)
class Hold:
    """What holds an alert back at an instant.

    `hours_begin`: when the hours of its recipient begin, outside of them. It does not wait for them where it is
    `too_late`: its deadline passes before.
    """

    silenced_until: datetime | None = None
    hours_begin: datetime | None = None
    too_late: bool = False

    @property
    def until(self) -> datetime | None:
        """Return until when it waits; None where it goes out."""
        begin = None if self.too_late else self.hours_begin
        return max((at for at in (self.silenced_until, begin) if at), default=None)


def hold_at(
    commitment: Commitment,
    latest: datetime | None,
    at: datetime,
    *,
    silences: Collection[Silence],
    opens: datetime,
    last_firing: LastFiring,
) -> Hold:
    """Return what holds back an alert that is due at an instant. `opens`: when its recipient takes alerts from then on.

    `latest`: the deadline that the alert is about. A critical alert does not wait for office hours.
    """
    silenced = silenced_until(silences, commitment, latest, at, last_firing)
    begin = opens if opens > at and commitment.priority != "critical" else None
    return Hold(
        silenced_until=silenced if silenced and silenced > at else None,
        hours_begin=begin,
        too_late=begin is not None and latest is not None and at < latest <= begin,
    )


def goes_out_at(
    about: Tracked, at: datetime, silences: Collection[Silence], hours: OfficeHours | None, last_firing: LastFiring
) -> datetime:
    """Return when an alert that is due at an instant goes out to a recipient with these hours, if nothing changes."""
    while until := hold_at(
        about.commitment,
        about.bounds.latest,
        at,
        silences=silences,
        opens=hours.next_open(at) if hours else at,
        last_firing=last_firing,
    ).until:
        at = until
    return at
