"""Loading a file: again, after people changed things by hand, in any order, interrupted, and only for show."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from alerts.core.commitments import Citation
from alerts.deadlines.errors import InputError
from alerts.store import table_types
from tests import acting
from tests.factories import NOW, acknowledge, at, change, close, entries, entry, load, move, party, source, tracked

LATER = at("2025-10-29T09:00")


def rows(store) -> dict[str, int]:
    with store.database.read() as connection:
        counts = {name: select(func.count()).select_from(table) for name, table in table_types.metadata.tables.items()}
        return {name: connection.scalar(count) for name, count in counts.items()}


def test_what_a_file_states_is_kept_whole(store):
    stated = {
        "kind": "expiry", "priority": "critical", "by": ("us", "cn"), "to": ("cn",), "owner": "desk",
        "tags": ("trade-truce", "été"), "timezone": "America/New_York", "review_every": "P14D",
        "source": Citation(key="brief", locator="p. 1", quote="until after"),
        "assumptions": ("one", "two"), "note": "a\nb",
    }  # fmt: skip
    one = entry("truce", "after 2025-11-10", **stated)
    load(store, one, parties=[party("us", "America/New_York", calendar="US"), party("cn")], sources=[source()])
    found = tracked(store)
    assert found.commitment == one.commitment
    assert found.bounds.earliest == at("2025-11-11T05:00")
    assert found.bounds.latest is None
    assert found.recorded_at == NOW
    assert store.ledger.parties()["us"].calendar == "US"
    assert store.ledger.sources() == {"brief": source()}


def test_loading_again_changes_nothing(store):
    file = [entry("summit", "2025-11-20"), entry("truce", "P7D after summit")]
    first = load(store, *file)
    before = rows(store)
    second = load(store, *file, now=LATER)
    assert (first.new, second.new, second.unchanged) == (["summit", "truce"], [], 2)
    assert (second.edited, second.moved, second.moved_dependants) == ([], [], [])
    assert rows(store) == before
    assert tracked(store).recorded_at == NOW


def test_an_unchanged_entry_never_undoes_a_move(store):
    load(store, entry(deadline="2025-11-10"))
    move(store, "truce", "2025-12-10")
    assert load(store, entry(deadline="2025-11-10"), now=LATER).unchanged == 1
    assert tracked(store).commitment.deadline == "2025-12-10"


def test_an_unchanged_entry_never_reopens_what_was_closed(store):
    load(store, entry())
    close(store, "truce", "withdrawn")
    load(store, entry(), now=LATER)
    load(store, entry(title="Another title"), now=LATER)
    assert tracked(store).commitment.status == "withdrawn"


def test_an_unchanged_entry_never_undoes_an_acknowledgement(store):
    load(store, entry())
    acknowledge(store, "truce")
    load(store, entry(), now=LATER)
    load(store, entry(title="Another title"), now=LATER)
    assert tracked(store).acknowledged.by == "desk"


def test_only_the_fields_that_the_file_changed_are_applied(store):
    load(store, entry(deadline="2025-11-10", title="Old", note="old"))
    move(store, "truce", "2025-12-10")
    report = load(store, entry(deadline="2025-11-10", title="New", note="old"), now=LATER)
    found = tracked(store).commitment
    assert (found.deadline, found.title, found.note) == ("2025-12-10", "New", "old")
    assert (report.edited, report.moved) == (["truce"], [])


CONFLICT = (
    "seeds.yaml:truce: deadline: the file says `2025-11-20` now and `2025-11-10` before, but it was moved to "
    '`2025-12-10` meanwhile: write that, or `alerts move truce "2025-11-20"` first'
)


def test_a_deadline_that_the_file_changed_after_a_move_is_a_conflict_and_changes_nothing(store):
    load(store, entry(deadline="2025-11-10"))
    move(store, "truce", "2025-12-10")
    before = rows(store)
    with pytest.raises(InputError) as caught:
        load(store, entry("fine"), entry(deadline="2025-11-20", title="New"), now=LATER)
    assert str(caught.value) == CONFLICT
    assert rows(store) == before
    report = load(store, entry("fine"), entry(deadline="2025-11-20"), now=LATER, dry_run=True)
    assert (report.new, [one.message for one in report.conflicts]) == (["fine"], [CONFLICT])


def test_a_conflict_is_settled_by_a_move_to_what_the_file_says(store):
    load(store, entry(deadline="2025-11-10"))
    move(store, "truce", "2025-12-10")
    move(store, "truce", "2025-11-20")
    report = load(store, entry(deadline="2025-11-20"), now=LATER)
    assert (report.conflicts, report.moved, tracked(store).commitment.deadline) == ([], [], "2025-11-20")


def test_a_closed_commitment_is_in_no_conflict(store):
    load(store, entry(deadline="2025-11-10"))
    move(store, "truce", "2025-12-10")
    close(store, "truce")
    assert load(store, entry(deadline="2025-11-20"), now=LATER).conflicts == []


def test_what_is_moved_by_hand_while_a_load_goes_on_is_reported_and_kept(store):
    load(store, *entries(600))

    def meanwhile(done: int) -> None:
        if done == 500:
            move(store, "c00599", "2025-12-24")

    report = load(store, *entries(600, "2025-11-20"), now=LATER, progress=meanwhile)
    assert [one.key for one in report.conflicts] == ["c00599"]
    assert tracked(store, "c00599").commitment.deadline == "2025-12-24"


def test_a_file_that_catches_up_with_a_move_is_no_move(store):
    load(store, entry(deadline="2025-11-10"))
    move(store, "truce", "2025-12-10")
    report = load(store, entry(deadline="2025-12-10"), now=LATER)
    assert (report.moved, report.edited, tracked(store).bounds_version) == ([], [], 2)
    move(store, "truce", "2025-12-20")
    assert load(store, entry(deadline="2025-12-10"), now=LATER).unchanged == 1
    assert tracked(store).commitment.deadline == "2025-12-20"


def test_a_field_that_the_file_takes_back_is_emptied(store):
    load(store, entry(note="a note", tags=("a",), owner="desk"))
    load(store, entry(), now=LATER)
    found = tracked(store).commitment
    assert (found.note, found.tags, found.owner) == (None, (), None)


def test_an_edited_title_moves_nothing(store):
    load(store, entry(title="Old"))
    load(store, entry(title="New"), now=LATER)
    found = tracked(store)
    last = store.ledger.history(found.id)[-1]
    assert found.bounds_version == 1
    assert (last.what, last.detail, last.recorded_at, last.number) == ("edited", "title", LATER, 2)


def test_the_first_revision_says_who_when_and_from_where(store):
    load(store, entry(source=Citation(key="brief")), sources=[source()])
    (first,) = store.ledger.history(tracked(store).id)
    assert (first.number, first.what, first.recorded_by, first.recorded_at) == (1, "recorded", "desk", NOW)
    assert first.source == "brief"
    assert first.after == tracked(store).bounds


def test_references_are_resolved_whatever_their_order_in_the_file(store):
    load(store, entry("c", "P1D after b"), entry("b", "P1D after a"), entry("a", "2025-11-10"))
    assert tracked(store, "c").bounds.latest == at("2025-11-13")


def test_what_is_stored_already_may_be_hung_on(store):
    load(store, entry("a", "2025-11-10"))
    load(store, entry("b", "P1D after a"), now=LATER)
    assert tracked(store, "b").bounds.latest == at("2025-11-12")


REFUSED = [
    ([entry("b", "P1D after summt"), entry("summit")], "seeds.yaml:b: .*'summt', which is not tracked.*summit"),
    ([entry("a", "P1D after a")], "seeds.yaml:a: .*circle: a → a"),
    ([entry("a", "P1D after b"), entry("b", "P1D after a")], "seeds.yaml:[ab]: .*circle: (a → b → a|b → a → b)"),
    ([entry("a", "between 2025-11-10 and 2025-11-01")], "seeds.yaml:a: .*ends before it begins"),
    ([entry("a", "9999-12-30"), entry("b", "P1Y after a")], "seeds.yaml:b: .*leaves the years 1 to 9999"),
]


@pytest.mark.parametrize(("file", "said"), REFUSED, ids=["unknown", "itself", "circle", "backwards", "too late"])
def test_what_cannot_be_resolved_is_refused_by_its_place_and_nothing_is_stored(store, file, said):
    before = rows(store)
    with pytest.raises(InputError, match=said):
        load(store, entry("fine"), *file, parties=[party()], sources=[source()])
    assert rows(store) == before


def test_a_circle_through_what_is_stored_is_refused(store):
    load(store, entry("a", "2025-11-10"), entry("b", "P1D after a"))
    before = rows(store)
    with pytest.raises(InputError, match=r"a → b → a|b → a → b"):
        load(store, entry("a", "P1D after b"), now=LATER)
    assert rows(store) == before


def test_all_that_is_wrong_is_said_at_once(store):
    with pytest.raises(InputError) as caught:
        load(store, entry("a", "P1D after x"), entry("b", "P1D after y"))
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == ["seeds.yaml:a", "seeds.yaml:b"]


BACKWARDS = "between 2025-11-10 and 2025-11-01"


def test_every_kind_of_what_is_wrong_is_said_in_one_round(store):
    load(store, entry("moved", "2025-11-10"))
    move(store, "moved", "2025-12-10")
    file = [
        entry("a", "P1D after x"), entry("b", "P1D after c"), entry("c", "P1D after b"), entry("d", "P1D after a"),
        entry("e", BACKWARDS), entry("f", "P1D after unreadable"), entry("g", "P1D after g"),
        entry("moved", "2025-11-20"),
    ]  # fmt: skip
    found = store.commitments.find_problems(file, [], change(LATER), {"unreadable"})
    assert sorted(one.message for one in found) == [
        "seeds.yaml:a: deadline depends on 'x', which is not tracked; known: a, b, c, d, e, f, g, moved",
        "seeds.yaml:b: deadlines depend on each other in a circle: b → c → b; change one of them",
        f"seeds.yaml:e: deadline `{BACKWARDS}`: `{BACKWARDS}` ends before it begins",
        "seeds.yaml:g: deadlines depend on each other in a circle: g → g; change one of them",
        CONFLICT.replace("truce", "moved"),
    ]


def test_a_move_that_would_break_what_hangs_on_it_is_refused(store):
    load(store, entry("a", "2025-11-10"), entry("b", "between a and 2025-11-20"))
    before = rows(store)
    with pytest.raises(InputError, match=r"b follows from this file: .*ends before it begins"):
        load(store, entry("a", "2025-12-10"), now=LATER)
    assert rows(store) == before


def test_a_dry_run_says_what_would_happen_and_stores_nothing(store):
    load(store, entry("moves", "2025-11-10"), entry("edited"), entry("same"))
    before = rows(store)
    file = [entry("moves", "2025-12-10"), entry("edited", title="New"), entry("same"), entry("new", "P1D after moves")]
    report = load(store, *file, now=LATER, dry_run=True, parties=[party()], sources=[source()])
    assert (report.new, report.edited, report.unchanged) == (["new"], ["edited"], 1)
    assert [(one.key, one.after.latest) for one in report.moved] == [("moves", at("2025-12-11"))]
    assert rows(store) == before
    assert tracked(store, "moves").commitment.deadline == "2025-11-10"


class StopError(Exception):
    """The process ends here."""


def test_a_load_that_was_interrupted_is_finished_by_repeating_it(store):
    load(store, entry("c00000", "2025-11-01"), entry("depends", "P1D after c00000"))
    file = entries(600)

    def interrupt(done: int) -> None:
        raise StopError(done)

    with pytest.raises(StopError, match="500"):
        load(store, *file, now=LATER, progress=interrupt)
    report = load(store, *file, now=LATER)
    assert len(report.new) == 100
    assert report.unchanged == 500
    assert rows(store)["commitments"] == 601
    assert rows(store)["revisions"] == 603
    assert tracked(store, "depends").bounds.latest == at("2025-11-12")


def test_keys_of_the_file_that_are_used_across_chunks_resolve(store):
    load(store, *entries(600), entry("a", "P1D after c00599"))
    load(store, *entries(600, "2025-11-20"), entry("a", "P1D after c00599"), now=LATER)
    assert tracked(store, "a").bounds.latest == at("2025-11-22")


def test_a_party_that_moves_to_another_zone_takes_its_deadlines_along(store):
    stated = entry(timezone=None, by=("cn",))
    load(store, stated, parties=[party("cn", "Asia/Shanghai")])
    report = load(store, stated, parties=[party("cn", "America/New_York")], now=LATER)
    assert tracked(store).bounds.latest == at("2025-11-11T05:00")
    assert [one.key for one in report.moved] == ["truce"]
    assert (
        store.ledger.history(tracked(store).id)[-1].reason
        == "time zone of CN changed from Asia/Shanghai to America/New_York"
    )


def from_file(name, *items, **more):
    return [replace(one, file=name, **more) for one in items]


def test_what_a_file_no_longer_has_is_found_and_withdrawn_with_its_reason(store):
    load(store, *from_file("/a.yaml", entry("a"), entry("b"), entry("c")), *from_file("/b.yaml", entry("d")))
    close(store, "c")
    assert store.commitments.no_longer_stated("/a.yaml", {"a"}) == ["b"]
    store.commitments.withdraw(["b", "c"], change(LATER, reason="no longer in a.yaml"))
    last = store.ledger.history(tracked(store, "b").id)[-1]
    assert (last.what, last.detail, last.reason) == ("closed", "withdrawn", "no longer in a.yaml")
    assert tracked(store, "c").commitment.status == "fulfilled"
    assert store.commitments.no_longer_stated("/a.yaml", {"a"}) == []


def test_the_file_that_states_it_last_has_it_though_nothing_is_changed(store):
    load(store, *from_file("/a.yaml", entry("a")))
    before = rows(store)
    assert load(store, *from_file("/b.yaml", entry("a")), now=LATER).unchanged == 1
    assert (store.commitments.no_longer_stated("/a.yaml", ()), store.commitments.no_longer_stated("/b.yaml", ())) == (
        [],
        ["a"],
    )
    assert rows(store) == before


def test_an_older_sequence_changes_nothing_and_is_reported(store):
    load(store, *from_file("/a.ics", entry("a", title="Two"), sequence=2))
    report = load(store, *from_file("/a.ics", entry("a", title="One"), sequence=1), now=LATER)
    assert (report.older, report.edited, tracked(store, "a").commitment.title) == (["a"], [], "Two")
    load(store, *from_file("/a.ics", entry("a", title="Two"), sequence=3), now=LATER)
    assert load(store, *from_file("/a.ics", entry("a", title="x"), sequence=2), now=LATER).older == ["a"]
    load(store, *from_file("/a.yaml", entry("a", title="By hand")), now=LATER)
    assert load(store, *from_file("/a.ics", entry("a", title="x"), sequence=2), now=LATER).older == ["a"]


def test_one_that_is_added_is_recorded_and_a_file_may_state_it_later(store):
    load(store, parties=[party("us")], sources=[source()])
    acting.add(store, entry("a", by=("us",), source=Citation(key="brief")).commitment, change(reason="added"))
    assert store.ledger.history(tracked(store, "a").id)[0].reason == "added"
    assert load(store, entry("a", "2025-11-20", by=("us",)), now=LATER).conflicts == []
    assert tracked(store, "a").commitment.deadline == "2025-11-20"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (entry("truce"), "truce is tracked already: `alerts move` gives it another deadline"),
        (entry("a", by=("su",)), "no party has the key 'su'; known: us"),
        (entry("a", source=Citation(key="x")), "no source has the key 'x'; known: brief"),
        (entry("a", "P1D after truc"), "a: deadline depends on 'truc', which is not tracked; did you mean 'truce'?"),
    ],
)
def test_what_cannot_be_added_is_said_and_not_stored(store, one, said):
    load(store, entry(), parties=[party("us")], sources=[source()])
    before = rows(store)
    with pytest.raises(InputError) as caught:
        acting.add(store, one.commitment, change())
    assert str(caught.value) == said
    assert rows(store) == before


def test_others_are_let_in_between_two_chunks_and_nobody_waits_after_the_last(store, monkeypatch):
    """SQLite queues nobody: `benchmarks.loads` measures how long another process waits."""
    gaps = []
    monkeypatch.setattr(store.database, "give_way", lambda: gaps.append(len(store.ledger.tracked())))
    load(store, *entries(1200))
    assert gaps == [500, 1000]
    store.commitments.recompute(change(LATER))
    store.commitments.withdraw([f"c{number:05}" for number in range(600)], change(LATER))
    assert gaps == [500, 1000, 1200, 1200, 700]
