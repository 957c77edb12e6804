"""The configuration of a daemon: settings, rules, channels and templates, read and checked as a whole."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

from alerts.cli.app import App
from alerts.cli.problems import problems, read_settings
from alerts.clock import Clock
from alerts.core.registration import may_use_shipped_rules
from alerts.deadlines.errors import InputError
from alerts.reloading import Configuration
from alerts.settings import Settings
from alerts.views.monthly_audits import MonthlyAudits
from alerts.views.samples import samples
from alerts.web_process import WebCommand


def refuse_shipped(app: App) -> None:
    """Raise InputError where the shipped rules would replace those of a user, as in a wrong folder."""
    history = app.store.registrations.history()
    if app.settings.shipped and not may_use_shipped_rules(app.rule_set, history):
        folder = history[-1].folder or "rules that are not the shipped ones"
        raise InputError(
            f"{app.store.name} uses {folder}, but there is no ./config here: name that folder with --config"
        )


def configuration(app: App, clock: Clock) -> Configuration:
    """Return the configuration of a daemon. Raises InputError with all problems of channels."""
    settings = app.settings
    return Configuration(
        mine=app.rule_set,
        rules=app.rules,
        workers=app.workers(clock),
        built_from=dict(app.built_from),
        operators=settings.operators,
        kept=settings.kept,
        audit=MonthlyAudits(app.store.database, app.zone, settings.shared_addresses).find,
        heartbeat=app.heartbeat,
        web=_web_command(app),
        digest=_reader(settings),
        read=app.digest or _reader(settings)(),
    )


def _web_command(app: App) -> WebCommand | None:
    """Return how the HTTP server is started, if the settings have one."""
    http = app.settings.http
    if http is None:
        return None
    command = [sys.executable, "-P", "-m", "alerts.web"]  # -P: a folder alerts/ where one stands is not the package
    command += ["--config", str(app.config)] if app.config else []
    command += ["--database", app.url] if app.url else []
    return WebCommand(command=tuple(command), host=http.bind, port=http.port, shown=http.shown_address)


def read_anew(app: App, clock: Clock) -> Configuration:
    """Read the files of a daemon again and check them as `alerts check` does. Raises InputError with all problems.

    Files that change during the check are refused, because they may be half written.
    """
    fresh, now = App(app.config, app.url), clock()
    settings = read_settings(fresh)
    if settings.database != app.settings.database:
        raise InputError(f"{settings.folder}: the database has changed: restart the daemon")
    if settings.shipped != app.settings.shipped:
        raise InputError(
            "the folder ./config appeared or disappeared: restart the daemon, or name the folder with --config"
        )
    if not settings.rules or not settings.channels:
        what = "rule" if not settings.rules else "channel"
        raise InputError(f"{settings.folder}: it has no {what} any more, so it is not applied")
    fresh.store = app.store
    fresh.digest = _reader(settings)()
    rendered = _rendered_with(fresh)
    if rendered not in app.checked:  # it takes a second, which the daemon should not spend twice
        if errors := problems(fresh, samples(now), now):
            raise InputError("\n".join(errors))
        app.checked.add(rendered)
    fresh.renderer.warm_up({channel.medium for channel in fresh.channels.values()})
    found = configuration(fresh, clock)
    if App(app.config, app.url).rule_set != found.mine or found.digest() != found.read:
        raise InputError(f"{settings.folder}: a file changed while it was read: run `alerts reload` again")
    return found


def _rendered_with(app: App) -> str:
    """Return a digest of what rendering depends on: templates, channels, zone, and whether there are links.

    Raises InputError with all problems of channels.
    """
    settings = app.settings
    built_from = [(entry.name, entry.kind, settings.resolve_options(entry)) for entry in settings.channels]
    templates = _digest(settings.templates, settings.templates) if settings.templates else ""
    _ = app.channels, app.heartbeat
    return hashlib.sha256(repr((built_from, settings.timezone, templates, settings.http)).encode()).hexdigest()


def _reader(settings: Settings) -> Callable[[], str]:
    """Return a function that returns a digest of all files of a configuration."""
    return lambda: _digest(settings.folder, settings.templates)


def _digest(folder: Path, templates: Path | None) -> str:
    whole = hashlib.sha256()
    own = (path for path in templates.rglob("*") if path.is_file()) if templates else ()
    for path in sorted({*folder.glob("[!.]*.yaml"), *own}):
        try:
            whole.update(f"{path}\0".encode() + path.read_bytes() + b"\0")
        except OSError:  # it was just deleted, or is not readable
            whole.update(f"{path}?\0".encode())
    return whole.hexdigest()
