"""What a daemon runs: the settings, rules, channels and templates of a folder, read and checked as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from alerts.cli.app import App
from alerts.cli.problems import problems
from alerts.cli.samples import samples
from alerts.clock import Clock
from alerts.core.registration import may_use_shipped_rules
from alerts.deadlines.errors import InputError
from alerts.reloading import Configuration
from alerts.settings import Settings


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
