"""Load examples on the first start of a daemon that has the shipped configuration and an empty database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from alerts import shipped
from alerts.cli.app import App
from alerts.cli.load_command import load
from alerts.cli.output import note, warn

VARIABLE, NONE = "ALERTS_SEED", "none"


def load_seed(context: typer.Context, app: App, environ: Mapping[str, str]) -> None:
    """Load what ALERTS_SEED names, if nothing was ever tracked and the configuration is the shipped one.

    A configuration of somebody's own has readers, who must not get alerts about examples.
    """
    named = environ.get(VARIABLE, NONE)
    if named in ("", NONE) or app.store.ledger.counts() or not _is_shipped(app.settings.folder):
        return
    if not Path(named).exists():
        warn(f"{VARIABLE}: {named} does not exist, so nothing is loaded")
        return
    note(f"nothing is tracked yet: loading the examples in {named} ({VARIABLE}={NONE} leaves them out)")
    load(context, [Path(named)])


def _is_shipped(folder: Path) -> bool:
    """Whether a folder holds what the shipped configuration holds, file by file."""
    return _files(folder) == _files(shipped.folder("config"))


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*.yaml")}
