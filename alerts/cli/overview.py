"""`alerts --help`: all commands by what one wants. It imports none of them, so it is quick."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cli.command_list import COMMANDS, GROUPS
from alerts.cli.printed_lines import print_lines, wrapped
from alerts.cli.terminal import Terminal

OPTIONS = (
    ("--config DIR", "Configuration folder (default: ALERTS_CONFIG, ./config)."),
    ("--database URL", "Database URL (default: ALERTS_DATABASE, or as configured)."),
    ("-h, --help", "Show this overview, or the help of a command."),
    ("--version", "Show the version."),
    ("--install-completion", "Let this shell complete commands and options."),
    ("--show-completion", "Show the script that does so."),
)
WIDTH = 2 + max(map(len, (*COMMANDS, *(option for option, _ in OPTIONS))))


def print_overview() -> None:
    """Print what the program does, its commands, and the options that all of them take."""
    out = Terminal()
    out.print("Track deadlines and alert the right people until somebody acknowledges.")
    print_lines(out, ["", out.styled("Usage: ", "bold") + "alerts COMMAND [ARGUMENTS] [OPTIONS]"])
    for title, commands in GROUPS.items():
        _print_rows(out, title, ((name, entry.summary) for name, entry in commands.items()))
    _print_rows(out, "Options, before or after the command", OPTIONS)
    out.print("\nThe arguments and options of one command: alerts help COMMAND")


def _print_rows(out: Terminal, title: str, rows: Iterable[tuple[str, str]]) -> None:
    print_lines(out, ["", out.styled(title, "bold")])
    for name, summary in rows:
        first, *others = wrapped(summary, max(out.width - WIDTH - 2, 20))
        head = out.styled(f"  {name}", "cyan") + " " * (WIDTH - len(name))
        print_lines(out, [head + first, *(" " * (WIDTH + 2) + line for line in others)])
