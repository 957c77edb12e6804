"""Messages of what was sent: compressed, then without their text. Their links go on working."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from alerts.core.answer_links import AnswerLink, placeholder
from alerts.core.bounce_tokens import SentMail
from alerts.core.deliveries import Delivery, Outcome
from alerts.store import Store, delivery_tables
from alerts.store.outbox.kept_messages import KeptMessages
from alerts.store.stored_message import COMPRESSED, SHORTENED, WHOLE
from tests.factories import at, claim, entries, load, message, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), digest=False)
HOUR, KEPT = timedelta(hours=1), timedelta(days=90)
KEY = b"1234"
SUBJECT = "Due Mon 10 Nov 2025: the truce"
D = delivery_tables.deliveries


BODY = "It is due. ü\n" * 200


def rendered(one: Delivery, body: str = BODY) -> Any:
    link = AnswerLink(key_id=KEY, delivery=one.id, commitment_id=one.contexts[0].tracked.id, occurrence="")
    return replace(message(body, NINE), html=f"<a href='https://alerts.example.org/a/{placeholder(link)}'>")


def sent(store: Store, count: int = 1, outcome: str = "sent", body: str = BODY, **plan: Any) -> list[Delivery]:
    load(store, *entries(count))
    plan_at(store, NINE - HOUR, LEAD)
    plan_at(store, NINE, LEAD, **plan)
    found = claim(store, NINE)
    store.outbox.keep({one.id: (one.fence, rendered(one, body), None) for one in found})
    ended = Outcome(state=outcome, remote="250 Ok", next_at=NINE + HOUR if outcome == "retry" else None)  # type: ignore[arg-type]
    store.outbox.record_outcomes([(one, ended, NINE, NINE) for one in found])
    return found


def rows(store: Store) -> list[Any]:
    with store.database.read() as connection:
        return list(connection.execute(select(D.c.payload, D.c.message_form, D.c.payload_hash, D.c.remote)).all())


def next_alerts(store: Store) -> Any:
    with store.database.read() as connection:
        return connection.execute(select(D.c.next_alert_at)).scalar_one()


def stored_size(store: Store) -> int:
    with store.database.read() as connection:
        return int(connection.execute(text("SELECT sum(length(CAST(payload AS TEXT))) FROM deliveries")).scalar_one())


def test_the_hash_that_the_ledger_keeps_is_that_of_the_stored_message(store: Store) -> None:
    sent(store)
    (row,) = rows(store)
    assert (row.payload["subject"], row.payload["text"]) == (message(BODY).subject, BODY)
    assert row.payload_hash == hashlib.sha256(json.dumps(row.payload, sort_keys=True).encode()).hexdigest()


def test_a_value_that_is_a_text_is_stored_as_json_too(store: Store) -> None:
    sent(store)
    with store.database.write() as connection:
        connection.execute(update(D).values(notice='["no", "list"]'))
    with store.database.read() as connection:
        assert connection.execute(select(D.c.notice)).scalar_one() == '["no", "list"]'


def test_a_message_is_compressed_after_an_hour_and_reads_as_before(store: Store) -> None:
    sent(store)
    before, size = rows(store), stored_size(store)
    KeptMessages(store.database).tidy(NINE + HOUR, KEPT)
    assert rows(store)[0].message_form == WHOLE, "it was sent an hour ago, not longer"
    KeptMessages(store.database).tidy(NINE + HOUR * 1.01, KEPT)
    (after,) = rows(store)
    assert (after.payload, after.payload_hash, after.message_form) == (*before[0][::2], COMPRESSED)
    assert stored_size(store) < size / 4


def test_the_text_goes_after_the_time_that_is_set_and_the_links_stay(store: Store) -> None:
    (one,) = sent(store)
    before, link = rows(store), store.linked_deliveries.find(one.id)
    assert link
    assert len(link.printed) == 1
    KeptMessages(store.database).tidy(NINE + KEPT, KEPT)
    assert rows(store)[0].message_form == COMPRESSED
    assert next_alerts(store) != {}
    KeptMessages(store.database).tidy(NINE + KEPT + HOUR, KEPT)
    (after,) = rows(store)
    assert next_alerts(store) == {}, "only a message that is rendered says when the next alert goes out"
    assert after.payload.keys() == {"rendered_at", "links"}
    assert after[1:] == (SHORTENED, *before[0][2:]), "the hash and the server's answer stay"
    assert store.linked_deliveries.find(one.id) == link
    kept = KeptMessages(store.database)
    assert kept.compress(NINE + 2 * KEPT) + kept.shorten(NINE + 2 * KEPT) == 0


def test_what_has_no_text_any_more_leaves_the_room_to_others(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    sent(store, 60, body=random.Random(1).randbytes(2000).hex())  # compressed, more than half a page
    for _ in range(2):
        KeptMessages(store.database).tidy(NINE + 2 * HOUR, KEPT)
    compressed = pages(store)
    KeptMessages(store.database).tidy(NINE + KEPT + HOUR, KEPT)
    assert {row.message_form for row in rows(store)} == {SHORTENED}
    assert pages(store) < compressed - 30, "of sixty pages, each had a row of its own"
    store.close()


def pages(store: Store) -> int:
    """Return how many pages of an SQLite file are used."""
    with store.database.read() as connection:
        count, free = (
            connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("page_count", "freelist_count")
        )
    return int(count) - int(free)


@pytest.mark.parametrize(
    "dates", [{"truce": "by Mon 10 Nov 2025"}, {f"truce-{n}": "by Mon 10 Nov 2025" for n in range(40)}]
)
def test_the_subject_and_the_dates_that_were_told_stay_when_the_text_is_gone(
    store: Store, dates: dict[str, str]
) -> None:
    (one,) = sent(store)
    store.outbox.keep({one.id: (one.fence, rendered(one), None)}, None, {one.id: dates})
    assert told(store) == [(SUBJECT, None)], "its claim is over, so nothing is stored"
    with store.database.write() as connection:
        connection.execute(D.update().values(state="retry", next_at=NINE))
    (again,) = claim(store, NINE)
    store.outbox.keep({again.id: (again.fence, rendered(one), None)}, None, {again.id: dates})
    store.outbox.record_outcomes([(again, Outcome(state="sent"), NINE, NINE)])
    for _ in range(2):
        KeptMessages(store.database).tidy(NINE + 2 * KEPT, KEPT)
    assert rows(store)[0].message_form == SHORTENED
    assert told(store) == [(SUBJECT, dates)]


def test_the_subject_of_a_message_of_an_earlier_release_is_kept_with_its_links(store: Store) -> None:
    sent(store)
    with store.database.write() as connection:
        connection.execute(D.update().values(subject=None))
    KeptMessages(store.database).tidy(NINE + 2 * KEPT, KEPT)
    assert told(store) == [(SUBJECT, None)]


def told(store: Store) -> list[Any]:
    with store.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(D.c.subject, D.c.dates_told))]


@pytest.mark.parametrize("outcome", ["retry", "dead"])
def test_what_may_be_sent_again_keeps_its_message(store: Store, outcome: str) -> None:
    sent(store, outcome=outcome)
    before = rows(store)
    KeptMessages(store.database).tidy(NINE + 2 * KEPT, KEPT)
    assert rows(store) == before


def test_a_mail_that_comes_back_later_still_is_sent_again_as_rendered_anew(store: Store) -> None:
    """Nobody keeps the text, so a person who retries it gets it as it is now."""
    (one,) = sent(store)
    KeptMessages(store.database).tidy(NINE + 2 * KEPT, KEPT)
    with store.database.write() as connection:
        connection.execute(D.update().values(state="retry", next_at=NINE + 2 * KEPT))
    (again,) = claim(store, NINE + 2 * KEPT)
    assert (again.id, again.message) == (one.id, None)
    store.outbox.keep({again.id: (again.fence, rendered(one), None)})
    store.outbox.record_outcomes([(again, Outcome(state="sent"), NINE + 2 * KEPT, NINE + 2 * KEPT)])
    assert rows(store)[0].message_form == WHOLE
    KeptMessages(store.database).tidy(NINE + 4 * KEPT, KEPT)
    KeptMessages(store.database).tidy(NINE + 4 * KEPT, KEPT)
    assert rows(store)[0].payload.keys() == {"rendered_at", "links"}, "this text is forgotten in its turn"


def test_a_sweep_takes_a_few_batches_and_the_next_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.store.outbox.kept_messages.BATCH", 2)
    monkeypatch.setattr("alerts.store.outbox.kept_messages.MOST_BATCHES", 2)
    sent(store, 5)
    for whole in (1, 0):
        KeptMessages(store.database).tidy(NINE + 2 * HOUR, KEPT)
        assert [row.message_form for row in rows(store)].count(WHOLE) == whole
    KeptMessages(store.database).tidy(NINE + 2 * HOUR, KEPT, stop=lambda: True)


def test_what_another_process_has_changed_meanwhile_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = sent(store)

    def compressed(found: Any) -> Any:
        store.bounces.record(SentMail(one.id, one.attempt), "no such mailbox", NINE + HOUR)
        return {"deflated": "nothing"}

    monkeypatch.setattr("alerts.store.outbox.kept_messages.compressed", compressed)
    KeptMessages(store.database).compress(NINE + 2 * HOUR)
    assert rows(store)[0].message_form == WHOLE
    assert "text" in rows(store)[0].payload
