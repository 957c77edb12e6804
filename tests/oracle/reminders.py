"""The reminders of each tick of a history, and those that are merged away: calculated a second time, slow and plain.

Where the design leaves a choice, it is read like this:

* What was recorded and moved before the first tick has not moved for anybody; what was closed by then was never there.
* Of several moves before a tick the last is reported, for all of them, unless it leads back to what was true at the
  tick before. That was no move: nothing is missed by it, and what was due meanwhile goes out as usual. An
  acknowledgement ends by it all the same, for the bounds did change; what it had silenced up to there stays silent.
* Where a rule reports moves, the alert of a move stands for what was missed under the new bounds: nothing is made up
  for, nor for the turns of a recurrence that was moved.
* A turn that was moved by itself reports that as a turn. What happened to a turn that is gone by the next tick, or
  history, is not reported.
* A move of the whole makes a new bounds version of all turns but those that were moved by themselves and stay; a move
  of one turn makes one of that turn only.
* What is closed reports its end (and its moves that were not reported yet), and nothing else that was still due. A turn
  that ends with the whole does not report its own moves.
* What is closed and reopened between two ticks was never closed. Else a reopening is reported where ends are, once,
  and only if it still holds. Its alert stands for the moves since, and for what was missed while it was closed. Where
  ends are not reported, the latest that was missed goes out, as with something new, unless it was sent before the end.
  Each turn of what was reopened as a whole makes up for what it missed: the alert of the whole does not stand for that.
* A move or an end of the same turn stands for everything else that a tick would send of it, and is never merged itself.
* Where several rules reach one recipient, their alerts of a turn at one tick are merged, too: the latest moment goes
  out, of one instant the kind that the design names first. A moment that was sent before still stands for earlier ones.
* A silenced repeat is neither sent nor merged. An acknowledgement silences the repeats of the stage in which it was
  given; when it ends, one alert goes out at the next firing of each rule that repeats by then.
  One that a move or a reopening has ended before the first evaluation has silenced nothing: what was missed up to that
  end goes out as what the end has missed.
* While everything is snoozed a watch is not evaluated; so what it missed is one alert when that ends. A snooze that
  ends when it becomes late ends at the last firing before that.
* Of moments that are one instant, the one with the later firing is the latest, then the kind that the design names
  first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.crons import firings
from tests.oracle.data import AddressedReminder, History, Reopened
from tests.oracle.reported_changes import ends, moves
from tests.oracle.turn_evaluation import ReportedAt, TurnEvaluation
from tests.oracle.turns import courses
from tests.oracle.unanswered import with_reports
from tests.oracle.watch import Watch

YEAR = timedelta(days=366)


def reminders(history: History, *, one_channel: bool = False) -> list[AddressedReminder]:
    """Return every reminder of the history, in the order of the ticks. Rules have a channel each, or share `one`."""
    start, end = history.ticks[0], history.ticks[-1]
    found = courses(history, (end + 4 * YEAR).date())
    again: dict[str, list[Reopened]] = {key: [] for key in found}
    for event in history.events:
        if isinstance(event, Reopened):
            again[event.key].append(event)
    watches: list[Watch] = []
    for rule in history.rules:
        fires = firings(rule.cron, rule.zone, start - 12 * YEAR, end + 8 * YEAR)
        for key, course in found.items():
            if rule.matches(course.one):
                watches.append(Watch(rule, course, fires, history, again[key]))
    planned = sorted(one for watch in watches for one in of_watch(watch))
    return with_reports(planned, watches, one_channel=one_channel)


def of_watch(watch: Watch) -> Iterator[AddressedReminder]:
    """Yield the reminders of one rule and one commitment."""
    first = watch.first()
    if first is None:
        return
    names = {name: None for stated in watch.course.stated for name in stated.turns}
    ended = {name: list(ends(watch, name, first)) for name in ("", *names)}
    again = {name: {one.tick for one in some if one.kind == "reopened"} for name, some in ended.items()}
    moved = {name: list(moves(watch, name, first)) for name in ("", *names)}
    for name, some in moved.items():
        yield from ended[name]
        yield from (move for move in some if move.tick not in again[name])
    whole = {move.tick for move in moved[""]}
    for name in names:
        own = {move.tick for move in moved[name]}
        reported = ReportedAt(moved=whole | own, reopened=again[name], own=own | again[name])
        yield from TurnEvaluation(watch, name, reported).reminders()
