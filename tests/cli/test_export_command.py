"""`alerts add` and `alerts export`: what is put in by hand, and what comes out loads again and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import NOW, SEED, Alerts

SAME = "loaded: 0 new, 0 changed, 0 moved, 2 unchanged\n"
CALENDAR = """BEGIN:VCALENDAR
BEGIN:VTODO
UID:filing@example.org
SUMMARY:File it
DUE;VALUE=DATE:20251110
SEQUENCE:%d
STATUS:%s
END:VTODO
END:VCALENDAR
"""


@pytest.mark.parametrize("form", ["yaml", "json", "csv", "ics"])
def test_an_export_loads_again_and_changes_nothing(loaded: Alerts, home: Path, form: str) -> None:
    assert loaded("export", "--format", form, "-o", f"x.{form}", "--at", NOW).err == f"wrote 2 to x.{form}\n"
    assert loaded("load", f"x.{form}", "--at", NOW).out.startswith(SAME)
    assert loaded("export", "--format", form, "--at", NOW).out == (home / f"x.{form}").read_bytes().decode()
    loaded("move", "summit", "2025-11-20", "--because", "put off", "--at", NOW)
    loaded("export", "-o", f"x.{form}", "--at", NOW)
    assert loaded("load", f"x.{form}", "--at", NOW).out.startswith(SAME)
    assert loaded("show", "summit", "--json").json["deadline"] == "2025-11-20"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_yaml_or_json_export_holds_all_that_another_database_needs(
    loaded: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    loaded("export", "-o", f"x.{form}")
    monkeypatch.setenv("ALERTS_DATABASE", f"sqlite:///{home}/other.db")
    assert loaded("load", f"x.{form}", "--at", NOW).out.startswith("loaded: 2 new,")


def test_an_export_of_some_carries_what_they_need_and_names_what_they_hang_on(loaded: Alerts) -> None:
    said = loaded("export", "decision")
    assert said.out == (
        "commitments:\n- key: decision\n  title: The decision\n  deadline: P1D after summit\n  tags:\n  - truce\n"
    )
    assert said.err == "some deadlines depend on commitments that are not exported: summit\n"


def test_what_is_closed_is_left_out_and_refused_by_its_key(loaded: Alerts) -> None:
    loaded("close", "summit", "--as", "withdrawn", "--at", NOW)
    assert "key: summit" not in loaded("export").out
    said = loaded("export", "summit", "nope")
    assert (said.code, said.err) == (
        1,
        (
            "alerts: summit is closed (withdrawn): only open commitments can be exported\n"
            "alerts: no commitment has the key 'nope'; known: decision, summit\n"
        ),
    )


def test_a_format_that_there_is_not_is_said(loaded: Alerts) -> None:
    said = loaded("export", "-o", "x.docx")
    assert (said.code, said.err) == (
        2,
        (
            "alerts: Invalid value for --format: 'docx' is not a format; known: csv, ics, json, yaml; "
            "see `alerts export --help`\n"
        ),
    )


def test_one_is_added_with_all_that_can_be_said_of_it(loaded: Alerts, home: Path) -> None:
    (home / "config/people.yaml").write_text("people: [{key: desk, name: The desk, email: desk@example.org}]\n")
    said = loaded(
        "add", "report", "The report", "P1D after summit", "--owed-by", "us", "--to", "us", "--tag", "truce",
        "--tag", "x", "--kind", "request", "--priority", "high", "--owner", "desk", "--timezone", "UTC",
        "--source", "brief", "--source-quote", "soon", "--assumption", "ours", "--note", "Ask.",
        "--by", "Ann", "--at", NOW,
    )  # fmt: skip
    next_alert = "  next alert: within a minute, 7 days before, to box\n"
    assert (said.out, said.err) == (f"report is tracked: Fri 31 Oct 2025\n{next_alert}", "")
    found = loaded("show", "report", "--json").json
    assert (found["tags"], found["by"], found["source"]["quote"]) == (["truce", "x"], ["us"], "soon")
    assert (found["history"][0]["recorded_by"], found["history"][0]["reason"]) == ("Ann", "added by hand")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["summit", "A", "undated"], "summit is tracked already: `alerts move` gives it another deadline"),
        (["a", "A", "undated", "--owed-by", "su"], "no party has the key 'su'; known: us"),
        (["a", "A", "undated", "--owner", "ana"], "no person has the key 'ana'"),
        (["a", "A", "undated", "--kind", "obligaton"], ("--kind: expected one of obligation, expiry, event, request, "
         "expectation, notice, found `obligaton`; did you mean 'obligation'?")),
        (["a", "A", "undated", "--tag", " "], "--tag: is empty, expected text"),
        (["a", "A", "undated", "--source-quote", "x"], '"--source" is missing'),
        (["a", "A", "P1D after sumit"], "a: deadline depends on 'sumit', which is not tracked; did you mean 'summit'?"),
        (["a b", "A", "undated"], ("KEY: expected a key of up to 100 letters, digits, `.`, `_`, `-` and `@`, with a "
         "letter in it, found `a b`")),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_said(loaded: Alerts, words: list[str], line: str) -> None:
    said = loaded("add", *words)
    assert (said.code, said.err) == (1, f"alerts: {line}\n")
    assert len(loaded("list", "--json").json) == 2


def test_a_calendar_is_loaded_anew_only_when_it_is_not_older_and_what_is_over_is_reported(
    alerts: Alerts, home: Path
) -> None:
    path = home / "x.ics"
    path.write_text(CALENDAR % (2, "COMPLETED"))
    assert (
        "x.ics: 1 already closed in the file and not tracked; skipped: filing@example.org\n"
        in alerts("load", "x.ics").out
    )
    path.write_text(CALENDAR % (2, "NEEDS-ACTION"))
    assert alerts("load", "x.ics", "--at", NOW).out.startswith("loaded: 1 new,")
    path.write_text((CALENDAR % (1, "NEEDS-ACTION")).replace("1110", "1120"))
    older = alerts("load", "x.ics", "--at", NOW).out
    assert "1 skipped: the file has an older SEQUENCE: filing@example.org\n" in older
    path.write_text(CALENDAR % (3, "COMPLETED"))
    over = alerts("load", "x.ics", "--close-missing", "--at", NOW).out
    assert "1 closed in the file but open here; close them with `alerts close`: filing@example.org\n" in over
    assert alerts("show", "filing@example.org", "--json").json["status"] == "open"


def test_a_table_is_loaded_by_the_mapping_that_is_named(alerts: Alerts, home: Path) -> None:
    (home / "x.csv").write_text("Ref;What;Due\nr1;A;10/11/2025\n")
    (home / "map.yaml").write_text("columns: {key: Ref, title: What, deadline: Due}\ndate_format: DD/MM/YYYY\n")
    assert alerts("load", "x.csv", "--columns", "map.yaml", "--at", NOW).out.startswith("loaded: 1 new,")
    assert alerts("list", "--json").json[0]["deadline"] == "2025-11-10"
    said = alerts("load", "seed.yaml", "--columns", "map.yaml")
    assert said.err == "alerts: --columns map.yaml: none of the files is a table (.csv, .xlsx)\n"


def test_parties_of_a_table_may_be_declared_by_a_file_before_it(alerts: Alerts, home: Path) -> None:
    (home / "x.csv").write_text("key,title,deadline,by\nr1,A,undated,us\n")
    assert SEED.startswith("parties: [{key: us")
    assert alerts("load", "x.csv").err == (
        'alerts: x.csv:D2: by: no party has the key "us": declare it under `parties:`\n'
    )
    assert alerts("load", "seed.yaml", "x.csv", "--at", NOW).out.startswith("loaded: 3 new,")
