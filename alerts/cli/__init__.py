"""The command line: the place that connects all parts."""

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

# The order of `alerts --help`. Importing a module registers its commands in the order of imports, which a tool sorts.
COMMANDS = (
    ("add", add_command),
    ("ack", answer_commands),
    ("snooze", answer_commands),
    ("unack", answer_commands),
    ("check", check_command),
    ("preview", preview_commands),
    ("send-test", preview_commands),
    ("health", health_command),
    ("clock", clock_command),
    ("edit", edit_commands),
    ("assign", edit_commands),
    ("note", edit_commands),
    ("export", export_command),
    ("show", show_command),
    ("load", load_command),
    ("why", why_command),
    ("reload", reload_command),
    ("reopen", change_commands),
    ("plan", plan_command),
    ("tick", tick_command),
    ("run", run_command),
    ("deliveries", delivery_commands),
    ("retry", delivery_commands),
    ("dismiss", delivery_commands),
    ("list", list_command),
    ("resolve", resolve_command),
    ("move", change_commands),
    ("close", change_commands),
)
_ORDER = [name for name, _ in COMMANDS]
cli.registered_commands.sort(key=lambda one: _ORDER.index(one.name or str(getattr(one.callback, "__name__", ""))))


def main() -> None:
    """Run a command. Each error of the user is a line on stderr; exit code 1, or 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # terminals without a character show `?`
    try:
        code = cli(sys.argv[1:] or ["--help"], prog_name="alerts", standalone_mode=False)
        print(end="", flush=True)
    except InputError as error:
        _refuse(str(error).splitlines(), 1)
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "alerts")
        message = " ".join(error.format_message().split()).removesuffix(".")
        _refuse([f"{message}; see `{command} --help`"], error.exit_code)
    except KeyboardInterrupt:
        interrupt()
    except OSError as error:
        if error.filename is None:  # full disk or closed pipe: drop the buffered output
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _refuse([] if isinstance(error, BrokenPipeError) else [f"{error.filename or 'output'}: {error.strerror}"], 1)
    sys.exit(code if isinstance(code, int) else 0)


def interrupt() -> NoReturn:
    """Exit at once and silently, as Ctrl-C does. Do not wait for threads."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(128 + signal.SIGINT)


def _refuse(lines: list[str], code: int) -> NoReturn:
    for line in lines:
        print(f"alerts: {line}", file=sys.stderr, flush=True)
    sys.exit(code)
