"""The command line: the place that connects all parts."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from alerts.cli.arguments import arranged, command_of

UNREADABLE = re.compile(r"[\ud800-\udfff]")  # how Python gives bytes of an argument that are no text


def main() -> None:
    """Run a command. Each error of the user is a line on stderr; exit code 1, or 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # terminals without a character show `?`
    arguments = arranged(sys.argv[1:])
    if unreadable := next((one for one in arguments if UNREADABLE.search(one)), None):
        _refuse([f"{unreadable!r} is not text in the encoding of this terminal, {sys.getfilesystemencoding()}"], 2)
    try:
        code = 0
        if "_ALERTS_COMPLETE" in os.environ:  # a shell asks what may come next
            code = _run(arguments)
        elif not arguments or (command_of(arguments) is None and {"-h", "--help"} & {*arguments}):
            from alerts.cli.overview import print_overview

            print_overview()
        elif command_of(arguments) is None and "--version" in arguments:
            from importlib.metadata import version

            print(f"alerts {version('deadline-alerts')}")
        else:
            code = _run(arguments)
        print(end="", flush=True)
    except KeyboardInterrupt:
        interrupt()
    except OSError as error:
        if error.filename is None:  # full disk or closed pipe: drop the buffered output
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _refuse([] if isinstance(error, BrokenPipeError) else [f"{error.filename or 'output'}: {error.strerror}"], 1)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    import typer

    from alerts.cli.command_group import cli
    from alerts.deadlines.errors import InputError

    try:
        code = cli(arguments, prog_name="alerts", standalone_mode=False)
        print(end="", flush=True)
    except InputError as error:
        _refuse(str(error).splitlines(), 1)
    except typer.TyperException as error:
        from alerts.cli.usage_errors import describe_usage_error

        command = getattr(getattr(error, "ctx", None), "command_path", "alerts")
        _refuse([f"{describe_usage_error(error)}; see `{command} --help`"], error.exit_code)
    return code if isinstance(code, int) else 0


def interrupt() -> NoReturn:
    """Exit at once and silently, as Ctrl-C does. Do not wait for threads."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(128 + signal.SIGINT)


def _refuse(lines: list[str], code: int) -> NoReturn:
    for line in lines:  # what is indented is there to be copied
        print(line if line.startswith("    ") else f"alerts: {line}", file=sys.stderr, flush=True)
    sys.exit(code)
