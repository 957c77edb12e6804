"""Entries of a load in a temporary file: what comes back is what was added."""

from __future__ import annotations

import tempfile

import pytest

from alerts import entry_spool
from alerts.core.changes import StatedCommitment
from alerts.core.commitments import Citation, Commitment
from alerts.entry_spool import BUFFER, Entries, EntriesByKey, EntrySpool, SpoolError
from tests.factories import entry

FULL = Commitment(
    key="a", title="T – ü", deadline="P1D after b", kind="event", priority="high", status="fulfilled", by=("us",),
    to=("cn", "eu"), owner="ana", tags=("x", "y"), timezone="UTC", calendars=("US",), roll="following",
    review_every="P1M", source=Citation(key="s", locator="§ 1", quote="q"), assumptions=("so",), note="one\ntwo",
    earlier_sources=(Citation(key="s2"), Citation(key="s1", locator="p. 2")),
)  # fmt: skip
ENTRIES = (
    StatedCommitment(FULL, "x.csv:Sheet!2", 2, "/data/x.csv", 3, {"title": "T", "by": ["us"], "note": None}, True),
    entry("b"),
    entry("c", "every month from 2026-01-31"),
    StatedCommitment(Commitment(key="d", title="D", deadline="undated", earlier_sources=(Citation(key="s"),)), "d"),
)


@pytest.fixture(autouse=True)
def nothing_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_spool, "KEPT", 0)


def test_what_comes_back_is_what_was_added_whatever_is_read_in_between() -> None:
    spool = EntrySpool()
    for number, one in enumerate(ENTRIES):
        assert spool.add(one) == number
        assert [spool[place] for place in range(number, -1, -1)] == list(ENTRIES[number::-1])
    assert [spool[place] for place in (3, 0, 2, 1)] == [ENTRIES[place] for place in (3, 0, 2, 1)]
    assert spool.keys == ["a", "b", "c", "d"]
    assert (spool.needs, list(spool.recurring)) == ({0: frozenset({"b"})}, [2])


def test_some_entries_are_a_sequence_of_their_own() -> None:
    entries = Entries.of(ENTRIES)
    assert entries == ENTRIES
    assert entries != ENTRIES[:3]
    assert entries.without({"b", "d"}) == (ENTRIES[0], ENTRIES[2])
    assert list(entries[1:].keys) == ["b", "c", "d"]
    assert list(entries.recurring()) == [ENTRIES[2]]
    joined = Entries.joined([entries[2:], entries[:1]])
    assert joined == (*ENTRIES[2:], ENTRIES[0])
    joined.add(ENTRIES[1])
    assert list(joined.keys) == ["c", "d", "a", "b"]
    assert Entries.joined([entries[:1], Entries.of(ENTRIES[3:])]) == (ENTRIES[0], ENTRIES[3])


def test_entries_by_key_are_of_a_file_and_the_last_of_a_key_counts() -> None:
    by_key = EntriesByKey(EntrySpool())
    by_key.update({one.commitment.key: one for one in ENTRIES})
    assert list(by_key) == ["a", "b", "c", "d"]
    assert all(one.is_of_file for one in by_key.values())
    assert by_key.needs == {"a": frozenset({"b"})}
    by_key["a"] = entry("a", "undated")
    assert (by_key["a"].commitment.deadline, by_key.needs) == ("undated", {})


def test_a_full_folder_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda buffering: open("/dev/full", "w+b", buffering))  # noqa: PTH123, SIM115
    spool = EntrySpool()
    with pytest.raises(SpoolError, match="temporary file there, which cannot be written: No space left on device; "):
        [spool.add(ENTRIES[0]) for _ in range(BUFFER)]
    spool = EntrySpool()
    spool.add(ENTRIES[0])
    with pytest.raises(SpoolError, match="cannot be written: No space left on device; make room or set TMPDIR"):
        spool[0]
