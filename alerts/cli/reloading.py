"""Taking a changed configuration over: how the daemon reads it, and `alerts reload`, which asks for it."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts.cli.checking import problems
from alerts.cli.elsewhere import live, configuration_errors
from alerts.cli.samples import samples
from alerts.cli.wiring import App, cli, print_error, get_app, warn
from alerts.clock import monotonic, utc_now
from alerts.core.errors import InputError
from alerts.core.registration import may_use_shipped_rules
from alerts.lane import Clock
from alerts.reloading import Configuration
from alerts.settings import Settings
from alerts.store import ProcessStatus

POLL_SECONDS = 0.1  # seconds between two looks for an answer
LONG = timedelta(minutes=10)
out = Console(highlight=False)


def refuse_shipped(app: App) -> None:
    """Raise InputError where the shipped rules would take the place of somebody's own, as from a wrong folder."""
    history = app.store.registrations.history()
    if app.settings.shipped and not may_use_shipped_rules(app.rule_set, history):
        folder = history[-1].folder or "rules that are not the shipped ones"
        raise InputError(f"{app.store.name} goes by {folder}, and here is no ./config: name that folder with --config")


def configuration(app: App, clock: Clock) -> Configuration:
    """Build what a daemon goes by. Raises InputError with all that is wrong in any channel."""
    settings = app.settings
    return Configuration(
        mine=app.rule_set,
        rules=app.rules,
        workers=app.workers(clock),
        built_from=dict(app.built_from),
        operators=settings.operators,
        heartbeat=app.heartbeat,
        digest=_reader(settings),
        read=app.digest or _reader(settings)(),
    )


def read_anew(app: App, clock: Clock) -> Configuration:
    """Read the files of a daemon again and check them as `alerts check` does. Raises InputError with all that is wrong.

    What is between two reads of a file that is being written is not taken over: all must be the same after the check.
    """
    fresh, now = App(app.config, app.url), clock()
    settings = fresh.settings
    if settings.database != app.settings.database:
        raise InputError(f"{settings.folder}: the database is another: that needs a restart")
    if settings.shipped != app.settings.shipped:
        raise InputError("the folder ./config has come or gone: that needs a restart, or name it with --config")
    if not settings.rules or not settings.channels:
        what = "rule" if not settings.rules else "channel"
        raise InputError(f"{settings.folder}: there is no {what} in it any more: that is not taken over")
    fresh.store = app.store
    fresh.digest = _reader(settings)()
    rendered = _rendered_with(fresh)
    if rendered not in app.checked:  # a second of work, which the daemon has better things to do with
        if errors := problems(fresh, samples(now), now):
            raise InputError("\n".join(errors))
        app.checked.add(rendered)
    fresh.renderer.warm_up()
    found = configuration(fresh, clock)
    if App(app.config, app.url).rule_set != found.mine or found.digest() != found.read:
        raise InputError(f"{settings.folder}: a file changed while it was read: `alerts reload` again")
    return found


def _rendered_with(app: App) -> str:
    """Return a digest of all that decides whether messages can be rendered: templates, channels and zone.

    Raises InputError with all that is wrong in channels.
    """
    settings = app.settings
    built_from = [(entry.name, entry.kind, settings.resolve_options(entry)) for entry in settings.channels]
    templates = _digest(settings.templates, settings.templates) if settings.templates else ""
    _ = app.channels, app.heartbeat
    return hashlib.sha256(repr((built_from, settings.timezone, templates)).encode()).hexdigest()


def _reader(settings: Settings) -> Callable[[], str]:
    """Return what reads all files of a configuration and makes a digest of them."""
    return lambda: _digest(settings.folder, settings.templates)


def _digest(folder: Path, templates: Path | None) -> str:
    whole = hashlib.sha256()
    own = (path for path in templates.rglob("*") if path.is_file()) if templates else ()
    for path in sorted({*folder.glob("[!.]*.yaml"), *own}):
        try:
            whole.update(f"{path}\0".encode() + path.read_bytes() + b"\0")
        except OSError:  # it has just gone, or may not be read
            whole.update(f"{path}?\0".encode())
    return whole.hexdigest()


Wait = Annotated[float, typer.Option("--wait", metavar="S", min=1, help="Seconds to wait for the answer.")]


@cli.command()
def reload(context: typer.Context, wait: Wait = 60) -> None:
    """Let the daemon on this host take over what has changed in its files, after a full check."""
    app = get_app(context)
    broken = configuration_errors(app)
    found = [one for one in live(app) if one.host == socket.gethostname() and _is_up(one.pid)]
    if not found:
        for line in broken:
            print_error(line)
        raise InputError(f"no daemon on this host serves {app.store.name}: start `alerts run`")
    if not app.is_rescued:  # of several daemons those that read these files, if any does
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
    """Whether a process is there that may be asked, and still is what it says."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return b"alerts" in Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").is_dir() else True
    except OSError:
        return True


def _answer(app: App, asked: ProcessStatus, since: datetime, wait: float) -> ProcessStatus | None:
    """Wait for what a process says of the reload."""
    give_up, pause = monotonic() + wait, threading.Event()
    while monotonic() < give_up:
        for one in app.store.registrations.processes(utc_now(), LONG):
            answered = one.name == asked.name and one.reload
            if answered and datetime.fromisoformat(answered["began"]) >= since:
                return one
        pause.wait(POLL_SECONDS)
    return None


def _show(app: App, answer: ProcessStatus | None, asked: ProcessStatus) -> bool:
    """Print what a process took over, or why not; returns whether it did."""
    if answer is None or answer.reload is None:
        print_error(f"process {asked.pid} has not answered yet: see its log and `alerts health`")
        return False
    redact = str if app.is_rescued else app.settings.redaction
    lines = [redact(line) for line in answer.reload["lines"]]
    if not answer.reload["taken"]:
        for line in lines:
            print_error(line)
        print_error(f"nothing is taken over: process {asked.pid} goes on as it is")
        return False
    if asked.folder and not app.is_rescued and asked.folder != app.rule_set.folder:
        warn(f"process {asked.pid} reads {asked.folder}, not {app.settings.folder}")
    out.print(f"process {asked.pid} has taken over {answer.folder}", markup=False, soft_wrap=True)
    for line in lines:
        out.print(f"  {line}", markup=False, soft_wrap=True)
    return True
