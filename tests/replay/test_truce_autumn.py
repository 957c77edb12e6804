"""The truce autumn of 2025, replayed over real servers: what was foretold is what is received, each once."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

START, END = "2025-10-28T00:00Z", "2026-02-01T00:00Z"
SEED = "seeds/us-china-truce-2025.yaml"
HOUR = timedelta(hours=1)
READERS = ("desk@example.org", "policy@example.org")


@pytest.fixture
def seeded(world: Any) -> Any:
    world.run("load", SEED, "--at", START)
    return world


def expected_posts(plan: list[dict[str, Any]]) -> Counter[tuple[str, ...]]:
    return Counter(
        ("policy-chat", "", word["commitment"], word["kind"], word["moment"], word["at"])
        for word in plan
        if "policy-chat" in word["channels"]
    )


def expected_mails(plan: list[dict[str, Any]]) -> Counter[tuple[str, str, datetime]]:
    return Counter(
        (reader, word["commitment"], datetime.fromisoformat(word["at"]))
        for word in plan
        for reader in READERS
        if "desk-mail" in word["channels"]
    )


def test_hourly_ticks_deliver_exactly_what_was_foretold(autumn: Any) -> None:
    world, plan, done = autumn
    assert set(done) == {"sent"}
    assert len(plan) > 40
    assert world.posted() == expected_posts(plan)
    hourly = {(to, key, at.replace(minute=0) + HOUR * (at.minute > 0)): n for (to, key, at), n in
              expected_mails(plan).items()}  # fmt: skip
    assert world.mailed() == hourly
    assert all(count == 1 for count in world.posted().values())


def test_ticks_at_random_times_and_a_fortnights_outage_lose_only_what_they_record_as_merged(seeded: Any) -> None:
    plan = seeded.foretold("--from", START, "--days", "96")
    chance = random.Random(20251110)
    outage = (datetime.fromisoformat("2025-11-05T03:00Z"), datetime.fromisoformat("2025-11-19T03:00Z"))
    times = [datetime.fromisoformat(START)]
    while times[-1] < datetime.fromisoformat(END):
        times.append(times[-1] + timedelta(minutes=chance.randrange(1, 60 * 40)))
    seeded.ticks([at for at in times if not outage[0] < at < outage[1]])
    posted = seeded.posted()
    assert all(count == 1 for count in posted.values())
    subjects = Counter((to, mail["Subject"], mail["Message-ID"]) for to, mail in seeded.inbox.mails)
    assert set(subjects.values()) == {1}
    store = seeded.get_app().store
    merged = {
        ("policy-chat", "", item.commitment.key, word["kind"], word["moment"].isoformat().replace("+00:00", "Z"))
        for item in store.ledger.tracked()
        for word in store.ledger.reminders(item.id)
        if word["skipped"] and word["skipped"].startswith("merged into the later one")
    }
    store.close()
    said = {told[:5] for told in posted}
    wanted = {told[:5] for told in expected_posts([word for word in plan if word["at"] <= str(times[-1])])}
    assert said <= wanted  # nothing but what was foretold
    assert wanted <= said | merged  # and nothing lost but what is recorded as merged
    assert not said & merged
    assert wanted & merged


def test_the_truce_is_never_overdue_and_speaks_of_the_right_days(autumn: Any) -> None:
    world, _, _ = autumn
    truce = {
        mail["Date"].datetime.strftime("%Y-%m-%d"): (mail["Subject"], str(mail.get_body(("plain",)).get_content()))
        for to, mail in world.inbox.mails
        if to == READERS[0] and "alerts move truce-review" in mail.get_body(("plain",)).get_content()
    }
    for subject, text in truce.values():
        assert "overdue" not in (subject + text).lower()
        assert "expired" not in (subject + text).lower()
    subject, text = truce["2025-11-10"]
    assert "in force through" in subject.lower()
    assert "Mon 10 Nov" in subject
    subject, text = truce["2025-11-11"]
    assert "review" in subject.lower()
    assert "Tue 11 Nov" in subject
    assert {"2025-11-25", "2025-12-09", "2025-12-23"} <= set(truce)


def test_what_has_no_date_is_never_overdue_and_is_asked_about_at_its_cadence(autumn: Any) -> None:
    world, _, _ = autumn
    undated = {"tariff-suspension", "rare-earth-delay", "soybean-purchases", "precursor-crackdown",
               "comprehensive-agreement"}  # fmt: skip
    kinds = Counter((told.key, told.kind) for told in world.posted() if told.key in undated)
    assert {kind for _, kind in kinds} == {"review"}
    assert {key: kinds[key, "review"] for key in undated} == {
        "tariff-suspension": 6,  # every 14 days of 95: 11 Nov, 25 Nov, 9 Dec, 23 Dec, 6 Jan, 20 Jan
        "rare-earth-delay": 6,
        "soybean-purchases": 3,  # every 30 days: 27 Nov, 27 Dec (a Saturday: told on 29 Dec), 26 Jan
        "precursor-crackdown": 3,
        "comprehensive-agreement": 3,
    }


def test_moving_the_summit_and_dating_the_rare_earths_on_the_way(seeded: Any) -> None:
    seeded.ticks(seeded.every(HOUR, START, "2025-10-28T20:00Z"), only_due=True)
    before = len(seeded.posts)
    seeded.run("move", "busan-summit", "2025-11-06", "--because", "put off by a week", "--at", "2025-10-28T20:30Z")
    seeded.ticks(seeded.every(HOUR, "2025-10-28T21:00Z", "2025-11-03T00:00Z"), only_due=True)
    moved = [one for post in seeded.posts[before:] for one in post["data"]["reminders"]]
    told = {one["commitment"]["key"]: one for one in moved if one["kind"] == "moved"}
    assert set(told) == {"busan-summit", "tiktok-and-tech-decisions"}
    assert told["tiktok-and-tech-decisions"]["change"]["cause"] == "busan-summit"
    assert told["tiktok-and-tech-decisions"]["change"]["reason"] == "put off by a week"
    about = {"busan-summit", "tiktok-and-tech-decisions"}
    kinds = [one["kind"] for one in moved if one["commitment"]["key"] in about]
    assert kinds == ["moved", "moved", "before", "before"]  # a week before the new date is 30 October

    seeded.run("move", "rare-earth-delay", "P1Y after 2025-10-30", "--because", "the base was published",
               "--at", "2025-11-03T00:30Z")  # fmt: skip
    seeded.ticks(seeded.every(HOUR, "2025-11-03T01:00Z", "2025-11-12T00:00Z"), only_due=True)
    dated = [one for post in seeded.posts for one in post["data"]["reminders"]
             if one["commitment"]["key"] == "rare-earth-delay"]  # fmt: skip
    assert [one["kind"] for one in dated] == ["moved"]
    assert "Fri 30 Oct 2026" in dated[0]["change"]["after"]["words"]
    assert dated[0]["latest"].startswith("2026-10-3")
    mails = [mail for to, mail in seeded.inbox.mails if to == READERS[1] and "30 Oct 2026" in mail["Subject"]]
    assert len(mails) == 1
    assert "the base was published" in mails[0].get_body(("plain",)).get_content()


def test_what_is_assumed_is_seen_in_the_alert(autumn: Any) -> None:
    world, _, _ = autumn
    texts = [(mail, str(mail.get_body(("plain",)).get_content())) for _, mail in world.inbox.mails]
    summit = next(mail for mail, text in texts if "alerts move busan-summit" in text)
    for part in ("plain", "html"):
        assert "Asia/Seoul; the brief states none" in " ".join(summit.get_body((part,)).get_content().split())
