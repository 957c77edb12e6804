"""A slice of the simulation: a year of twenty commitments of every kind, and half a year of fewer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.oracle.data import Reopened
from tests.oracle.expressions import LastDone
from tests.oracle.reminders import reminders
from tests.simulation.comparing import compare
from tests.simulation.lives import Lives
from tests.simulation.playing import play, play_for
from tests.simulation.quiet import Quiet
from tests.simulation.staff import Staff

SEED = 14  # it has a series that counts from its closings
HALF_A_YEAR = timedelta(days=183)


def test_what_was_planned_is_what_was_expected(tmp_path: Path) -> None:
    history = Lives(59, 20, frozenset(), timedelta(days=366)).history  # few have a reminder of each kind in one year
    last_done = {one.key for one in history.commitments if isinstance(one.deadline, LastDone)}
    assert any(isinstance(one, Reopened) and one.occurrence and one.key in last_done for one in history.events)
    found = compare(history, reminders(history), list(play(history, tmp_path)))
    assert {one.kind for one in found.expected if one.sent} == set(
        "before on_the_day opens overdue moved review closed reopened unanswered".split()
    )
    assert found.agree, "\n".join(found.report())


def test_a_reminder_that_is_lost_or_comes_twice_or_late_is_seen() -> None:
    history = Lives(SEED, 20, frozenset(), timedelta(days=366)).history
    first, second, *rest = reminders(history)
    assert compare(history, [first, second, *rest], [first, *rest]).lost == (second,)
    again = compare(history, [first, *rest], [first, first, *rest])
    assert (again.extra, again.twice) == ((first,), [first])
    assert "<<<" in "\n".join(compare(history, [first, *rest], rest).report())


def test_what_goes_to_people_who_come_and_go_reaches_those_who_are_there_and_nobody_who_left(tmp_path: Path) -> None:
    history = Lives(SEED, 15, frozenset(), HALF_A_YEAR).history
    staff = Staff(SEED, history.ticks[0], history.ticks[-1])
    wrong, count = play_for(staff, history, tmp_path)
    assert not wrong, "\n".join(wrong[:10])
    assert count > 150


def test_what_silences_and_office_hours_hold_back_goes_at_the_first_tick_that_may_be(tmp_path: Path) -> None:
    quiet = Quiet(SEED, Lives(SEED, 8, frozenset(), HALF_A_YEAR).history)
    wrong, count = quiet.play(tmp_path)
    assert not wrong, "\n".join(wrong[:10])
    assert count > 50
