"""`alerts --help`: all commands by what one wants. It imports none of them, so it is quick."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from alerts.cli.command_list import COMMANDS, GROUPS
from alerts.cli.printed_lines import painted, print_lines, wrapped

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
    out = Console(highlight=False, emoji=False)
    out.print("Track deadlines and alert the right people until somebody acknowledges.", markup=False)
    out.print(Text.assemble("\n", ("Usage: ", "bold"), "alerts COMMAND [ARGUMENTS] [OPTIONS]"))
    for title, commands in GROUPS.items():
        _print_rows(out, title, ((name, entry.summary) for name, entry in commands.items()))
    _print_rows(out, "Options, before or after the command", OPTIONS)
    out.print("\nThe arguments and options of one command: alerts help COMMAND", markup=False)


def _print_rows(out: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    print_lines(out, ["", painted(out, title, "bold")])
    for name, summary in rows:
        first, *others = wrapped(summary, max(out.width - WIDTH - 2, 20))
        head = painted(out, f"  {name}", "cyan") + " " * (WIDTH - len(name))
        print_lines(out, [head + first, *(" " * (WIDTH + 2) + line for line in others)])
