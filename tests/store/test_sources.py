"""Several sources: the newest is cited, those before stay behind it; and what a move keeps."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from alerts.core.commitments import Citation
from alerts.deadlines.errors import InputError
from alerts.store import tables
from tests import acting
from tests.factories import NOW, at, change, claim, entry, load, move, plan_at, remind, rule, source, tracked

LATER = at("2025-10-29T09:00")
BRIEF = Citation(key="brief", locator="page 1", quote="by the tenth")
MEMO = Citation(key="memo")
CITED = entry(deadline="2025-11-10", source=BRIEF)
SOURCES = [source("brief"), source("memo")]


def test_a_move_with_a_source_cites_it_and_keeps_the_old_one_behind(store):
    load(store, CITED, sources=SOURCES)
    move(store, "truce", "2025-12-10", LATER, source="memo")
    assert tracked(store).commitment.sources == (MEMO, BRIEF)
    move(store, "truce", "2025-12-11", LATER, source="brief")
    assert tracked(store).commitment.sources == (BRIEF, MEMO)
    assert store.ledger.history(tracked(store).id)[-1].source == "brief"


def test_an_alert_cites_the_newest_and_knows_those_before(store):
    load(store, CITED, sources=SOURCES)
    plan_at(store, NOW, rule(remind=remind(moved=True)))
    move(store, "truce", "2025-12-10", LATER, source="memo")
    plan_at(store, LATER, rule(remind=remind(moved=True)))
    (told,) = [one for found in claim(store, LATER) for one in found.contexts if one.reminder.kind == "moved"]
    assert (told.source.title, [one.title for one in told.earlier_sources]) == ("The memo", ["The brief"])


def test_the_place_and_the_words_in_a_new_source_are_kept(store):
    load(store, CITED, sources=SOURCES)
    cited = Citation(key="memo", locator="line 3", quote="by December")
    acting.move(store, "truce", "2025-12-10", change(LATER, source="memo"), cited=cited)
    assert tracked(store).commitment.source == cited


def test_a_file_that_stayed_the_same_does_not_take_the_new_source_away(store):
    load(store, CITED, sources=SOURCES)
    move(store, "truce", "2025-12-10", LATER, source="memo")
    assert load(store, CITED, now=LATER).unchanged == 1
    assert tracked(store).commitment.sources == (MEMO, BRIEF)


def test_what_was_loaded_before_there_were_several_is_unchanged_when_it_is_loaded_again(store):
    load(store, CITED, sources=SOURCES)
    with store.database.write() as connection:
        table = tables.commitments
        (loaded,) = connection.execute(table.select()).mappings()
        before = {name: value for name, value in loaded["loaded"].items() if name != "earlier_sources"}
        connection.execute(update(table).values(loaded=before))
    move(store, "truce", "2025-12-10", LATER, source="memo")
    report = load(store, CITED, now=LATER)
    assert (report.unchanged, report.edited, report.conflicts) == (1, [], [])
    assert tracked(store).commitment.sources == (MEMO, BRIEF)


def test_a_file_that_changes_what_was_changed_here_is_a_conflict_with_a_line_for_each_field(store):
    load(store, CITED, sources=[*SOURCES, source("letter")])
    move(store, "truce", "2025-12-10", LATER, source="memo")
    with pytest.raises(InputError) as caught:
        load(store, replace(CITED, commitment=replace(CITED.commitment, source=Citation(key="letter"))), now=LATER)
    assert str(caught.value) == (
        "seeds.yaml:truce: source: the file says `letter` now and `brief` (page 1, by the tenth) before, but it was "
        "edited to `memo` meanwhile: write that, or `alerts edit truce` first"
    )


def test_a_move_keeps_the_zone_and_what_depends_on_it_does_too(store):
    load(
        store,
        entry("summit", "2025-10-30[Asia/Seoul]", timezone=None),
        entry("after", "P1D after summit", timezone=None),
    )
    report = move(store, "summit", "2025-11-14", LATER)
    assert report.kept_zone == "Asia/Seoul"
    assert tracked(store, "summit").commitment.deadline == "2025-11-14[Asia/Seoul]"
    assert [tracked(store, key).bounds.latest for key in ("summit", "after")] == [
        at("2025-11-14T15:00"), at("2025-11-15T15:00"),
    ]  # fmt: skip
    assert move(store, "summit", "2025-11-14[Europe/Paris]", LATER).kept_zone is None
    assert tracked(store, "summit").bounds.latest == at("2025-11-14T23:00")


def test_one_occurrence_keeps_its_own_zone_before_that_of_the_series(store):
    load(store, entry("calls", "every FREQ=WEEKLY from 2025-11-03T09:30[Asia/Seoul]", timezone=None))
    moves = (("2025-11-11T10:00", "01:00"), ("2025-11-11T10:00[Europe/Paris]", "09:00"), ("2025-11-11T12:00", "11:00"))
    for deadline, clock in moves:
        acting.move(store, "calls", deadline, change(LATER), "2025-11-10T09:30")
        one = tracked(store, "calls").at("2025-11-10T09:30")
        assert one.bounds.latest == at(f"2025-11-11T{clock}")
