"""The context of an evaluation: a rule, a commitment, and the firings of the rule's cron."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.core.reminders import REPEATING_KINDS, Kind, Reminder
from alerts.core.rules import Rule
from alerts.core.schedule.answers import silences
from alerts.core.schedule.moments import (
    Firings,
    Moment,
)
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.values import frozen

JUST_AFTER = timedelta(microseconds=1)  # moments lie on whole seconds


@frozen
class Context:
    rule: Rule
    tracked: Tracked
    firings: Firings

    def reminder(self, moment: Moment, **more: object) -> Reminder:
        """Return the reminder of a moment under the present bounds."""
        reminder = Reminder(
            rule=self.rule.name,
            commitment=self.tracked.commitment.key,
            commitment_id=self.tracked.id,
            occurrence=self.tracked.occurrence,
            bounds_version=self.tracked.bounds_version,
            fingerprint=self.tracked.bounds.fingerprint,
            kind=moment.kind,
            moment=moment.at,
            send_at=moment.send_at,
            offset=moment.offset,
            early=moment.early,
        )
        return replace(reminder, **more) if more else reminder  # type: ignore[arg-type]  # keyword by keyword above

    def change(self, revision: Revision) -> Reminder:
        """Return the reminder of a revision: it goes out at once."""
        after = revision.after or self.tracked.bounds
        at = revision.recorded_at
        kinds: dict[str, Kind] = {"moved": "moved", "reopened": "reopened"}
        moment = Moment(kinds.get(revision.what, "closed"), at, at)
        reminder = self.reminder(moment, revision=revision.number, occurrence=revision.occurrence)
        return replace(reminder, bounds_version=revision.bounds_version, fingerprint=after.fingerprint)

    def is_silenced(self, moment: Moment) -> bool:
        """Return whether an acknowledgement silences a repeat."""
        return silences(self.rule, self.tracked, moment.kind, moment.at, moment.send_at)


def position(kind: Kind, at: datetime) -> datetime:
    """Return a moment's position among those sent: where both begin together, late comes after the day itself."""
    return at + JUST_AFTER if kind in REPEATING_KINDS else at


def unseen_revisions(context: Context, watch: Watch) -> list[Revision]:
    return [revision for revision in context.tracked.changes if revision.number > watch.revision]
