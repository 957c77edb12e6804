"""The command line: thin, and the one place where everything is wired together."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

import typer

from alerts.cli import (
    add_command,
    answer_commands,
    change_commands,
    check_command,
    clock_command,
    delivery_commands,
    edit_commands,
    export_command,
    health_command,
    list_command,
    load_command,
    plan_command,
    preview_commands,
    reload_command,
    resolve_command,
    run_command,
    show_command,
    tick_command,
    why_command,
)
from alerts.cli.app import cli
from alerts.deadlines.errors import InputError

__all__ = [
    "add_command",
    "answer_commands",
    "app",
    "change_commands",
    "check_command",
    "clock_command",
    "delivery_commands",
    "edit_commands",
    "export_command",
    "health_command",
    "list_command",
    "load_command",
    "main",
    "plan_command",
    "preview_commands",
    "reload_command",
    "resolve_command",
    "run_command",
    "show_command",
    "tick_command",
    "why_command",
]


def main() -> None:
    """Run a command. What a user got wrong is one line each on stderr, and exit code 1 (2 for wrong usage)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no such character shows `?`
    try:
        code = cli(sys.argv[1:] or ["--help"], prog_name="alerts", standalone_mode=False)
        print(end="", flush=True)
    except InputError as error:
        _refuse(str(error).splitlines(), 1)
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "alerts")
        said = " ".join(error.format_message().split()).removesuffix(".")
        _refuse([f"{said}; see `{command} --help`"], error.exit_code)
    except KeyboardInterrupt:
        interrupt()
    except OSError as error:
        if error.filename is None:  # a full disk, or a reader that has gone: what is still to be written never can be
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _refuse([] if isinstance(error, BrokenPipeError) else [f"{error.filename or 'output'}: {error.strerror}"], 1)
    sys.exit(code if isinstance(code, int) else 0)


def interrupt() -> NoReturn:
    """End as Ctrl-C ends a program: at once and without a word, whatever threads still wait for."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(128 + signal.SIGINT)


def _refuse(lines: list[str], code: int) -> NoReturn:
    for line in lines:
        print(f"alerts: {line}", file=sys.stderr, flush=True)
    sys.exit(code)
