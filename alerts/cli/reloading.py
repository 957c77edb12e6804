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
from alerts.cli.elsewhere import live, unreadable
from alerts.cli.samples import samples
from alerts.cli.wiring import Office, app, complain, office, warn
from alerts.clock import monotonic, utc_now
from alerts.core.errors import InputError
from alerts.core.registration import shipped_may
from alerts.lane import Clock
from alerts.reloading import Configuration
from alerts.settings import Settings
from alerts.store import ProcessStatus

LOOK = 0.1  # seconds between two looks for an answer
LONG = timedelta(minutes=10)
out = Console(highlight=False)


def refuse_shipped(here: Office) -> None:
    """Raise InputError where the shipped rules would take the place of somebody's own, as from a wrong folder."""
    history = here.store.registrations.history()
    if here.settings.shipped and not shipped_may(here.rule_set, history):
        folder = history[-1].folder or "rules that are not the shipped ones"
        raise InputError(f"{here.store.name} goes by {folder}, and here is no ./config: name that folder with --config")


def configuration(here: Office, clock: Clock) -> Configuration:
    """Build what a daemon goes by. Raises InputError with all that is wrong in any channel."""
    settings = here.settings
    return Configuration(
        mine=here.rule_set,
        rules=here.rules,
        lanes=here.lanes(clock),
        made_of=dict(here.made_of),
        operators=settings.operators,
        heartbeat=here.heartbeat,
        digest=_reader(settings),
        read=here.digest or _reader(settings)(),
    )


def read_anew(here: Office, clock: Clock) -> Configuration:
    """Read the files of a daemon again and check them as `alerts check` does. Raises InputError with all that is wrong.

    What is between two reads of a file that is being written is not taken over: all must be the same after the check.
    """
    fresh, now = Office(here.config, here.url), clock()
    settings = fresh.settings
    if settings.database != here.settings.database:
        raise InputError(f"{settings.folder}: the database is another: that needs a restart")
    if settings.shipped != here.settings.shipped:
        raise InputError("the folder ./config has come or gone: that needs a restart, or name it with --config")
    if not settings.rules or not settings.channels:
        what = "rule" if not settings.rules else "channel"
        raise InputError(f"{settings.folder}: there is no {what} in it any more: that is not taken over")
    fresh.store = here.store
    fresh.digest = _reader(settings)()
    rendered = _rendered_with(fresh)
    if rendered not in here.checked:  # a second of work, which the daemon has better things to do with
        if wrong := problems(fresh, samples(now), now):
            raise InputError("\n".join(wrong))
        here.checked.add(rendered)
    fresh.renderer.warm_up()
    found = configuration(fresh, clock)
    if Office(here.config, here.url).rule_set != found.mine or found.digest() != found.read:
        raise InputError(f"{settings.folder}: a file changed while it was read: `alerts reload` again")
    return found


def _rendered_with(here: Office) -> str:
    """Return a digest of all that decides whether messages can be rendered: templates, channels and zone.

    Raises InputError with all that is wrong in channels.
    """
    settings = here.settings
    made_of = [(entry.name, entry.kind, settings.resolve_options(entry)) for entry in settings.channels]
    templates = _digest(settings.templates, settings.templates) if settings.templates else ""
    _ = here.channels, here.heartbeat
    return hashlib.sha256(repr((made_of, settings.timezone, templates)).encode()).hexdigest()


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


@app.command()
def reload(context: typer.Context, wait: Wait = 60) -> None:
    """Let the daemon on this host take over what has changed in its files, after a full check."""
    here = office(context)
    broken = unreadable(here)
    found = [one for one in live(here) if one.host == socket.gethostname() and _is_up(one.pid)]
    if not found:
        for line in broken:
            complain(line)
        raise InputError(f"no daemon on this host serves {here.store.name}: start `alerts run`")
    if not here.is_rescued:  # of several daemons those that read these files, if any does
        found = [one for one in found if one.folder == here.rule_set.folder] or found
    asked = utc_now()
    for one in found:
        os.kill(one.pid, signal.SIGHUP)
    failed = False
    for one in found:
        failed |= not _show(here, _answer(here, one, asked, wait), one)
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


def _answer(here: Office, asked: ProcessStatus, since: datetime, wait: float) -> ProcessStatus | None:
    """Wait for what a process says of the reload."""
    give_up, pause = monotonic() + wait, threading.Event()
    while monotonic() < give_up:
        for one in here.store.registrations.processes(utc_now(), LONG):
            answered = one.name == asked.name and one.reload
            if answered and datetime.fromisoformat(answered["began"]) >= since:
                return one
        pause.wait(LOOK)
    return None


def _show(here: Office, answer: ProcessStatus | None, asked: ProcessStatus) -> bool:
    """Print what a process took over, or why not; returns whether it did."""
    if answer is None or answer.reload is None:
        complain(f"process {asked.pid} has not answered yet: see its log and `alerts health`")
        return False
    redact = str if here.is_rescued else here.settings.redaction
    lines = [redact(line) for line in answer.reload["lines"]]
    if not answer.reload["taken"]:
        for line in lines:
            complain(line)
        complain(f"nothing is taken over: process {asked.pid} goes on as it is")
        return False
    if asked.folder and not here.is_rescued and asked.folder != here.rule_set.folder:
        warn(f"process {asked.pid} reads {asked.folder}, not {here.settings.folder}")
    out.print(f"process {asked.pid} has taken over {answer.folder}", markup=False, soft_wrap=True)
    for line in lines:
        out.print(f"  {line}", markup=False, soft_wrap=True)
    return True
