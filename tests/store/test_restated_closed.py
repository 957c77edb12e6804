"""A file that states anew what is closed: it is left closed and named, until somebody decides."""

from dataclasses import replace
from importlib import import_module

import pytest

from alerts.core.changes import Report
from alerts.core.stated_values import stated
from alerts.core.tracked import Revision
from alerts.store import Store, tables
from alerts.store.rows import append_revisions, revision_row
from tests import acting
from tests.factories import at, change, close, entry, load, plan_at, remind, rule, tracked

C = tables.commitments
CLOSED, LATER = at("2025-10-29T09:00"), at("2025-10-30T09:00")


def of(file: str, key: str = "truce", deadline: str = "2025-11-10", **stated):
    return replace(entry(key, deadline, **stated), file=file)


def closed(store: Store) -> None:
    load(store, of("/a.yaml"), of("/a.yaml", "other"))
    close(store, "truce", "withdrawn", CLOSED)


def named(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.key, one.fields) for one in report.restated]


@pytest.mark.parametrize(
    ("stated", "fields"),
    [
        (of("/b.yaml"), ()),
        (of("/a.yaml", deadline="2025-12-10"), ("deadline",)),
        (of("/a.yaml", title="Another"), ("title",)),
        (of("/b.yaml", deadline="2025-12-10", note="new"), ("deadline", "note")),
    ],
)
def test_it_is_named_and_left_as_it_is_and_the_rest_loads(store, stated, fields):
    closed(store)
    before = tracked(store)
    for _ in range(2):
        report = load(store, stated, of("/a.yaml", "other", "2025-11-20"), now=LATER)
        assert named(report) == [("truce", fields)]
        assert (tracked(store), report.edited) == (before, [])
    assert tracked(store, "other").bounds.latest == at("2025-11-21")
    assert [(one.key, one.status, one.stated) for one in store.commitments.restated()] == [
        ("truce", "withdrawn", stated.commitment.deadline)
    ]


def test_what_a_file_states_as_before_is_not_named(store):
    closed(store)
    report = load(store, of("/a.yaml"), of("/a.yaml", "other"), now=LATER)
    assert (named(report), report.unchanged) == ([], 2)
    assert store.commitments.restated() == []


def test_kept_closed_it_is_not_named_again_until_it_is_stated_otherwise(store):
    closed(store)
    stated = of("/b.yaml", deadline="2025-12-10")
    load(store, stated, now=LATER)
    assert load(store, stated, now=LATER, closed="keep").kept == ["truce"]
    assert store.commitments.restated() == []
    assert named(load(store, stated, now=LATER)) == []
    assert named(load(store, of("/b.yaml", deadline="2025-12-11"), now=LATER)) == [("truce", ("deadline",))]


def test_reopened_it_is_as_the_file_states_it_and_what_hangs_on_it_follows(store):
    load(store, of("/a.yaml"), of("/a.yaml", "b", "P1D after truce"))
    close(store, "truce", "withdrawn", CLOSED)
    stated = of("/b.yaml", deadline="2025-12-10", title="Another")
    load(store, stated, now=LATER)
    report = load(store, stated, now=LATER, closed="reopen")
    now = tracked(store)
    assert (report.reopened, [one.key for one in report.moved_dependants]) == (["truce"], ["b"])
    assert (now.open, now.commitment.title, now.bounds.latest) == (True, "Another", at("2025-12-11"))
    assert [one.what for one in store.ledger.history(now.id)] == ["recorded", "closed", "reopened", "moved"]
    assert store.commitments.restated() == []
    assert (load(store, stated, now=LATER).unchanged, report.unchanged) == (1, 0)


def test_reopened_as_it_was_nothing_else_changes(store):
    closed(store)
    report = load(store, of("/b.yaml"), now=LATER, closed="reopen")
    assert (report.reopened, report.moved, report.edited, report.unchanged) == (["truce"], [], [], 0)
    assert tracked(store).open


def test_a_dry_run_foresees_what_would_be_reopened_and_stores_nothing(store):
    closed(store)
    before = tracked(store)
    stated = of("/b.yaml", deadline="2025-12-10")
    report = load(store, stated, now=LATER, closed="reopen", dry_run=True)
    assert (report.reopened, [one.key for one in report.moved]) == (["truce"], ["truce"])
    assert report.planned_state["truce"].open
    assert tracked(store) == before
    load(store, stated, now=LATER, dry_run=True)
    assert store.commitments.restated() == []


def test_what_left_its_file_and_comes_back_as_it_was_is_named(store):
    load(store, of("/a.yaml"), of("/a.yaml", "other"))
    store.commitments.withdraw(store.commitments.no_longer_stated("/a.yaml", {"other"}), change(CLOSED))
    assert named(load(store, of("/a.yaml"), of("/a.yaml", "other"), now=LATER)) == [("truce", ())]


def test_what_was_closed_by_hand_left_and_came_back_is_named_too(store):
    closed(store)
    store.commitments.note_left("/a.yaml", {"other"})
    assert named(load(store, of("/a.yaml"), now=LATER)) == [("truce", ())]


def test_what_the_file_states_no_more_is_named_no_more(store):
    closed(store)
    load(store, of("/b.yaml"), now=LATER)
    store.commitments.note_left("/b.yaml", set())
    assert store.commitments.restated() == []


def test_what_somebody_reopened_by_hand_is_named_no_more(store):
    closed(store)
    load(store, of("/b.yaml", deadline="2025-12-10"), now=LATER)
    acting.reopen(store, "truce", change(LATER))
    assert store.commitments.restated() == []
    load(store, of("/b.yaml", deadline="2025-12-10"), now=LATER)
    assert tracked(store).bounds.latest == at("2025-12-11")


def test_of_the_many_that_left_the_few_that_come_back_are_named_in_few_statements(store):
    many = [of("/a.yaml", f"c{number:04}") for number in range(700)]
    load(store, *many)
    store.commitments.withdraw(
        store.commitments.no_longer_stated("/a.yaml", ()), change(CLOSED, reason="no longer in a.yaml")
    )
    back = [of("/a.yaml", f"c{number:04}", "2025-12-10" if number < 30 else "2025-11-10") for number in range(35)]
    report = load(store, *back, of("/a.yaml", "new"), now=LATER)
    assert (len(report.restated), report.new, report.edited, report.moved) == (35, ["new"], [], [])
    assert sum("deadline" in one.fields for one in report.restated) == 30
    assert load(store, *back, now=LATER, closed="reopen").reopened == [one.commitment.key for one in back]
    assert [tracked(store, key).bounds.latest for key in ("c0000", "c0034")] == [at("2025-12-11"), at("2025-11-11")]


def test_reopened_by_a_load_it_is_told_once(store):
    tells = rule(remind=remind(closed=True, moved=True))
    load(store, of("/a.yaml"))
    plan_at(store, at("2025-10-28T10:00"), tells)
    close(store, "truce", "withdrawn", CLOSED)
    plan_at(store, CLOSED, tells)
    load(store, of("/b.yaml", deadline="2025-12-10"), now=LATER, closed="reopen")
    assert plan_at(store, LATER, tells) == 1
    words = [(word["kind"], word["skipped"]) for word in store.ledger.reminders(tracked(store).id)]
    assert sorted(words) == [("closed", None), ("moved", "sent with the reopening"), ("reopened", None)]


def test_an_upgrade_gives_back_the_deadline_of_closed_bounds_and_names_what_comes_back(store):
    closed(store)
    load(store, of("/a.yaml", "gone"))
    store.commitments.withdraw(["gone"], change(CLOSED, reason="no longer in a.yaml"))
    edit_as_before(store, "truce", "2025-12-10")
    with store.database.write() as connection:
        connection.execute(C.update().where(C.c.key == "gone").values(loaded_from="/a.yaml"))
        for _ in range(2):
            import_module("alerts.store.migrations.versions.0014_reopened").mend(connection)
    now = tracked(store)
    assert (now.commitment.deadline, now.bounds.latest) == ("2025-11-10", at("2025-11-11"))
    assert [one.what for one in store.ledger.history(now.id)] == ["recorded", "closed", "edited", "edited"]
    assert store.commitments.as_of("truce", at("2100-01-01")).commitment.deadline == "2025-11-10"
    report = load(store, of("/a.yaml", deadline="2025-12-10"), of("/a.yaml", "gone"), now=LATER)
    assert named(report) == [("truce", ("deadline",)), ("gone", ())]


def edit_as_before(store: Store, key: str, deadline: str) -> None:
    """Leave a closed commitment as a load left it that stated another deadline: with bounds that stayed."""
    now = tracked(store, key)
    with store.database.write() as connection:
        said = stated(replace(now.commitment, deadline=deadline))
        values = {"deadline": deadline, "loaded": said, "revision": now.revision + 1}
        connection.execute(C.update().where(C.c.key == key).values(values))
        edited = Revision(
            number=now.revision + 1,
            what="edited",
            recorded_at=CLOSED,
            recorded_by="desk",
            detail="deadline",
            stated=said,
        )  # fmt: skip
        append_revisions(connection, [revision_row(now.id, edited)])


def test_a_load_updates_none_of_its_entries_where_nothing_was_named(store, statements):
    with statements() as heard:
        load(store, of("/a.yaml"), of("/a.yaml", "other"))
    assert [statement for statement, _ in heard if statement.startswith("UPDATE commitments SET restated")] == []
