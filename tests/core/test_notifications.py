"""Who is told what in which company."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.core.envelopes import AddressedReminder, Envelope, Routes, address_to_fallbacks, seal, sort_by_route
from alerts.core.reminders import Reminder

NOW = datetime(2025, 11, 3, 14, tzinfo=UTC)
DAY = timedelta(days=1)
ANA = {"desk-mail": ("ana@example.org",)}


def word(
    number: int = 1,
    *,
    critical: bool = False,
    digest: bool | None = None,
    notify: tuple[str, ...] = ("desk-mail",),
    **changes: object,
) -> AddressedReminder:
    said = Reminder(
        rule="desk", commitment=f"k{number}", commitment_id=number, bounds_version=1, fingerprint="", kind="before",
        moment=NOW, send_at=NOW,
    )  # fmt: skip
    return AddressedReminder(reminder=replace(said, **changes), notify=notify, digest=digest, critical=critical)  # type: ignore[arg-type]


def address(
    words: list[AddressedReminder], recipients: dict[str, tuple[str, ...]], one_at_a_time: Collection[str] = ()
) -> list[Envelope]:
    """Return the deliveries where nothing else is to be waited for."""
    found = sort_by_route(words, Routes(recipients=recipients, one_at_a_time=one_at_a_time))
    return [*found.at_once, *seal(found.gathered)]


def sizes(post: list[Envelope]) -> list[int]:
    return sorted(len(one.reminders) for one in post)


@pytest.mark.parametrize(
    ("normal", "critical", "digest", "expected"),
    [
        (1, 0, None, [1]),
        (5, 0, None, [1, 1, 1, 1, 1]),
        (6, 0, None, [6]),
        (1, 0, True, [1]),
        (2, 0, True, [2]),
        (9, 0, False, [1] * 9),
        (0, 6, None, [1] * 6),
        (0, 2, True, [1, 1]),
        (2, 1, True, [1, 2]),
        (6, 2, None, [1, 1, 6]),
        (0, 0, None, []),
    ],
)
def test_up_to_five_go_out_singly_more_as_one_and_what_is_critical_singly(
    normal: int, critical: int, digest: bool | None, expected: list[int]
) -> None:
    words = [word(n, digest=digest, critical=n >= normal) for n in range(normal + critical)]
    post = address(words, ANA)
    assert sizes(post) == expected
    alone = {one.reminders[0].commitment_id for one in post if len(one.reminders) == 1}
    assert set(range(normal, normal + critical)) <= alone


def test_a_rule_that_wants_single_words_keeps_out_of_the_digest_of_another() -> None:
    words = [word(1, digest=False), *(word(n, digest=True) for n in (2, 3))]
    assert sizes(address(words, ANA)) == [1, 2]


def test_the_same_thing_is_told_once_by_the_rule_that_comes_first() -> None:
    post = address([word(rule="first"), word(rule="second")], ANA)
    assert [one.reminders[0].rule for one in post] == ["first"]


@pytest.mark.parametrize("change", [{"commitment_id": 2}, {"occurrence": "2"}, {"kind": "moved"}], ids=str)
def test_another_thing_is_another_word(change: dict[str, object]) -> None:
    of_move = {"kind": "moved"} if change.get("kind") else {}
    assert sizes(address([word(**of_move, moment=NOW - DAY), word(**change)], ANA)) == [1, 1]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["opens", "overdue"], ["overdue"]),
        (["opens", "review"], ["review"]),
        (["before", "on_the_day", "opens"], ["opens"]),
        (["moved", "overdue"], ["moved"]),
        (["closed", "overdue"], ["closed"]),
        (["moved", "closed", "opens", "before"], ["moved", "closed"]),
    ],
    ids=" ".join,
)
def test_of_one_state_the_latest_moment_goes_out_and_changes_stand_for_the_rest(
    kinds: list[str], told: list[str]
) -> None:
    words = [word(kind=kind, rule=kind, moment=NOW + n * DAY) for n, kind in enumerate(kinds)]
    found = sort_by_route(words, Routes(recipients=ANA))
    assert [one.reminders[0].kind for one in found.gathered] == told
    assert len(found.merged) == len(kinds) - len(told)
    assert all(why.startswith("merged into the") for why in found.merged.values())


def test_what_older_bounds_meant_never_stands_for_what_the_present_ones_mean() -> None:
    words = [word(kind="overdue", moment=NOW + DAY, bounds_version=1), word(moment=NOW, bounds_version=2)]
    (told,) = sort_by_route(words, Routes(recipients=ANA)).gathered
    assert told.reminders[0].bounds_version == 2


def test_what_is_merged_for_one_recipient_goes_to_another_who_is_not_told_the_later_one() -> None:
    words = [word(notify=("desk-mail", "chat")), word(moment=NOW + DAY, kind="on_the_day")]
    post = address(words, ANA | {"chat": ("#policy",)})
    assert {(one.channel, one.reminders[0].kind) for one in post} == {("desk-mail", "on_the_day"), ("chat", "before")}


def test_what_a_second_rule_tells_goes_only_to_those_whom_the_first_did_not_reach() -> None:
    words = [word(rule="first"), word(rule="second", notify=("desk-mail", "chat"))]
    post = address(words, ANA | {"chat": ("#policy",)})
    assert {(one.channel, one.recipient, one.reminders[0].rule) for one in post} == {
        ("desk-mail", "ana@example.org", "first"), ("chat", "#policy", "second"),
    }  # fmt: skip


def test_each_recipient_and_channel_counts_for_itself() -> None:
    words = [*(word(n, notify=("desk-mail", "chat")) for n in range(5)), word(9, notify=("chat",))]
    post = address(words, {"desk-mail": ("ana", "bo"), "chat": ("#policy",)})
    assert sizes([one for one in post if one.recipient == "bo"]) == [1] * 5
    assert sizes([one for one in post if one.channel == "chat"]) == [6]
    assert len(post) == 11


def test_a_channel_without_recipients_here_is_left_to_those_who_have_them() -> None:
    assert address([word(notify=("pager", "desk-mail"))], ANA | {"pager": ()})[0].channel == "desk-mail"


def test_an_address_has_the_same_id_for_the_same_content_in_any_order() -> None:
    one, other = word(1).reminder, word(2).reminder
    make = {"channel": "desk-mail", "recipient": "ana"}
    both = Envelope(**make, reminders=(one, other))
    assert both.id == Envelope(**make, reminders=(other, one)).id
    assert both.id != Envelope(**make, reminders=(one,)).id
    assert both.id != Envelope(channel="chat", recipient="ana", reminders=(one, other)).id


def test_an_owner_is_told_through_the_channel_that_mails_owners_and_once_where_that_names_them_too() -> None:
    own = replace(word(notify=("owner",)), owner=("desk-mail", "bo@example.org"))
    both = replace(word(notify=("owner", "desk-mail")), owner=("desk-mail", "ana@example.org"))
    assert [(one.channel, one.recipient) for one in address([own], ANA)] == [("desk-mail", "bo@example.org")]
    assert [(one.channel, one.recipient) for one in address([both], ANA)] == [("desk-mail", "ana@example.org")]
    assert address([word(notify=("owner",))], ANA) == []


def test_each_owner_has_a_digest_of_their_own() -> None:
    words = [replace(word(n, notify=("owner",)), owner=("desk-mail", f"{n % 2}@example.org")) for n in range(12)]
    post = address(words, ANA)
    assert sorted((one.recipient, len(one.reminders)) for one in post) == [("0@example.org", 6), ("1@example.org", 6)]


def test_a_channel_that_takes_one_word_at_a_time_never_gets_a_digest() -> None:
    words = [word(n, digest=digest) for n, digest in enumerate((None, None, None, None, None, None, True, True))]
    assert sizes(address(words, ANA, {"desk-mail"})) == [1] * 8
    assert sizes(address(words, ANA, {"another"})) == [8]
    said = [one.reminder for one in words]
    assert sizes(address_to_fallbacks(said, {"desk": "desk-mail"}, ANA, {"desk-mail"}, exclude="chat")) == [1] * 8
    assert sizes(address_to_fallbacks(said, {"desk": "desk-mail"}, ANA, exclude="chat")) == [8]
