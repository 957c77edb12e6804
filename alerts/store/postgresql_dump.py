"""Which commands back up and restore a PostgreSQL database: its own tools do it better than anything else."""

from __future__ import annotations

import shlex

from sqlalchemy import URL

from alerts.store.database import Database
from alerts.store.database_url import parse_address

SECRET_TABLES = ("feeds", "api_tokens", "sign_in_links", "sessions")


def dump_command(address: str, file: str, *, with_secrets: bool) -> str:
    """Return the command that backs up a database, without its password."""
    left_out = [] if with_secrets else [f"--exclude-table-data={name}" for name in SECRET_TABLES]
    return shlex.join(
        ["pg_dump", "--format=custom", "--no-owner", *left_out, f"--file={file}", f"--dbname={_shown(address)}"]
    )


def restore_command(address: str, file: str) -> str:
    """Return the command that puts a backup in the place of a database, in one transaction."""
    how = ["--clean", "--if-exists", "--single-transaction", "--no-owner"]
    return shlex.join(["pg_restore", *how, f"--dbname={_shown(address)}", file])


def server_version(database: Database) -> str:
    """Return the version of the server: its own tools, or newer ones, can read it."""
    with database.read() as connection:
        return str(connection.exec_driver_sql("SHOW server_version").scalar_one()).split()[0]


def _shown(address: str) -> str:
    """Return the address as the tools read it, without its password."""
    url = parse_address(address)
    query = {name: value for name, value in url.query.items() if "pass" not in name and name != "prepare_threshold"}
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database, query).render_as_string()
