"""By what readers' calendars know an entry: a UID that is unique in the world, a SEQUENCE that only rises."""

from __future__ import annotations

import re

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text, update

from alerts.store import Store, tables
from alerts.store.calendar_uids import entries
from alerts.store.database import MIGRATIONS, Database
from tests import acting
from tests.factories import NOW, at, change, claim, close, entry, load, move, party, plan_at, rule, tracked

MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"
EARLY = at("2025-11-03T09:00")


def known_as(store: Store, key: str = "truce", occurrence: str = ""):
    """The entry of a commitment, or of an occurrence."""
    one = tracked(store, key).id
    with store.database.write() as connection:
        return entries(connection, {(one, occurrence)})[one, occurrence]


def test_a_delivery_carries_an_entry_that_no_other_installation_makes(store, empty_url):
    other = Store(empty_url)
    uids = []
    for one in (store, other):
        load(one, entry("truce"))
        plan_at(one, EARLY, rule())
        (delivery,) = claim(one, EARLY)
        uids.append(delivery.contexts[0].entry.uid)
    assert all(re.fullmatch("truce@[0-9a-f]{32}", uid) for uid in uids)
    assert uids[0] != uids[1]
    other.close()


def test_the_uid_stays_for_the_life_of_a_database(empty_url):
    found = set()
    for _ in range(2):
        store = Store(empty_url)
        load(store, entry("report", MONTHLY))
        found |= {known_as(store, "report").uid, known_as(store, "report", "2025-12-31").uid}
        store.close()
    assert {uid.partition("@")[0] for uid in found} == {"report", "report.2025-12-31"}
    assert len(found) == 2


def _edit(store):
    load(store, entry("truce", title="Otherwise"))


CHANGES = {
    "moved": lambda store: move(store, "truce", "2026-11-10"),
    "moved-back": lambda store: [move(store, "truce", "2026-11-10"), move(store, "truce", "2025-11-10")],
    "no-date-any-more": lambda store: move(store, "truce", "undated"),
    "closed": lambda store: close(store, "truce", "fulfilled"),
    "edited": _edit,
    "follows-another": lambda store: [
        load(store, entry("summit", "2026-01-01"), entry("truce", "P7D after summit")),
        move(store, "summit", "2026-02-01"),
    ],
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_raises_the_sequence(store, name):
    load(store, entry("truce"))
    before = known_as(store)
    assert before.sequence == 0
    CHANGES[name](store)
    assert known_as(store).sequence > before.sequence
    assert known_as(store).uid == before.uid


def test_what_happens_to_an_occurrence_raises_its_sequence_also_when_it_is_forgotten(store):
    load(store, entry("report", MONTHLY))
    seen = [known_as(store, "report", "2025-12-31").sequence]

    def evaluate() -> None:
        seen.append(known_as(store, "report", "2025-12-31").sequence)

    for day in ("2026-01-07", "2026-01-08", "2025-12-31"):
        acting.move(store, "report", day, change(NOW), "2025-12-31")
        evaluate()
    move(store, "report", "every FREQ=WEEKLY from 2026-03-01")
    plan_at(store, EARLY, rule())  # which forgets what had happened to what is gone
    evaluate()
    move(store, "report", MONTHLY)
    evaluate()
    acting.close(store, "report", "fulfilled", change(NOW), "2025-12-31")
    evaluate()
    assert seen == sorted(set(seen))


def test_an_occurrence_that_only_follows_a_zone_raises_it_too(store):
    """What was moved by itself is worked out anew without a revision where the zone of who owes it changes."""
    load(store, entry("report", f"{MONTHLY}[UTC]", timezone=None, by=("cn",)), parties=[party("cn", "Asia/Shanghai")])
    acting.move(store, "report", "2026-01-07T12:00", change(NOW), "2025-12-31")
    with store.database.write() as connection:  # as it was kept before a move kept the zone that was stated
        connection.execute(update(tables.occurrences).values(deadline="2026-01-07T12:00"))
    before = known_as(store, "report", "2025-12-31").sequence
    load(store, parties=[party("cn", "America/New_York")])
    assert known_as(store, "report", "2025-12-31").sequence > before


OLD = """
INSERT INTO commitments (id, key, title, deadline, kind, priority, status, "by", "to", tags, calendars, roll,
    assumptions, bounds, mark, bounds_version, revision, recorded_at)
SELECT {id}, '{key}', 't', '2025-11-10', 'obligation', 'normal', 'open', '[]', '[]', '[]', '[]', 'none', '[]',
    '{{}}', 'm', {version}, {revision}, '2025-10-28 09:00:00+00:00';
"""
SENT = """
INSERT INTO reminders (id, rule, commitment_id, occurrence, bounds_version, mark, kind, moment, send_at, early,
    catching_up, planned_at)
SELECT '{word}', 'desk', {id}, '{occurrence}', {version}, 'm', 'before', '2025-11-03 09:00:00+00:00',
    '2025-11-03 09:00:00+00:00', {no}, {no}, '2025-11-03 09:00:00+00:00';
INSERT INTO deliveries (id, channel, recipient, state, attempts, created_at, speaks_next, fence)
SELECT '{word}', 'mail', 'desk@example.org', '{state}', {attempts}, '2025-11-03 09:00:00+00:00', '{{}}', 0;
INSERT INTO delivery_reminders (delivery_id, reminder_id, commitment_id, occurrence, bounds_version, kind, moment,
    channel, recipient)
SELECT '{word}', '{word}', {id}, '{occurrence}', {version}, 'before', '2025-11-03 09:00:00+00:00', 'mail',
    'desk@example.org';
"""


def _as_it_was(database: Database, statements: str) -> None:
    """Bring a database to the schema before there were UIDs, and fill it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
        for statement in filter(str.strip, statements.split(";")):
            connection.execute(text(statement))


def test_what_was_sent_before_keeps_its_uid_and_does_not_fall_behind(empty_url):
    database = Database(empty_url)
    no = "0" if database.sqlite else "false"
    rows = [  # key, version of the bounds, occurrence, state and attempts of its delivery
        (1, "truce", 3, "", "sent", 1),
        (2, "report", 5, "2025-11-30", "retry", 1),
        (3, "fresh", 1, "", "pending", 0),
    ]
    said = ""
    for one, key, version, occurrence, state, attempts in rows:
        said += OLD.format(id=one, key=key, version=version, revision=version)
        word = f"{one:032x}"
        said += SENT.format(
            id=one, occurrence=occurrence, version=version, state=state, attempts=attempts, word=word, no=no
        )
    _as_it_was(database, said)
    database.close()
    store = Store(empty_url)
    with store.database.write() as connection:
        found = entries(connection, {(1, ""), (2, "2025-11-30"), (2, "2025-12-31"), (3, "")})
    uids = {about: one.uid.partition("@") for about, one in found.items()}
    assert uids[1, ""] == ("truce", "", "")
    assert uids[2, "2025-11-30"] == ("report.2025-11-30", "", "")
    assert [uids[2, "2025-12-31"][:2], uids[3, ""][:2]] == [("report.2025-12-31", "@"), ("fresh", "@")]
    assert found[1, ""].sequence >= 3  # what was sent last of it, closed, bore 3
    assert found[2, "2025-11-30"].sequence >= 5
    store.close()
