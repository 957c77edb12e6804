"""What a user gets wrong is one clear line, exit code 1 or 2, and nothing stored."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from alerts.channels import KINDS
from tests.cli.conftest import CONFIG, NOW, Alerts

ENTRY = "{key: a, title: A, deadline: 2025-11-10"
LINES = "commitments:\n  - {key: fine, title: Fine, deadline: 2025-11-10}\n"  # a wrong third line stores no second
DEADLINE = "expected a deadline such as 2025-11-10, `31 March 2027`, `after 2025-11-10`, `P1Y after KEY` or `undated`"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(
            '  - {key: a, title: "A}',
            "3: is not YAML (found unexpected end of stream): a quote is never closed",
            id="an open quote",
        ),
        pytest.param(
            "\t- key: a",
            (
                "3: is not YAML (found character that cannot start any token): "
                "indent with spaces, not tabs; a value that begins with @, % or ` must stand in quotes"
            ),
            id="a tab",
        ),
        pytest.param(
            f"  - {ENTRY}, prio: high}}", "3: unknown key \"prio\"; did you mean 'priority'?", id="an unknown key"
        ),
        pytest.param(f"  - {ENTRY}, title: B}}", '3: the key "title" is used twice, first on line 3', id="a key twice"),
        pytest.param(
            f"  - {ENTRY}}}\n  - {ENTRY}}}", '4: the key "a" is used twice, first on line 3', id="an entry twice"
        ),
        pytest.param(
            "  - {key: a, title: A, deadline: soonish}",
            f"3: deadline: `soonish`: column 1: {DEADLINE}, found `soonish`",
            id="an unreadable deadline",
        ),
        pytest.param(
            "  - key: a\n    title: A\n    deadline: 2025-02-30",
            "5: deadline: `2025-02-30`: column 1: there is no such date or time as 2025-02-30",
            id="a day that there is not",
        ),
        pytest.param(
            f"  - {ENTRY}, timezone: Asia/Seul}}",
            (
                "3: timezone: unknown time zone 'Asia/Seul': expected an IANA name such as America/New_York; "
                "did you mean 'Asia/Seoul'?"
            ),
            id="an unknown zone",
        ),
        pytest.param(
            f"  - {ENTRY}, by: [cn]}}",
            '3: by: no party has the key "cn": declare it under `parties:`',
            id="an unknown party",
        ),
        pytest.param(
            f"  - {ENTRY}, source: {{key: brief}}}}",
            '3: source: no source has the key "brief": declare it under `sources:`',
            id="an unknown source",
        ),
        pytest.param(
            f"  - {ENTRY}, priority: urgent}}",
            "3: priority: expected one of low, normal, high, critical, found `urgent`",
            id="an unknown priority",
        ),
        pytest.param(
            "  - {key: 7, title: A, deadline: 2025-11-10}",
            "3: key: `7` unquoted is read as a number: write it in quotes",
            id="a number for a key",
        ),
        pytest.param("  - {key: a, deadline: 2025-11-10}", '3: "title" is missing', id="no title"),
        pytest.param(
            "  - {key: a, title: A, deadline: P1D after b}\n  - {key: b, title: B, deadline: P1D after a}",
            "3: deadlines depend on each other in a circle: a → b → a; change one of them",
            id="a circle",
        ),
        pytest.param(
            "  - {key: a, title: A, deadline: P1D after a}",
            "3: deadlines depend on each other in a circle: a → a; change one of them",
            id="itself",
        ),
        pytest.param(
            '  - {key: a, title: "\\e[31m", deadline: 2025-11-10}',
            "3: title: holds the control character U+001B: remove it",
            id="a control character",
        ),
    ],
)
def test_a_wrong_file_of_commitments_is_said_with_its_line_and_stores_nothing(
    content: str, line: str, alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "bad.yaml").write_text(f"{LINES}{content}\n")
    said = alerts("load", "bad.yaml")
    assert (said.code, said.out, said.err) == (1, "", f"alerts: bad.yaml:{line}\n")
    assert rows() == 0


def test_a_deadline_that_hangs_on_nothing_is_said_with_its_line_and_stores_nothing(
    alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "bad.yaml").write_text(f"{LINES}  - {{key: a, title: A, deadline: P1D after nope}}\n")
    said = alerts("load", "bad.yaml")
    assert said.code == 1
    assert said.err.startswith("alerts: bad.yaml:3: deadline depends on 'nope', which is not tracked")
    assert said.err.count("\n") == 1
    assert rows() == 0


def test_a_circle_through_what_is_tracked_is_found(loaded: Alerts, home: Path, rows: Callable[[], int]) -> None:
    before = rows()
    (home / "bad.yaml").write_text(
        "commitments:\n"
        "  - {key: new, title: New, deadline: P1D after decision}\n"
        "  - {key: summit, title: The summit, deadline: P1D after new}\n"
    )
    said = loaded("load", "bad.yaml")
    assert said.code == 1
    assert said.err.startswith("alerts: bad.yaml:")
    assert "deadlines depend on each other in a circle: " in said.err
    assert said.err.count("\n") == 1
    assert rows() == before


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", ": is empty"),
        (b"# nothing\n", ": is empty"),
        (b"- a\n- b\n", ":1: expected a mapping (`key: value` lines) at the top"),
        (b"commitments:\n", ":1: commitments: expected a list of `- key: …` entries"),
        (b"commitments:\n  - \xff\xfe\n", ":2: is not UTF-8 text: save it in that encoding"),
        (b"\x00" * 10_000, ":1: holds the control character U+0000: remove it"),
        (b"commitments: " + b"[" * 100, ":1: is nested deeper than 20 levels"),
        (b"commitments:\n  - {key: a, title: " + b"x" * 1_000_000 + b", deadline: 2025-11-10}\n",
         ":2: title: is longer than 10,000 characters"),
        (b"a: &x [1]\nb: *x\n", ":1: `&x` is an anchor: leave it out (or quote a text that begins with &)"),
    ],
    ids=["empty", "comment", "list", "null", "latin", "binary", "deep", "long", "anchor"],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(
    content: bytes, line: str, alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "bad.yaml").write_bytes(content)
    said = alerts("load", "seed.yaml", "bad.yaml")
    assert (said.code, said.out, said.err) == (1, "", f"alerts: bad.yaml{line}\n")
    assert rows() == 0


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nope.yaml", "nope.yaml: cannot be read: No such file or directory"),
        ("folder.yaml", "folder.yaml: is a folder without files to load (.csv, .ics, .json, .xlsx, .yaml, .yml)"),
        ("seed.txt", "seed.txt: expected a file that ends in .yaml, .yml, .json, .ics, .csv, .xlsx"),
        ("loop.yaml", "loop.yaml: cannot be read: Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_of_commitments_is_said(
    name: str, line: str, alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "folder.yaml").mkdir()
    (home / "loop.yaml").symlink_to("loop.yaml")
    said = alerts("load", "seed.yaml", name)
    assert (said.code, said.out, said.err) == (1, "", f"alerts: {line}\n")
    assert rows() == 0


def test_the_same_key_in_two_files_is_said_with_both_places(
    alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "a.yaml").write_text(LINES)
    (home / "b.yaml").write_text(LINES)
    said = alerts("load", "a.yaml", "b.yaml")
    assert said.err == 'alerts: b.yaml:2: the key "fine" is used twice, first at a.yaml:2\n'
    assert rows() == 0


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(
            "channels: {",
            ("2: is not YAML (did not find expected node content): a bracket is never closed, or a value is missing"),
            id="broken YAML",
        ),
        pytest.param("channel: {}", "1: unknown key \"channel\"; did you mean 'channels'?", id="an unknown key"),
        pytest.param(
            "channels: {}\nchannels: {}", '2: the key "channels" is used twice, first on line 1', id="a key twice"
        ),
        pytest.param(
            "channels: {}\ntimezone: Europ/Paris",
            (
                "2: timezone: unknown time zone 'Europ/Paris': expected an IANA name such as America/New_York; "
                "did you mean 'Europe/Paris'?"
            ),
            id="an unknown zone",
        ),
        pytest.param(
            "channels: {box: {kind: console}}\ndefault_notify: [bx]",
            "2: there is no channel \"bx\"; did you mean 'box'?",
            id="an unknown channel",
        ),
        pytest.param(
            "channels:\n  box: {kind: sms}",
            f"2: channels.box.kind: unknown kind `sms`; known: {', '.join(sorted(KINDS))}",
            id="an unknown kind",
        ),
        pytest.param(
            "channels:\n  box: {kind: console, colour: red}",
            "2: channels.box.colour: unknown key; known: answers, burst, connections, hours, rate, timeout, timezone",
            id="an unknown option",
        ),
        pytest.param(
            "channels:\n  c: {kind: slack, url: {file: nope}}",
            "2: channels.c.url: the file config/nope cannot be read: No such file or directory",
            id="a secret file that is missing",
        ),
        pytest.param(
            "channels:\n  c: {kind: slack, url: {env: NOPE}}",
            "2: channels.c.url: the environment variable NOPE is not set",
            id="a variable that is not set",
        ),
        pytest.param(
            "channels: {}\ntemplates: nowhere",
            "2: templates: there is no folder config/nowhere",
            id="a folder of templates that is missing",
        ),
    ],
)
def test_a_wrong_configuration_is_said_with_its_line(
    content: str, line: str, alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "config/alerts.yaml").write_text(content + "\n")
    said = alerts("check")
    assert (said.code, said.out, said.err) == (1, "", f"alerts: config/alerts.yaml:{line}\n")
    assert rows() == 0


def test_all_that_is_wrong_with_a_configuration_is_said_at_once(alerts: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text("timezone: Mars\nchanels: {}\ndefault_notify: [box]\n")
    said = alerts("check")
    assert said.code == 1
    assert [line.split(": ")[1] for line in said.err.splitlines()] == [f"config/alerts.yaml:{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--config", "nope", "list"], "nope: there is no such folder of configuration"),
        (["--config", "seed.yaml", "list"], "seed.yaml: there is no such folder of configuration"),
        (["--config", "empty", "list"], "empty: holds no *.yaml file: expected alerts.yaml with `channels:` at least"),
    ],
)
def test_a_folder_of_configuration_that_is_named_must_be_there(
    words: list[str], line: str, alerts: Alerts, home: Path
) -> None:
    (home / "empty").mkdir()
    said = alerts(*words)
    assert (said.code, said.out, said.err) == (1, "", f"alerts: {line}\n")


def test_the_variable_that_names_no_folder_is_said(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_CONFIG", "nope")
    said = alerts("list")
    assert said.err == "alerts: nope: there is no such folder of configuration (named by ALERTS_CONFIG)\n"


@pytest.mark.usefixtures("all_samples")
def test_all_templates_that_fail_are_found_whether_or_not_a_channel_needs_them(alerts: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text("channels: {c: {kind: console}}\ntemplates: mine\n")
    for name, content in (
        ("email/reminder.txt", "{{ nope }}"),
        ("chat/digest.jinja", "fine\n{% if %}"),
        ("webhook/body.json", "[1]"),
    ):
        (home / "config/mine" / name).parent.mkdir(parents=True)
        (home / "config/mine" / name).write_text(content)
    said = alerts("check", "--at", NOW)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 3)
    assert "alerts: template email/reminder.txt: line 1: 'nope' is undefined\n" in said.err
    assert "alerts: template chat/digest.jinja: line 2: " in said.err
    assert "alerts: template webhook/body.json: its output is not a JSON object\n" in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["move", "sumit", "2025-11-01", "--because", "x"],
         "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["move", "summit", "soon", "--because", "x"], f"column 1: {DEADLINE}, found `soon`"),
        (["move", "summit", "2025-11-01", "--because", "x", "--source", "brif"],
         "no source has the key 'brif'; did you mean 'brief'?"),
        (["move", "summit", "P1D after summit", "--because", "x"],
         "summit: deadlines depend on each other in a circle: summit → summit; change one of them"),
        (["move", "summit", "2025-11-01", "--because", "x", "--at", "now"],
         "'now' is not a time: expected one such as 2025-10-28T00:00Z"),
        (["close", "sumit", "--as", "fulfilled"], "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["ack", "sumit"], "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["ack", "summit", "--until", "soon"],
         "'soon' is not a time: expected a day such as 2025-11-05, or a time such as 2025-11-05T09:00Z"),
        (["ack", "summit", "--until", "2025-02-30"], "there is no such day as 2025-02-30"),
        (["ack", "summit", "--until", "2025-10-01", "--at", NOW], "--until 2025-10-01 has passed already"),
        (["show", "sumit"], "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["resolve", "P1D after sumit"], "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["resolve", "2025-02-30"], "column 1: there is no such date or time as 2025-02-30"),
        (["resolve", "2025-11-10", "--timezone", "Mars"],
         "unknown time zone 'Mars': expected an IANA name such as America/New_York"),
        (["plan", "--at", "2025-10-28"], "'2025-10-28' is not a time: expected one such as 2025-10-28T00:00Z"),
        (["plan", "--from", "2025-10-28T00:00"],
         "'2025-10-28T00:00' is not a time: expected one such as 2025-10-28T00:00Z"),
        (["plan", "--at", "2025-13-01T00:00Z"],
         "'2025-13-01T00:00Z' is not a time: expected one such as 2025-10-28T00:00Z"),
        (["plan", "--at", "9999-12-31T00:00Z"], "--days 90 ends after the year 9999"),
        (["plan", "--at", "0001-01-01T00:00+14:00"], "'0001-01-01T00:00+14:00' lies outside the years 1 to 9999"),
        (["preview", "dek", "summit"], "no rule is named 'dek'; did you mean 'desk'?"),
        (["preview", "desk", "sumit"], "no commitment has the key 'sumit'; did you mean 'summit'?"),
        (["preview", "desk", "summit", "--at", NOW, "--channel", "bx"],
         "no channel is named 'bx'; did you mean 'box'?"),
        (["preview", "desk", "summit", "--at", NOW, "--channel", "hook", "--html", "x"],
         "channel hook sends no HTML: name a mail channel with --channel"),
        (["preview", "desk", "summit", "--at", NOW, "--html", "no/x.html"],
         "--html no/x.html: cannot be written: No such file or directory"),
        (["send-test", "bx"], "no channel is named 'bx'; did you mean 'box'?"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_one_line_and_stores_nothing(
    words: list[str], line: str, loaded: Alerts, rows: Callable[[], int]
) -> None:
    before = rows()
    said = loaded(*words)
    assert (said.code, said.out, said.err) == (1, "", f"alerts: {line}\n")
    assert rows() == before


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["lst"], "No such command 'lst'. Did you mean 'list'?; see `alerts --help`"),
        (["list", "extra"], "Got unexpected extra argument(s) (extra); see `alerts list --help`"),
        (["resolve"], "Missing argument 'EXPR'; see `alerts resolve --help`"),
        (["move", "summit", "2025-11-01"], "Missing option '--because'; see `alerts move --help`"),
        (["--config"], "Option '--config' requires an argument; see `alerts --help`"),
        (["close", "summit", "--as", "done"],
         ("Invalid value for --as: 'done' is not an end; known: breached, cancelled, fulfilled, renewed, "
         "withdrawn; see `alerts close --help`")),
        (["deliveries", "--state", "ded"],
         "Invalid value for --state: 'ded' is not a state; did you mean 'dead'?; see `alerts deliveries --help`"),
        (["move", "summit", "2025-11-01", "--because", " "],
         "Invalid value for --because: is empty: state some text; see `alerts move --help`"),
        (["move", "summit", "2025-11-01", "--because", "a\x1b[31mb"],
         ("Invalid value for --because: 'a\\x1b[31mb' holds a line break or a control character: "
          "state it on one line; see `alerts move --help`")),
        (["ack", "summit", "--by", "a\nb"],
         ("Invalid value for --by: 'a\\nb' holds a line break or a control character: "
          "state it on one line; see `alerts ack --help`")),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_ends_with_2(
    words: list[str], line: str, loaded: Alerts, rows: Callable[[], int]
) -> None:
    before = rows()
    said = loaded(*words)
    assert (said.code, said.out, said.err) == (2, "", f"alerts: {line}\n")
    assert rows() == before


@pytest.mark.parametrize("words", [["list", "--jsn"], ["plan", "--days", "0"], ["plan", "--days", "soon"],
                                   ["plan", "--days", "36501"], ["deliveries", "--limit", "0"]])  # fmt: skip
def test_wrong_options_are_one_line_too_whatever_the_words_of_the_library(words: list[str], alerts: Alerts) -> None:
    said = alerts(*words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert words[1] in said.err
    assert said.err.endswith(f"; see `alerts {words[0]} --help`\n")


@pytest.mark.parametrize("words", [["move", "summit", "2025-11-01", "--because", "x"], ["ack", "summit"],
                                   ["close", "summit", "--as", "breached"]])  # fmt: skip
def test_what_is_closed_is_neither_moved_nor_acknowledged_nor_closed_again(
    words: list[str], loaded: Alerts, rows: Callable[[], int]
) -> None:
    loaded("close", "summit", "--as", "fulfilled", "--at", NOW)
    before = rows()
    said = loaded(*words)
    assert said.code == 1
    assert said.err.startswith("alerts: summit is closed (fulfilled): it cannot be ")
    assert said.err.count("\n") == 1
    assert rows() == before


def test_a_circle_that_a_move_would_close_is_found(loaded: Alerts, rows: Callable[[], int]) -> None:
    before = rows()
    said = loaded("move", "summit", "P1D after decision", "--because", "x")
    assert said.code == 1
    assert said.err.startswith("alerts: summit: deadlines depend on each other in a circle: ")
    assert said.err.count("\n") == 1
    assert rows() == before


@pytest.mark.parametrize(
    ("address", "beginning"),
    [
        ("sqlite:///seed.yaml/x.db", "database seed.yaml/x.db: cannot make its folder: File exists"),
        ("sqlite:////proc/nope/x.db", "database /proc/nope/x.db: cannot make its folder: No such file or directory"),
        ("sqlite:///config", "database config: that is a folder; name a file in it"),
        ("sqlite:///noise.db", "noise.db: file is not a database"),
        ("sqlite:///:memory:", "an SQLite database needs a file"),
        ("sqlite:///x.db?timeout=soon", "an SQLite database needs a file, and takes no options"),
        ("mysql://u:SECRET@h/x", "databases of the kind 'mysql' are not supported"),
        ("nonsense", "the database address cannot be read: expected sqlite:///var/alerts.db"),
        ("postgresql://u:p@SECRET:SECRET@h/x", "the database address cannot be read"),
        ("postgresql://u:SECRET@127.0.0.1:9/x", "database postgresql+psycopg://u:***@127.0.0.1:9/x: "),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_without_its_password(
    address: str, beginning: str, alerts: Alerts, home: Path
) -> None:
    (home / "noise.db").write_bytes(b"noise" * 2000)
    said = alerts("--database", address, "tick")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert beginning in said.err
    assert said.err.startswith("alerts: ")
    assert "SECRET" not in said.err


def test_a_database_of_a_newer_version_is_one_line(loaded: Alerts, home: Path) -> None:
    with closing(sqlite3.connect(home / "alerts.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    said = loaded("list")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "made by a newer version of alerts than this one" in said.err


def test_a_folder_that_may_not_be_written_is_said(alerts: Alerts, home: Path) -> None:
    if os.geteuid() == 0:
        said = alerts("--database", "sqlite:////proc/x.db", "tick")  # root may write anywhere else
    else:
        (home / "shut").mkdir(mode=0o500)
        said = alerts("--database", "sqlite:///shut/x.db", "tick")
    assert said.code == 1
    assert said.err.startswith("alerts: database /")
    assert "unable to open database file" in said.err
    assert said.err.count("\n") == 1


def test_a_channel_is_tried_whatever_is_wrong_with_the_others(alerts: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG.replace("{env: HOOK}", "{env: NOPE}"))
    assert alerts("send-test", "box", "--at", NOW).code == 0
    wrong = "channels.hook.url: the environment variable NOPE is not set"
    assert alerts("check").err == f"alerts: config/alerts.yaml:4: {wrong}\n"
