"""Every command and option that the architecture names and the program has is there, and reads well."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from alerts.cli import command_list
from tests.cli.conftest import Alerts

# fmt: off
COMMANDS = {
    "load": "FILE --dry-run --close-missing --columns --report --format --at",
    "add": "KEY TITLE DEADLINE --kind --owed-by --by --to --owner --priority --tag --timezone --note --at",
    "reopen": "KEY --because --occurrence --by --at",
    "export": "KEY --format --output --all --at",
    "init": "FOLDER --to --smtp --security --from --username --password-file --timezone --test",
    "snooze": "KEY --until --for-all --past-due --because --occurrence --all --by --at",
    "unack": "KEY --because --occurrence --all --by --at",
    "list": "--owner --tag --party --status --overdue --due-within --search --closed --at --json",
    "show": "KEY --as-of --at --json",
    "resolve": "EXPR --timezone --calendars --roll --json",
    "plan": "--from --days --at --json",
    "check": "--at",
    "preview": "RULE KEY --channel --at",
    "schema": "config rules commitments",
    "who": "KEY --occurrence --at --json",
    "audit": "export --from --to --format --output",
    "away": "PERSON --from --until --to --back --because --by --at --json",
    "people": "erase PERSON --also --dry-run --yes --by --at",
    "feed": "add list revoke --name --owner --tag --party --priority --all --alarms --by --at --json",
    "token": "add list revoke --scope --by --at --json",
    "send-test": "CHANNEL",
    "tick": "--at",
    "run": "",
    "silence": "add list end --match --all --from --until --reason --by --at --json",
    "links": "list rotate revoke --recipient --drop-older-than --at",
    "clock": "accept",
    "reload": "",
    "move": "KEY EXPR --because --source --source-locator --source-quote --occurrence --all --at",
    "edit": "KEY --title --note --owner --priority --kind --tag --untag --owed-by --to --timezone --calendar --roll "
            "--review-every --assumption --source --add-source --source-locator --source-quote --because --by --at",
    "columns": "FILE --sheet --output",
    "assign": "KEY PERSON --because --by --at",
    "note": "KEY TEXT --because --by --at",
    "close": "KEY --as --occurrence --all --at",
    "ack": "KEY --until --occurrence --all --at",
    "deliveries": "--state --json",
    "retry": "ID",
    "dismiss": "ID",
    "backup": "FILE --force --with-secrets --at",
    "restore": "FILE --hold --at",
    "resume": "",
    "bounced": "--maildir --recipient --at",
    "health": "--live --at --json",
    "why": "KEY --occurrence --at --json",
}
# fmt: on


def test_no_arguments_show_the_help(alerts: Alerts) -> None:
    said = alerts()
    assert (said.code, said.err) == (0, "")
    assert said.out == alerts("--help").out
    assert all(option in said.out for option in ("--config", "--database", "--version", "--install-completion"))
    assert re.findall(r"^  ([a-z][a-z-]*) {2,}\S", said.out, re.MULTILINE) == list(command_list.COMMANDS)
    assert set(command_list.COMMANDS) == set(COMMANDS)
    assert max(map(len, said.out.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_the_overview_says_what_the_help_of_a_command_begins_with(command: str, alerts: Alerts) -> None:
    told = " ".join(alerts("help", command).out.replace("\n", " ").split())
    assert command_list.COMMANDS[command].summary in told
    assert told == " ".join(alerts(command, "--help").out.split())


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_and_names_no_types(
    command: str, width: int, alerts: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))
    out = alerts("help", command).out
    assert max(map(len, out.splitlines())) <= width
    assert not re.search(r"<|str\]|bool|x>=", out)
    assert all(f" {option}" in out for option in COMMANDS[command].split() if option.startswith("--"))


def test_the_version_is_that_of_the_package(alerts: Alerts) -> None:
    assert alerts("--version").out == f"alerts {version('deadline-alerts')}\n"


def test_the_options_of_all_commands_may_come_after_the_command(alerts: Alerts, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/elsewhere.db"
    after, before = alerts("list", "--database", address), alerts("--database", address, "list")
    assert after == before == alerts("list", f"--database={address}")
    assert "elsewhere.db has no commitments yet" in after.out


def test_what_follows_two_dashes_is_no_option(loaded: Alerts) -> None:
    assert loaded("note", "summit", "--", "--database").code == 0
    assert "--database" in loaded("show", "summit").out


def test_an_unknown_command_is_refused_with_the_nearest_one(alerts: Alerts) -> None:
    said = alerts("lsit")
    assert said.code == 2
    assert said.err == "alerts: No such command 'lsit'. Did you mean 'list'?; see `alerts --help`\n"


def test_a_shell_completes_commands_and_their_options() -> None:
    def completed(line: str) -> str:
        asked = {"_ALERTS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        words = [sys.executable, "-m", "alerts"]
        return subprocess.run(words, env=os.environ | asked, capture_output=True, text=True, check=False).stdout

    assert completed("alerts de").split() == ["deliveries"]
    assert "--occurrence" in completed("alerts ack --o")


@pytest.mark.parametrize(("command", "words"), COMMANDS.items())
def test_a_command_has_what_its_help_should_name(command: str, words: str, alerts: Alerts) -> None:
    said = alerts(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert not [word for word in words.split() if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said.out)]
    assert max(map(len, said.out.splitlines())) <= 80
