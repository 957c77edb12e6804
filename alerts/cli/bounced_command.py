"""The command bounced."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from alerts.bounce_intake import take_in
from alerts.bounce_reports.report_maildir import LARGEST, mark_read, waiting
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At
from alerts.cli.output import print_error, print_line
from alerts.deadlines.errors import InputError


@cli.command()
def bounced(
    context: typer.Context,
    maildir: Annotated[
        Path | None, typer.Option("--maildir", metavar="DIR", help="Read the unread mails of a Maildir.")
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(
            "--recipient", metavar="ADDRESS", help="The address that the mail was sent to, as a server has it."
        ),
    ] = None,
    at: At = None,
) -> None:
    """Record mails that came back: from standard input, or a Maildir."""
    app = get_app(context)
    if maildir is not None:
        for path, data in waiting(maildir):
            taken = take_in(app.store, data, recipient, instant(at), app.settings.redaction)
            mark_read(path, flagged=taken.needs_a_look)  # last: after a kill it is read again, which changes nothing
            print_line(f"{path.name}: {taken.text}")
        return
    if sys.stdin.isatty():
        raise InputError("expected a mail on standard input, or --maildir DIR")
    _take_in_one(app, recipient, at)


def _take_in_one(app: App, recipient: str | None, at: str | None) -> None:
    """Take in the mail on standard input. A mail server keeps it and tries again where it cannot be recorded."""
    data = sys.stdin.buffer.read(LARGEST)
    while sys.stdin.buffer.read(LARGEST):
        pass  # a server that cannot write all of it takes that for a failure
    try:
        taken = take_in(app.store, data, recipient, instant(at), app.settings.redaction)
    except InputError as error:
        for line in str(error).splitlines():
            print_error(line)
        raise typer.Exit(os.EX_TEMPFAIL) from None
    print_line(taken.text)
