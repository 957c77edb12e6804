"""Calendar feeds in a real database: tokens that are stored nowhere, what a feed shows, and how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, update

from alerts.core.commitments import Person
from alerts.core.registration import RuleSet
from alerts.deadlines.errors import InputError
from alerts.store import Store, tables
from alerts.store.feed_contents import contents
from alerts.store.feeds import FeedFilter
from tests import acting
from tests.factories import NOW, change, close, entry, load, move, party, tracked

LONG_AGO = NOW - timedelta(days=30)
ALL = FeedFilter()
MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"


@pytest.fixture
def people(store: Store) -> Store:
    store.people.register(
        [Person(key=key, name=key.title(), email=f"{key}@example.org", timezone=None) for key in ("ann", "bob")]
    )
    return store


def add(store: Store, person: str = "ann", name: str = "Mine", shown: FeedFilter = ALL) -> str:
    return store.feeds.add(person, name, shown, alarms=False, by="desk", now=NOW)


def shown(store: Store, wanted: FeedFilter = ALL, since=LONG_AGO) -> list[str]:
    return [one.tracked.commitment.key for one in contents(store.database, wanted, since)]


def test_a_token_has_256_random_bits_of_which_only_the_hash_is_stored(people):
    tokens = {add(people, name=f"n{number}") for number in range(3)}
    assert {len(bytes.fromhex(token)) for token in tokens} == {32}
    assert len(tokens) == 3
    with people.database.read() as connection:
        stored = repr(connection.execute(select(tables.feeds)).all())
    assert not [token for token in tokens if token in stored]
    assert not [one for one in tokens if one in repr([people.feeds.all(NOW), people.feeds.find(one, NOW)])]


def test_a_feed_is_found_by_its_token_only(people):
    token = add(people)
    found = people.feeds.find(token, NOW)
    assert (found.person, found.name, found.filter) == ("ann", "Mine", ALL)
    wrong = [
        token.upper(),
        token[:-1],
        token + "0",
        "",
        ("0" if token[0] != "0" else "1") + token[1:],
        found.token_hash,
    ]
    assert [people.feeds.find(one, NOW) for one in wrong] == [None] * len(wrong)


def test_a_filter_comes_back_as_it_was_given(people):
    wanted = FeedFilter(owners=("ann",), tags=("a", "b"), parties=("us",), priorities=("high",))
    assert people.feeds.find(add(people, shown=wanted), NOW).filter == wanted


def test_a_person_that_nobody_declares_and_a_name_that_is_taken_are_refused(people):
    with pytest.raises(InputError, match="no person has the key 'an'; did you mean 'ann'"):
        add(people, "an")
    add(people)
    with pytest.raises(InputError, match="ann has a feed of the name 'Mine'"):
        add(people, "bob")
    people.feeds.revoke("Mine", NOW)
    add(people, "bob")
    assert [(one.person, one.revoked_at) for one in people.feeds.all(NOW)] == [("ann", NOW), ("bob", None)]


def test_a_feed_is_revoked_once(people):
    token = add(people)
    with pytest.raises(InputError, match="no feed has the name 'Min'; did you mean 'Mine'"):
        people.feeds.revoke("Min", NOW)
    people.feeds.revoke("Mine", NOW)
    feed = people.feeds.find(token, NOW)
    people.feeds.end(feed, NOW + timedelta(days=1))
    assert people.feeds.find(token, NOW).revoked_at == NOW
    with pytest.raises(InputError, match="no feed has the name 'Mine'"):
        people.feeds.revoke("Mine", NOW)


def test_a_feed_ends_when_its_person_leaves(people):
    token = add(people)
    with people.database.write() as connection:
        connection.execute(update(tables.people).values(left_at=NOW + timedelta(hours=1)))
    assert not people.feeds.find(token, NOW + timedelta(minutes=59)).is_orphaned
    assert people.feeds.find(token, NOW + timedelta(hours=1)).is_orphaned


def test_a_feed_ends_with_its_person_an_hour_after_the_settings_have_left_them_out(people):
    token = add(people)
    with people.database.write() as connection:
        connection.execute(update(tables.people).values(removed_at=NOW))
    assert not people.feeds.find(token, NOW + timedelta(minutes=59)).is_orphaned
    assert people.feeds.find(token, NOW + timedelta(hours=1)).is_orphaned
    with people.database.write() as connection:
        connection.execute(delete(tables.people))
    assert people.feeds.find(token, NOW).is_orphaned


def test_its_use_is_noted_once_an_hour(people):
    token, seen = add(people), []
    for minutes in (0, 59, 60, 61, 119, 120):
        people.feeds.note_use(people.feeds.find(token, NOW), NOW + timedelta(minutes=minutes))
        seen.append((people.feeds.find(token, NOW).last_used_at - NOW) / timedelta(minutes=1))
    assert seen == [0, 0, 60, 60, 60, 120]


def test_two_processes_that_note_a_use_write_once(people):
    feed = people.feeds.find(add(people), NOW)
    people.feeds.note_use(feed, NOW)
    people.feeds.note_use(feed, NOW + timedelta(minutes=1))  # with what it had read before
    assert people.feeds.all(NOW)[0].last_used_at == NOW


FILTERS = [
    (FeedFilter(owners=("ann",)), ["a"]),
    (FeedFilter(tags=("x", "z")), ["a", "b"]),
    (FeedFilter(parties=("cn",)), ["b"]),
    (FeedFilter(parties=("us",)), ["a", "b"]),
    (FeedFilter(priorities=("high", "low")), ["b", "c"]),
    (FeedFilter(tags=("x",), parties=("cn",)), []),
    (ALL, ["a", "b", "c"]),
]


@pytest.mark.parametrize(("wanted", "keys"), FILTERS)
def test_a_feed_shows_what_its_filter_asks_for(people, wanted, keys):
    load(
        people, entry("a", owner="ann", tags=("x", "y"), by=("us",)),
        entry("b", tags=("z",), by=("cn",), to=("us",), priority="high"), entry("c", priority="low"),
        parties=[party("us"), party("cn")],
    )  # fmt: skip
    assert shown(people, wanted) == keys


def test_the_earliest_comes_first_and_what_recurs_before(store):
    load(store, entry("late", "2026-01-01"), entry("soon", "2025-11-01"), entry("after", "after 2025-11-20"),
         entry("monthly", MONTHLY))  # fmt: skip
    assert shown(store) == ["monthly", "soon", "after", "late"]


def test_what_was_closed_stays_since_then(store):
    load(store, entry("a"), entry("b"))
    close(store, "a", now=NOW)
    assert shown(store, since=NOW) == ["a", "b"]
    assert shown(store, since=NOW + timedelta(seconds=1)) == ["b"]


def test_an_entry_has_the_uid_and_the_sequence_of_mails_and_the_time_of_the_last_revision(store):
    load(store, entry("report", MONTHLY), entry("truce"))
    later = NOW + timedelta(days=2)
    move(store, "truce", "2026-01-01", now=later)
    acting.close(store, "report", "fulfilled", change(later), "2025-12-31")
    acting.move(store, "report", "2026-02-02", change(later + timedelta(hours=1)), "2026-01-31")
    with store.database.write() as connection:
        row = {"commitment_id": tracked(store, "truce").id, "occurrence": "", "uid": "truce"}
        connection.execute(tables.calendar_uids.insert(), [row])
    report, truce = contents(store.database, ALL, LONG_AGO)
    assert (truce.uid(), truce.revised_at, truce.sequence) == ("truce", later, 1)
    assert report.uid("2025-12-31") == f"report.2025-12-31@{report.installation}"
    assert report.ended == {"2025-12-31": later}
    assert (report.revised_at, report.sequence) == (later + timedelta(hours=1), 2)
    assert set(report.tracked.occurrences) == {"2025-12-31", "2026-01-31"}


def test_an_occurrence_that_was_closed_again_ended_the_last_time(store):
    load(store, entry("report", MONTHLY))
    for day in range(3):
        then = NOW + timedelta(days=day)
        acting.close(store, "report", "fulfilled", change(then), "2025-12-31")
        if day < 2:
            acting.reopen(store, "report", change(then), "2025-12-31")
    (report,) = contents(store.database, ALL, LONG_AGO)
    assert report.ended == {"2025-12-31": then}


def test_thousands_take_a_few_statements(store):
    load(store, *[entry(f"k{number}") for number in range(1200)])
    list(contents(store.database, ALL, LONG_AGO))  # makes the installation's id
    statements = []
    event.listen(store.database._engine, "before_cursor_execute", lambda *details: statements.append(details[2]))
    assert len(shown(store)) == 1200
    assert len([one for one in statements if one.startswith("SELECT")]) <= 2 + 3 * 3


def person(email: str, key: str = "ann") -> Person:
    return Person(key=key, name="Ann", email=email, timezone=None)


@pytest.mark.parametrize("by_settings", [True, False])
def test_a_changed_address_ends_the_feeds_and_links_of_its_person_alone(store: Store, by_settings: bool) -> None:
    def state(email: str, now: datetime) -> None:
        found = [person(email), person("bob@example.org", "bob")]
        if by_settings:
            mine = RuleSet(rules={}, people=found)
            store.registrations.register(mine, now, by="desk", alive=timedelta(minutes=1), may=lambda *_: True)
        else:
            load(store, entry("other"), now=now, people=found)

    state("ann@example.org", LONG_AGO)
    for key in ("ann", "bob"):
        add(store, key, key)
    state("Ann@example.org", NOW)
    assert [one.revoked_at for one in store.feeds.all(NOW)] == [None, None]
    state("ann@elsewhere.example.org", NOW)
    assert [(one.person, one.revoked_at) for one in store.feeds.all(NOW)] == [("ann", NOW), ("bob", None)]
    voided = store.link_revocations.voided
    assert voided("ann@example.org", NOW)
    assert not voided("bob@example.org", NOW)
    assert not voided("ann@example.org", NOW + timedelta(seconds=1))
