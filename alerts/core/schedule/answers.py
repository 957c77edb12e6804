"""Answers: what an acknowledgement or a snooze silences under a rule, until when, and what goes out at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from alerts.core.reminders import Kind
from alerts.core.rules import Rule
from alerts.core.schedule.moments import (
    ONE_SECOND,
    Firings,
    Moment,
    RepeatingMoments,
    first_overdue,
    one_time_moments,
)
from alerts.core.stages import STAGES, Stage, stage_of
from alerts.core.tracked import Acknowledgement, OwnSnooze, Revision, Snooze, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Instant

ACKNOWLEDGED_FOR: Mapping[Stage, str] = {"overdue": "P7D", "under_review": "P30D"}  # unless a rule decides
KIND_PAUSED_AT: Mapping[Stage, Kind] = {"overdue": "overdue", "under_review": "review"}  # what repeats at a stage
LONGEST_OPEN_SNOOZE = Duration(days=30)  # where no end of the deadline is known


def acknowledged_stage(tracked: Tracked) -> Stage | None:
    """Return the stage at which it was acknowledged, if it was."""
    acknowledgement = tracked.acknowledged
    return (acknowledgement.stage or stage_of(tracked.bounds, acknowledgement.at)) if acknowledgement else None


def pause_ends(rule: Rule | None, tracked: Tracked) -> datetime | None:
    """Return when the acknowledgement stops silencing the rule's repeats; None where it silences none.

    Without a rule the default of the stage holds.
    """
    acknowledgement, stage = tracked.acknowledged, acknowledged_stage(tracked)
    if acknowledgement is None or stage is None or stage not in KIND_PAUSED_AT:
        return None
    end = acknowledgement.until or shifted(
        acknowledgement.at, (rule and rule.acknowledged_for) or ACKNOWLEDGED_FOR[stage]
    )
    return whole_second(min(end, acknowledgement.ended) if acknowledgement.ended else end)


def paused_until(rules: Iterable[Rule], tracked: Tracked, now: datetime) -> datetime | None:
    """Return until when an acknowledgement silences repeats: the first end under any of the rules; None where not."""
    if tracked.current_acknowledgement is None:
        return None
    repeating: list[Rule | None] = [rule for rule in rules if rule.remind.overdue or rule.remind.review]
    ends = [end for rule in (repeating or [None]) if (end := pause_ends(rule, tracked))]
    return min((end for end in ends if end > now), default=None)


def acknowledged_now(rules: Iterable[Rule], tracked: Tracked, now: datetime) -> Acknowledgement | None:
    """Return the acknowledgement while it counts: until its pause ends; ahead and while due, until the next stage."""
    acknowledgement, stage = tracked.current_acknowledgement, acknowledged_stage(tracked)
    if acknowledgement is None or not tracked.open:
        return None
    if stage in KIND_PAUSED_AT:
        return acknowledgement if paused_until(rules, tracked, now) else None
    return acknowledgement if stage_of(tracked.bounds, now) == stage and not _over(acknowledgement, now) else None


def silences(rule: Rule | None, tracked: Tracked, kind: Kind, at: datetime, send_at: datetime) -> bool:
    """Return whether an acknowledgement silences a moment: only repeats of its stage, never the first escalation."""
    stage = acknowledged_stage(tracked)
    if stage is None or KIND_PAUSED_AT.get(stage) != kind:
        return False
    if rule is not None and at == _escalates_at(rule, tracked.bounds):
        return False
    end = pause_ends(rule, tracked)
    return end is not None and send_at < end


def resuming_moment(rule: Rule, tracked: Tracked, repeats: RepeatingMoments, firings: Firings) -> Moment | None:
    """Return the alert that goes out when an acknowledgement has ended, at the rule's next firing.

    None where a repeat goes out at that firing, or the rule had not begun to repeat.
    """
    acknowledgement = tracked.current_acknowledgement
    stage = acknowledged_stage(tracked) if acknowledgement and acknowledgement.ended is None else None
    end = pause_ends(rule, tracked) if stage and KIND_PAUSED_AT.get(stage) == repeats.kind else None
    begun = repeats.instant(0)
    if end is None or begun is None or begun[0] > end:
        return None
    firing = firings.at_or_after(end)
    if firing is None:
        return None
    repeat = next(repeats.due_after(firing - ONE_SECOND), None)
    return None if repeat and repeat.send_at == firing else Moment(repeats.kind, end, firing)


def resumes_at(snooze: Snooze, bounds: Bounds, firings: Firings) -> datetime:
    """Return when a rule sends what a snooze has held back: at its first firing after that, unless that is too late.

    What ends before it is late is sent before it is late: at the end of the snooze, or, where that is when it becomes
    late, at the last firing before; where none is left after the snooze was given, at its end.
    """
    end = whole_second(snooze.until)
    firing, latest = firings.at_or_after(end), bounds.latest
    if latest is None or end > latest:
        return firing or end
    if end < latest:
        return firing if firing and firing < latest else end
    before = firings.before(end)
    return before if before and before > snooze.at else end


def snoozed_now(tracked: Tracked, now: datetime) -> Snooze | None:
    """Return the snooze for everybody, while it lasts."""
    snooze = tracked.snooze if tracked.open else None
    return snooze if snooze and snooze.until > now else None


def own_snoozes_now(snoozes: Iterable[OwnSnooze], tracked: Tracked, now: datetime) -> tuple[OwnSnooze, ...]:
    """Return the snoozes for single recipients that put off this occurrence, or the whole, while they last."""
    about = [one for one in snoozes if one.occurrence in ("", tracked.occurrence)]
    return tuple(one for one in about if tracked.open and one.until > now)


def active_answers(tracked: Tracked, now: datetime) -> list[str]:
    """Return what can be taken back: the acknowledgement and the snooze for everybody that have not ended."""
    acknowledgement, snooze = tracked.current_acknowledgement, snoozed_now(tracked, now)
    held = acknowledgement is not None and not _over(acknowledgement, now)
    found = [f"the acknowledgement of {acknowledgement.by}"] if acknowledgement and held else []
    return found + ([f"the snooze of {snooze.by} for everybody"] if snooze else [])


def check_snooze(tracked: Tracked, until: datetime, now: datetime, *, past_due: bool = False) -> None:
    """Raise InputError where a snooze would end after the deadline or, where none is known, in over 30 days."""
    if until <= now:
        raise InputError(f"a snooze ends in the future, and {until:%Y-%m-%dT%H:%MZ} has passed")
    latest = tracked.bounds.latest
    if past_due:
        return
    if tracked.recurs:  # none of its occurrences may become late meanwhile
        for one in map(tracked.at, tracked.relevant_occurrences(now)):
            if one.open:
                check_snooze(one, until, now)
        return
    name = f"{tracked.commitment.key} {tracked.occurrence}".rstrip()
    if latest is not None and latest <= now:
        raise InputError(f"{name} has been overdue since {latest:%Y-%m-%dT%H:%MZ}: --past-due snoozes it all the same")
    if latest is not None and until > latest:
        raise InputError(
            f"{name} is overdue from {latest:%Y-%m-%dT%H:%MZ} on, before the snooze would end: name an earlier end, or "
            "add --past-due"
        )
    if latest is None and until > shifted(now, str(LONGEST_OPEN_SNOOZE)):
        raise InputError(
            f"{name} has no end that is known: a snooze ends within {LONGEST_OPEN_SNOOZE.to_text}, or add --past-due"
        )


def last_lead(rules: Iterable[tuple[Rule, Firings]], tracked: Tracked, now: datetime) -> datetime | None:
    """Return when the last lead goes out that is still ahead, under any of the rules."""
    moments = (one for rule, firings in rules for one in one_time_moments(rule, tracked.bounds, firings))
    return max((one.send_at for one in moments if one.kind == "before" and one.send_at > now), default=None)


def check_snooze_by_link(tracked: Tracked, until: datetime, lead: datetime | None) -> None:
    """Raise InputError where a snooze by link would last until the last `lead`, which nobody should miss."""
    if tracked.bounds.latest is not None and (lead is None or until >= lead):
        raise InputError("a snooze by a link must end before the last reminder ahead of the date")


def _escalates_at(rule: Rule, bounds: Bounds) -> datetime | None:
    """Return the first moment of a rule that sends alerts only after something has been late for a while."""
    overdue = rule.remind.overdue
    return first_overdue(rule, bounds) if overdue and Duration.parse(overdue.after) else None


def _over(acknowledgement: Acknowledgement, now: datetime) -> bool:
    return any(end is not None and end <= now for end in (acknowledgement.until, acknowledgement.ended))


def shifted(at: datetime, duration: str) -> datetime:
    """Return an instant later by a duration, in UTC; the last there is where that lies beyond."""
    try:
        return Instant(at, "UTC").shift(Duration.parse(duration)).at
    except (InputError, OverflowError):
        return datetime.max.replace(tzinfo=at.tzinfo)


def whole_second(at: datetime) -> datetime:
    """Return the first whole second from an instant on: firings lie on these, so it parts them in the same way."""
    try:
        return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
    except OverflowError:
        return at.replace(microsecond=0)


def format_acknowledgement(stage: Stage, until: datetime | None) -> str:
    """Return the detail of a revision that acknowledges: `overdue`, or `overdue; until 2025-11-05T09:00Z`."""
    return "; ".join(filter(None, (stage.replace("_", " "), f"until {until:%Y-%m-%dT%H:%MZ}" if until else None)))


def parse_acknowledgement(revision: Revision) -> Acknowledgement:
    """Read the acknowledgement in a revision; one of an older version has no stage."""
    parts = (revision.detail or "").split("; ")
    until = next((part.removeprefix("until ") for part in parts if part.startswith("until ")), None)
    stage = next((stage for stage in STAGES if stage.replace("_", " ") in parts), None)
    return Acknowledgement(
        by=revision.recorded_by,
        at=revision.recorded_at,
        until=datetime.fromisoformat(until) if until else None,
        stage=stage,
    )


def format_snooze(until: datetime, whom: str | None) -> str:
    """Return the detail of a revision that snoozes, for `whom` or for everybody."""
    return f"until {until:%Y-%m-%dT%H:%MZ} for {whom or 'everybody'}"


def parse_snooze(revision: Revision) -> Snooze | None:
    """Read the snooze in a revision; None where it is not for everybody."""
    until, _, whom = (revision.detail or "").removeprefix("until ").partition(" for ")
    if whom != "everybody":
        return None
    return Snooze(by=revision.recorded_by, at=revision.recorded_at, until=datetime.fromisoformat(until))
