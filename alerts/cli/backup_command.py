"""The command backup."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from alerts.cli.app import get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At
from alerts.cli.output import note, print_line
from alerts.deadlines.errors import InputError
from alerts.store.backup import back_up
from alerts.store.database import Database
from alerts.store.database_url import sqlite_file
from alerts.store.postgresql_dump import dump_command, server_version


@cli.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Keep the hashes of API tokens and calendar addresses.")
    ] = False,
    at: At = None,
) -> None:
    """Back up the database into a file, also while the daemon runs.

    The backup holds no keys, and no hashes of tokens unless --with-secrets. It has all
    commitments, people and messages: only you may read the file. `alerts restore` reads it.
    """
    app, now = get_app(context), instant(at)
    path = sqlite_file(app.settings.database)
    if path is None:
        with closing(Database(app.settings.database, "read")) as database:
            command = dump_command(app.settings.database, str(file), with_secrets=with_secrets)
            raise InputError(f"nothing is backed up: PostgreSQL {server_version(database)} has its own tool, which "
                             f"must not be older; run `{command}`")  # fmt: skip
    back_up(path, file, now, with_secrets=with_secrets, overwrite=force)
    print_line(f"{file}: {file.stat().st_size / 1e6:,.1f} MB, whole; `alerts restore {file}` puts it in place")
    if not with_secrets:
        note("left out: API tokens and calendar addresses (--with-secrets keeps them). The keys of answer links are in "
             "a file of their own, which is in no backup")  # fmt: skip
