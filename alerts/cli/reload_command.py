"""The command reload."""

from __future__ import annotations

import os
import signal
import socket
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from alerts.cli.app import App, get_app
from alerts.cli.command_group import cli
from alerts.cli.other_processes import configuration_errors, live
from alerts.cli.output import print_error, warn
from alerts.cli.terminal import Terminal
from alerts.clock import monotonic, utc_now
from alerts.deadlines.errors import InputError
from alerts.store.registry import ProcessStatus

POLL_SECONDS = 0.1  # seconds between two queries for an answer
LONG = timedelta(minutes=10)
out = Terminal()


Wait = Annotated[float, typer.Option("--wait", metavar="S", min=1, help="Seconds to wait for an answer.")]


@cli.command()
def reload(context: typer.Context, wait: Wait = 60) -> None:
    """Check the configuration and reload it into the running daemon."""
    app = get_app(context)
    broken = configuration_errors(app)
    found = [one for one in live(app) if one.host == socket.gethostname() and _is_up(one.pid)]
    if not found:
        for line in broken:
            print_error(line)
        raise InputError(f"no daemon on this host serves {app.store.name}: start `alerts run`")
    if not app.is_rescued:  # prefer the daemons that read these files
        found = [one for one in found if one.folder == app.rule_set.folder] or found
    asked = utc_now()
    for one in found:
        os.kill(one.pid, signal.SIGHUP)
    failed = False
    for one in found:
        failed |= not _show(app, _answer(app, one, asked, wait), one)
    if failed:
        raise typer.Exit(1)


def _is_up(pid: int) -> bool:
    """Return whether a process exists, may be signalled, and is one of alerts."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return b"alerts" in Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").is_dir() else True
    except OSError:
        return True


def _answer(app: App, asked: ProcessStatus, since: datetime, wait: float) -> ProcessStatus | None:
    """Wait for the answer of a process, and return its status."""
    give_up, pause = monotonic() + wait, threading.Event()
    while monotonic() < give_up:
        for one in app.store.registrations.processes(utc_now(), LONG):
            answered = one.name == asked.name and one.reload
            if answered and datetime.fromisoformat(answered["began"]) >= since:
                return one
        pause.wait(POLL_SECONDS)
    return None


def _show(app: App, answer: ProcessStatus | None, asked: ProcessStatus) -> bool:
    """Print what a process applied, or why not. Return whether it did."""
    if answer is None or answer.reload is None:
        print_error(f"process {asked.pid} has not answered yet: see its log and `alerts health`")
        return False
    redact = str if app.is_rescued else app.settings.redaction
    lines = [redact(line) for line in answer.reload["lines"]]
    if not answer.reload["taken"]:
        for line in lines:
            print_error(line)
        print_error(f"process {asked.pid} applied nothing and goes on unchanged")
        return False
    if asked.folder and not app.is_rescued and asked.folder != app.rule_set.folder:
        warn(f"process {asked.pid} reads {asked.folder}, not {app.settings.folder}")
    out.print(f"process {asked.pid} has applied {answer.folder}")
    for line in lines:
        out.print(f"  {line}")
    return True
