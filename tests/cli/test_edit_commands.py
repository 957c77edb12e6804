"""edit, assign and note, as a user types them; and `--by`, which says who does it everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts

PEOPLE = """\
people: [{key: ana, name: Ana, email: ana@example.org}, {key: bo, name: Bo, email: bo@example.org}]
"""


@pytest.fixture
def staffed(loaded: Alerts, home: Path) -> Alerts:
    (home / "config/people.yaml").write_text(PEOPLE)
    return loaded


def test_an_edit_says_what_each_field_was_and_the_history_keeps_it(staffed: Alerts) -> None:
    said = staffed("edit", "summit", "--title", "The great summit", "--priority", "high", "--tag", "asia", "--untag",
                   "truce", "--tag", "truce-2", "--by", "Maria", "--because", "asked", "--at", NOW)  # fmt: skip
    lines = ["summit title: `The summit` → `The great summit`", "summit priority: `normal` → `high`",
             "summit tags: `truce` → `asia`, `truce-2`"]  # fmt: skip
    assert (said.code, said.out.splitlines()[:3]) == (0, lines)
    shown = " ".join(staffed("show", "summit").out.split())
    assert "title: `The summit` → `The great summit`; priority: `normal` → `high`" in shown
    assert "Maria asked" in shown
    last = staffed("show", "summit", "--json").json["history"][-1]
    assert last["changes"] == {
        "title": {"before": "The summit", "after": "The great summit"},
        "priority": {"before": "normal", "after": "high"},
        "tags": {"before": ["truce"], "after": ["asia", "truce-2"]},
    }


def test_it_is_assigned_to_somebody_who_is_known(staffed: Alerts) -> None:
    first = staffed("assign", "summit", "ana", "--at", NOW).out.splitlines()
    assert first[0] == "summit owner: nothing → `ana`"
    assert first[1].startswith("  next alert: ")
    wrong = staffed("assign", "summit", "anna")
    assert (wrong.code, wrong.err) == (1, "alerts: no person has the key 'anna'; did you mean 'ana'?\n")
    assert staffed("assign", "summit", "bo", "--at", NOW).out.splitlines()[0] == "summit owner: `ana` → `bo`"
    assert staffed("edit", "summit", "--owner", "", "--at", NOW).out == "summit owner: `bo` → nothing\n"


def test_a_note_is_added_and_an_edit_replaces_it(loaded: Alerts) -> None:
    loaded("note", "summit", "Ask the desk.", "--at", NOW)
    loaded("note", "summit", "They said yes.", "--at", NOW)
    assert loaded("show", "summit", "--json").json["note"] == "Ask the desk.\nThey said yes."
    loaded("edit", "summit", "--note", "Done.", "--at", NOW)
    assert loaded("show", "summit", "--json").json["note"] == "Done."


def test_a_newer_source_is_cited_and_the_one_before_stays(loaded: Alerts, home: Path) -> None:
    (home / "more.yaml").write_text("sources: [{key: memo, title: A memo}]\n"
                                    "commitments: [{key: other, title: Other, deadline: undated}]\n")  # fmt: skip
    loaded("load", "more.yaml", "--at", NOW)
    said = loaded("edit", "summit", "--add-source", "memo", "--source-quote", "by then", "--at", NOW)
    assert said.out.startswith("summit sources: `brief` → `memo` (by then), `brief`\n")
    loaded("edit", "summit", "--source", "memo", "--source-locator", "line 3", "--at", NOW)
    assert [one["key"] for one in loaded("show", "summit", "--json").json["sources"]] == ["memo", "brief"]
    exported = loaded("export", "summit", "--format", "yaml").out
    assert "sources:\n  - key: memo\n    locator: line 3\n  - key: brief" in exported


def test_an_edit_of_the_zone_says_what_it_moves(loaded: Alerts) -> None:
    said = loaded("edit", "summit", "--timezone", "Asia/Seoul", "--at", NOW)
    assert said.out.splitlines()[:1] == ["summit timezone: `UTC` → `Asia/Seoul`"]
    assert "summit moved:" in said.out
    assert "decision follows:" in said.out
    assert "its time zone was changed from UTC to Asia/Seoul" in " ".join(loaded("show", "summit").out.split())


def test_a_move_says_which_zone_it_has_kept(loaded: Alerts) -> None:
    loaded("move", "summit", "2025-11-12[Asia/Seoul]", "--because", "x", "--at", NOW)
    said = loaded("move", "summit", "2025-11-14", "--because", "y", "--at", NOW)
    assert "the zone stays Asia/Seoul, as in the previous deadline" in said.out
    assert loaded("show", "summit", "--json").json["deadline"] == "2025-11-14[Asia/Seoul]"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["edit", "summit"], "nothing to change: name an option, see `alerts edit --help`"),
        (["edit", "summit", "--title", ""], '"TITLE" is missing'),
        (["edit", "summit", "--kind", "obligatoin"], "--kind: expected one of obligation, expiry"),
        (["edit", "summit", "--timezone", "Asia/Soul"], "--timezone: "),
        (["edit", "summit", "--untag", "trice"], "summit has no tag 'trice'; its tags: truce"),
        (["edit", "sumit", "--title", "x"], "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["edit", "summit", "--source", "brief", "--add-source", "brief"], "use one of the two"),
        (["edit", "summit", "--source-quote", "x"], "name the source, too"),
        (["note", "summit", " "], "is empty"),
    ],
)
def test_what_cannot_be_edited_is_refused_in_a_line(loaded: Alerts, words: list[str], error: str) -> None:
    said = loaded(*words)
    assert said.code in (1, 2)
    assert error in said.err
    assert said.err.count("\n") == 1
    assert loaded("show", "summit", "--json").json["title"] == "The summit"


def test_by_says_who_adds_and_not_who_owes(loaded: Alerts) -> None:
    said = loaded("add", "a", "A", "2025-11-10", "--owed-by", "us", "--by", "Maria", "--at", NOW)
    assert said.code == 0
    shown = loaded("show", "a", "--json").json
    assert (shown["by"], shown["history"][0]["recorded_by"]) == (["us"], "Maria")


@pytest.mark.parametrize("by", [["--by", "us"], ["--by", "us", "--by", "cn"]])
def test_by_with_a_party_as_it_was_once_meant_is_refused(loaded: Alerts, by: list[str]) -> None:
    said = loaded("add", "a", "A", "2025-11-10", *by, "--at", NOW)
    assert said.code in (1, 2)
    assert "--owed-by" in said.err
    assert said.err.count("\n") == 1
    assert loaded("show", "a").code == 1
