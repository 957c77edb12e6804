"""One answer to several commitments: what it would mean for each, and recording it for each by itself."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from alerts.actions.preconditions import NotAsShownError
from alerts.core.permissions import NotAllowedError, RecordedBeforeError
from alerts.core.schedule.answers import check_snooze
from alerts.core.stages import stage_of
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import references
from alerts.deadlines.grammar import parse
from alerts.deadlines.points import Day
from alerts.rendering.template_filters import clean, flat
from alerts.store.store_error import StoreError
from alerts.views.shown_times import shown
from alerts.web.answer_form import AnswerForm, FormError
from alerts.web.give_answer import Answer
from alerts.web.pages.page_answerer import PageAnswerer
from alerts.web.pages.page_reading import PageReading
from alerts.web.pause_choices import REPEATING

log = logging.getLogger(__name__)
LONGEST_MOVE = 3652  # days
CHANGED = "it has changed since the preview"
ON_ITS_PAGE = "answer it on its own page"


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedRow:
    """One of several. `after`: what the answer means for it; `problem`: why it gets none. `seen`: for the form."""

    tracked: Tracked
    title: str
    dates: str
    seen: str
    after: str = ""
    along: tuple[str, ...] = ()
    problem: str = ""

    @property
    def key(self) -> str:
        return self.tracked.commitment.key


def picked_row(tracked: Tracked, reading: PageReading) -> PickedRow:
    """Return a commitment, or the date of a series that counts now, as it was picked."""
    commitment, stage = tracked.commitment, stage_of(tracked.bounds, reading.now)
    problem = "it is closed" if not tracked.open else f"none of its dates is open: {ON_ITS_PAGE}"
    return PickedRow(
        tracked=tracked,
        title=flat(clean(commitment.title)) or commitment.key,
        dates=describe_bounds(tracked.bounds),
        seen=" ".join((commitment.key, str(tracked.revision), stage, tracked.occurrence)).rstrip(),
        problem="" if tracked.open and not tracked.recurs else problem,
    )


def as_seen(row: PickedRow, seen: str) -> PickedRow:
    """Return a row as the preview showed it: recording compares that with what holds then.

    Of another date, or in another stage, it is not what was shown.
    """
    shown, now = seen.split(" "), row.seen.split(" ")
    if row.problem or len(shown) != len(now) or shown[2:] != now[2:]:
        return row if row.problem else replace(row, problem=CHANGED)
    return replace(row, seen=seen)


def meant(rows: Sequence[PickedRow], form: AnswerForm, reading: PageReading) -> list[PickedRow]:
    """Return what an answer would mean for each. Nothing is written. Raises FormError for what all need."""
    what = form.choice[0]
    if what == "assign" and form.fields.get("person", "") not in reading.people:
        raise FormError("person", "Choose a person first.")
    if what == "move":
        _days(form)
    if what == "snooze":
        form.day("date", "snooze_date")
    found = [row if row.problem else _meant(row, form, reading) for row in rows]
    along = {key: row.key for row in found for key in row.along}
    return [
        replace(row, problem=f"it moves along with {along[row.key]}", after="") if row.key in along else row
        for row in found
    ]


def _meant(row: PickedRow, form: AnswerForm, reading: PageReading) -> PickedRow:
    try:
        answer = _answer(row, form, reading)
        return _MEANS[form.choice[0]](row, answer, reading)
    except NotAsShownError:
        return replace(row, problem=CHANGED)
    except RecordedBeforeError:
        return row
    except (InputError, FormError, NotAllowedError) as error:
        if isinstance(error, StoreError):
            raise
        return replace(row, problem=flat(clean(str(error))))


def record(rows: Sequence[PickedRow], form: AnswerForm, reading: PageReading) -> list[PickedRow]:
    """Record an answer for each, by itself, and return what became of it: `problem` where nothing was recorded."""
    found = []
    for row in rows:
        try:
            if not row.problem:
                _answer(row, form, reading).give()
            found.append(row)
        except RecordedBeforeError:
            found.append(row)
        except NotAsShownError:
            found.append(replace(row, problem=CHANGED))
        except StoreError as error:
            log.warning("an answer was not recorded: %s", error)
            found.append(replace(row, problem="the database cannot be written to now"))
        except (InputError, FormError, NotAllowedError) as error:
            found.append(replace(row, problem=flat(clean(str(error)))))
    return found


def _answer(row: PickedRow, form: AnswerForm, reading: PageReading) -> Answer:
    """Return the answer for one of several: a form of its own, which is recorded once."""
    _, revision, stage, *_ = row.seen.split(" ")
    own = hashlib.sha256(f"{form.id} {row.key} {row.tracked.occurrence}".encode()).hexdigest()[:32]
    stated = {**form.fields, "form": own, "revision": revision, "stage": stage, **_new_date(row, form)}
    if form.choice[0] == "acknowledge" and not form.fields.get("pause_date"):
        stated["choice"] = "acknowledge"  # until its rule ends that
    return Answer(by=PageAnswerer.of(reading), tracked=row.tracked, form=AnswerForm(stated))


def _new_date(row: PickedRow, form: AnswerForm) -> Mapping[str, str]:
    """Return the date to which a move by some days leads. Raises FormError for what has no single date."""
    if form.choice[0] != "move":
        return {}
    bounds = row.tracked.bounds
    point = bounds.last
    if point is None or bounds.first != point:
        raise FormError("days", f"it has no single date: {ON_ITS_PAGE}")
    try:
        day = point.date + timedelta(days=_days(form))
    except OverflowError:
        raise FormError("days", "there is no such day") from None
    if isinstance(point, Day):
        return {"new_date": str(day), "new_time": ""}
    return {"new_date": str(day), "new_time": shown(point.at, point.zone or "UTC")[-5:]}


def _days(form: AnswerForm) -> int:
    stated = form.fields.get("days", "").strip().removeprefix("+")
    digits = stated.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and 0 < len(digits) < 6 and 0 < int(digits) <= LONGEST_MOVE):
        raise FormError("days", "Enter by how many days: 7, or -7 for earlier.")
    return int(stated)


def _means_acknowledged(row: PickedRow, answer: Answer, reading: PageReading) -> PickedRow:
    stated = answer.form.choice[1]
    pauses = stage_of(row.tracked.bounds, reading.now) in REPEATING
    until = answer.until(stated, "pause_date") if stated and pauses else None
    pause = f"acknowledged; its reminders pause until {shown(until, reading.zone)}" if until else "acknowledged"
    return replace(row, after=pause)


def _means_snoozed(row: PickedRow, answer: Answer, reading: PageReading) -> PickedRow:
    until = answer.until("date", "snooze_date")
    check_snooze(row.tracked, until, reading.now, past_due=answer.form.fields.get("past_due") == "yes")
    return replace(row, after=f"no alerts until {shown(until, reading.zone)}")


def _means_assigned(row: PickedRow, answer: Answer, reading: PageReading) -> PickedRow:
    owner = reading.people[answer.form.fields["person"]]
    return replace(row, after=f"owner: {flat(clean(owner.name))}")


def _means_moved(row: PickedRow, answer: Answer, reading: PageReading) -> PickedRow:  # noqa: ARG001  # as the others
    report = answer.preview()
    if not report.moved:
        return replace(row, problem="it has that date already")
    along = tuple(one.key for one in report.moved_dependants)
    bases = [] if row.tracked.occurrence else sorted(references(parse(row.tracked.commitment.deadline)))
    loses = f", and no longer counts from {', '.join(bases)}" if bases else ""
    return replace(row, after=f"moves to {describe_bounds(report.moved[0].after)}{loses}", along=along)


def _means_closed(row: PickedRow, answer: Answer, reading: PageReading) -> PickedRow:  # noqa: ARG001  # as the others
    if row.tracked.commitment.kind == "notice":
        return replace(row, problem=f"it asks whether it was renewed or cancelled: {ON_ITS_PAGE}")
    return replace(row, after=f"closed: {answer.form.choice[1]}")


_MEANS = {
    "acknowledge": _means_acknowledged,
    "snooze": _means_snoozed,
    "assign": _means_assigned,
    "move": _means_moved,
    "close": _means_closed,
}
ANSWERS = frozenset(_MEANS)
