"""Every command and option that the architecture names and the program has is there, and reads well."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import Alerts

# fmt: off
COMMANDS = {
    "load": "FILE --dry-run --close-missing --columns --at",
    "add": "KEY TITLE DEADLINE --kind --owed-by --by --to --owner --priority --tag --timezone --note --at",
    "reopen": "KEY --because --occurrence --by --at",
    "export": "KEY --format --output --at",
    "snooze": "KEY --until --for-all --past-due --because --occurrence --all --by --at",
    "unack": "KEY --because --occurrence --all --by --at",
    "list": "--json",
    "show": "KEY --as-of --at --json",
    "resolve": "EXPR --timezone --calendars --roll --json",
    "plan": "--from --days --at --json",
    "check": "--at",
    "preview": "RULE KEY --channel --at",
    "send-test": "CHANNEL",
    "tick": "--at",
    "run": "",
    "clock": "accept",
    "reload": "",
    "move": "KEY EXPR --because --source --source-locator --source-quote --occurrence --all --at",
    "edit": "KEY --title --note --owner --priority --kind --tag --untag --owed-by --to --timezone --calendar --roll "
            "--review-every --assumption --source --add-source --source-locator --source-quote --because --by --at",
    "assign": "KEY PERSON --because --by --at",
    "note": "KEY TEXT --because --by --at",
    "close": "KEY --as --occurrence --all --at",
    "ack": "KEY --until --occurrence --all --at",
    "deliveries": "--state --json",
    "retry": "ID",
    "dismiss": "ID",
    "health": "--live --at --json",
    "why": "KEY --occurrence --at --json",
}
# fmt: on


def test_no_arguments_show_the_help(alerts: Alerts) -> None:
    said = alerts()
    assert (said.code, said.err) == (0, "")
    assert said.out == alerts("--help").out
    assert all(option in said.out for option in ("--config", "--database"))
    assert set(re.findall(r"^│ ([a-z][a-z-]*) {2,}\S", said.out, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize(("command", "words"), COMMANDS.items())
def test_a_command_has_what_its_help_should_name(command: str, words: str, alerts: Alerts) -> None:
    said = alerts(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert not [word for word in words.split() if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said.out)]
    assert max(map(len, said.out.splitlines())) <= 80
