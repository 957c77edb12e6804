"""Each command that a message shows, pasted into a shell as a reader would: it acts on what the message is about."""

from __future__ import annotations

import html
import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from alerts.core.changes import Change, StatedCommitment
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.reminders import Kind, Reminder
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Revision, Tracked
from alerts.rendering.renderer import Renderer
from alerts.store import Store
from tests.channels.kinds import OPTIONS, body_of
from tests.cli.conftest import Alerts
from tests.factories import at, commitment
from tests.rendering.reminder_factories import TEMPLATES, notification

NOW = at("2025-12-01T09:00")
MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-10-31"
HOURLY = "every FREQ=WEEKLY from 2025-11-03T09:30[Asia/Seoul]"
NAMES = (("reports", "2025-11-30"), ("reports", "2025-12-31"), ("calls", "2025-12-01T09:30"), ("once", ""))
COMMAND = re.compile(r"alerts (?:ack|snooze|close|move|show) [^`<>\n·;]*")
MEDIA = ("text", "html", "plain", *OPTIONS)
RENDERER = Renderer([TEMPLATES])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that tracks two series and what comes once, to be copied."""
    path = tmp_path_factory.mktemp("series") / "alerts.db"
    store = Store(f"sqlite:///{path}")
    stated = (("reports", MONTHLY), ("calls", HOURLY), ("once", "2025-12-05"))
    entries = [StatedCommitment(commitment(key, deadline, timezone=None), key) for key, deadline in stated]
    store.commitments.load(entries, [], [], Change(now=at("2025-10-01T00:00"), by="desk"))
    store.close()
    return path


@pytest.fixture
def found(base: Path) -> Iterator[dict[str, Tracked]]:
    store = Store(f"sqlite:///{base}")
    yield {key: store.commitments.find(key) for key in ("reports", "calls", "once")}
    store.close()


def _told(tracked: Tracked, occurrence: str, kind: Kind) -> ReminderContext:
    one = tracked.at(occurrence)
    reminder = Reminder(
        rule="desk", commitment=one.commitment.key, commitment_id=one.id, occurrence=occurrence,
        bounds_version=one.bounds_version, fingerprint=one.bounds.fingerprint, kind=kind, moment=NOW, send_at=NOW,
        offset="P7D" if kind == "before" else None,
    )  # fmt: skip
    what: Any = "closed" if kind == "closed" else "moved"
    change = Revision(number=2, what=what, recorded_at=NOW, recorded_by="desk", before=one.bounds, after=one.bounds)
    return ReminderContext(reminder=reminder, tracked=one, change=change if kind in ("moved", "closed") else None)


def _summed(items: tuple[ReminderContext, ...]) -> Notification:
    scope = Scope(rule=Rule(name="monthly", cron="0 9 1 * *", summary="P30D", timezone="UTC"), firing=NOW)
    found = Summary(scope=scope, due=len(items), overdue=0, listed=tuple(("due", one.tracked) for one in items))
    return notification(*items, now=NOW, zone="UTC", summary=found)


def _read(asked: Notification, medium: str) -> str:
    """What a reader sees, with a line for each line that they see."""
    match medium:
        case "text":
            return RENDERER.render(asked, "mail")[0].text
        case "html":
            return _visible(RENDERER.render(asked, "mail")[0].html or "")
        case "plain":
            return RENDERER.plain(asked, "text").text
    texts = [text for text in _strings(body_of(medium, RENDERER, asked)) if "alerts " in text]
    return html.unescape("\n".join(texts)).replace("\\", "")


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield from (_strings(json.loads(data)) if data.startswith(('{"', '[{"')) else (data,))
    for one in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _strings(one)


def _visible(page: str) -> str:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.text = ""

        def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002  # the base class names it
            self.text += "" if tag in ("span", "b") else "\n"

        def handle_data(self, data: str) -> None:
            self.text += data.replace("\n", " ")

    reader = Reader()
    reader.feed(page)
    return reader.text


def _commands(text: str) -> list[str]:
    return list(dict.fromkeys(" ".join(one.split()) for one in COMMAND.findall(text)))


def _answers(out: str) -> list[str]:
    """The lines of a command that say what it did, without those on the next alerts."""
    return [line for line in out.splitlines() if not line.startswith("  ")]


def _touched(path: Path) -> set[tuple[str, str]]:
    """The commitments and occurrences to which something has happened, by their revisions."""
    query = "SELECT c.key, coalesce(r.occurrence, '') FROM revisions r JOIN commitments c ON c.id = r.commitment_id"
    with closing(sqlite3.connect(path)) as database:
        return set(database.execute(f"{query} WHERE r.number > 1").fetchall())


Paste = Callable[[str], set[tuple[str, str]]]


@pytest.fixture(scope="module")
def pasted() -> dict[str, set[tuple[str, str]]]:
    """What each command has touched: most media show the same ones."""
    return {}


@pytest.fixture
def paste(alerts: Alerts, home: Path, base: Path, pasted: dict[str, set[tuple[str, str]]]) -> Paste:
    """Run a command on a fresh copy of the database, as a shell reads it; return what it has touched."""

    def run(command: str) -> set[tuple[str, str]]:
        if command not in pasted:
            shutil.copy(base, home / "alerts.db")
            words = shlex.split(
                command.replace("YYYY-MM-DD", "2026-03-02").replace("every …", "every FREQ=YEARLY from 2026-01-31")
            )
            done = alerts(*words[1:], *(() if words[1] == "show" else ("--at", "2025-12-01T10:00Z")))
            assert done.code == 0, (command, done.err)
            pasted[command] = _touched(home / "alerts.db")
        return pasted[command]

    return run


@pytest.mark.parametrize("medium", MEDIA)
def test_each_command_of_an_alert_acts_on_its_occurrence_and_nothing_else(
    medium: str, paste: Paste, found: dict[str, Tracked]
) -> None:
    seen: dict[str, set[tuple[str, str]]] = {}
    for kind in get_args(Kind):
        for key, name in NAMES:
            item = _told(found[key], name, kind)
            for command in _commands(_read(notification(item, now=NOW, zone="UTC"), medium)):
                seen.setdefault(command, set()).add((key, name))
    for command, about in seen.items():
        touched = paste(command)
        if command.split()[1] == "show":
            assert not touched
        else:
            assert touched == about, command
    acked = {one for command, about in seen.items() if " ack " in command for one in about}
    assert acked == set(NAMES), "each offers an answer"


@pytest.mark.parametrize(("medium", "form"), [(one, form) for one in MEDIA for form in ("digest", "summary")])
def test_each_command_of_a_list_acts_on_one_entry(
    medium: str, form: str, paste: Paste, found: dict[str, Tracked]
) -> None:
    items = tuple(_told(found[key], name, "overdue") for key, name in NAMES)
    asked = notification(*items, now=NOW, zone="UTC") if form == "digest" else _summed(items)
    commands = [one for one in _commands(_read(asked, medium)) if " show " not in one]
    acked = [one for one in commands if " ack " in one]
    assert {next(iter(paste(one))) for one in acked} == set(NAMES)
    for command in commands:
        touched = paste(command)
        assert len(touched) == 1, command
        assert touched < set(NAMES), command


@pytest.mark.parametrize("medium", MEDIA)
def test_an_alert_about_a_whole_series_says_that_its_commands_mean_the_whole(
    medium: str, found: dict[str, Tracked]
) -> None:
    commands = _commands(_read(notification(_told(found["reports"], "", "moved"), now=NOW, zone="UTC"), medium))
    answers = [one for one in commands if " show " not in one]
    assert answers
    assert all(" --all" in one for one in answers)


@pytest.mark.parametrize(
    "words",
    [("close", "reports", "--as", "fulfilled"), ("move", "reports", MONTHLY, "--because", "x"), ("ack", "reports")],
)
def test_what_recurs_is_answered_one_occurrence_at_a_time(
    words: tuple[str, ...], alerts: Alerts, home: Path, base: Path
) -> None:
    shutil.copy(base, home / "alerts.db")
    done = alerts(*words)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "reports recurs: say which one is" in done.err
    assert "--occurrence 20" in done.err
    assert "--all" in done.err
    assert not _touched(home / "alerts.db")


def test_several_are_closed_in_one_command_or_none(alerts: Alerts, home: Path, base: Path) -> None:
    shutil.copy(base, home / "alerts.db")
    done = alerts("close", "once", "reports", "onse", "calls", "--as", "fulfilled")
    assert done.code == 1
    assert [line.split(":")[1].split()[0] for line in done.err.splitlines()] == ["reports", "no", "calls"]
    assert not _touched(home / "alerts.db")
    done = alerts("close", "once", "reports", "--all", "--as", "fulfilled", "--at", "2025-12-01T10:00Z")
    assert done.out == (
        "once is closed: fulfilled\nreports is closed: fulfilled\n"
        "  once: no alert follows\n  reports: no alert follows\n"
    )
    assert _touched(home / "alerts.db") == {("once", ""), ("reports", "")}


def test_an_occurrence_and_all_contradict_each_other(alerts: Alerts, home: Path, base: Path) -> None:
    shutil.copy(base, home / "alerts.db")
    done = alerts("close", "reports", "--all", "--occurrence", "2025-11-30", "--as", "fulfilled")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert not _touched(home / "alerts.db")


@pytest.mark.parametrize(
    "words", [("ack",), ("snooze", "--until", "2025-12-02", "--for-all", "--past-due"), ("close", "--as", "fulfilled")]
)
def test_several_are_answered_in_one_command_or_none(
    words: tuple[str, ...], alerts: Alerts, home: Path, base: Path
) -> None:
    shutil.copy(base, home / "alerts.db")
    command, *options = words
    done = alerts(command, "once", "reports", "onse", "calls", *options, "--at", "2025-12-01T10:00Z")
    assert done.code == 1
    assert [line.split()[1] for line in done.err.splitlines()] == ["reports", "no", "calls"]
    assert not _touched(home / "alerts.db")
    names = ("--occurrence", "2025-11-30")
    done = alerts(command, "once", "reports", *options, *names, "--at", "2025-12-01T10:00Z")
    assert done.err == "alerts: once does not recur: it has no occurrence '2025-11-30'\n"
    assert not _touched(home / "alerts.db")
    done = alerts(command, "once", "reports", *options, "--all", "--at", "2025-12-01T10:00Z")
    assert (done.code, {line.split()[0] for line in _answers(done.out)}) == (0, {"once", "reports"})
    assert {key for key, _ in _touched(home / "alerts.db")} == {"once", "reports"}


def test_all_of_a_series_is_acknowledged_one_occurrence_at_a_time_as_far_as_it_has_come(
    alerts: Alerts, home: Path, base: Path
) -> None:
    shutil.copy(base, home / "alerts.db")
    done = alerts("ack", "reports", "--all", "--at", "2025-12-01T10:00Z")
    assert [line.split(" is ")[0] for line in _answers(done.out)] == ["reports 2025-10-31", "reports 2025-11-30"]
    assert _touched(home / "alerts.db") == {("reports", "2025-10-31"), ("reports", "2025-11-30")}
    numbers = [one["number"] for one in alerts("show", "reports", "--json").json["history"]]
    assert numbers == [1, 2, 3]
    done = alerts("unack", "reports", "--all", "--at", "2025-12-01T11:00Z")
    assert [line.split(":")[0] for line in _answers(done.out)] == ["reports 2025-10-31", "reports 2025-11-30"]
    early = alerts("ack", "calls", "--all", "--at", "2025-11-02T10:00Z")
    assert early.err == (
        "alerts: calls: no open occurrence has come yet; name one that is ahead: --occurrence 2025-11-03T09:30\n"
    )


def test_a_snooze_of_the_whole_is_taken_back_as_a_whole(alerts: Alerts, home: Path, base: Path) -> None:
    shutil.copy(base, home / "alerts.db")
    at_ten = ("--at", "2025-12-01T10:00Z")
    done = alerts("snooze", "reports", "--all", "--for-all", "--until", "2025-12-05", "--past-due", *at_ten)
    assert done.out.startswith("reports is snoozed for everybody until")
    one = alerts("unack", "reports", "--occurrence", "2025-11-30", *at_ten)
    assert one.err.endswith("the whole of it is snoozed by desk: --all takes that back\n")
    taken_back = alerts("unack", "reports", "--all", *at_ten)
    assert _answers(taken_back.out) == ["reports: the snooze of desk for everybody taken back"]


@pytest.mark.parametrize("kind", ["moved", "closed"])
def test_the_commands_of_an_alert_about_a_whole_series_can_be_pasted(
    kind: Kind, paste: Paste, found: dict[str, Tracked]
) -> None:
    told = _told(found["reports"], "", kind)
    for command in _commands(_read(notification(told, now=NOW, zone="UTC"), "text")):
        touched = {key for key, _ in paste(command)}
        assert touched == (set() if " show " in command else {"reports"})
