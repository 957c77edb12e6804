"""The commands preview and send-test."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from alerts.channel_tests import send_tests
from alerts.cli.app import get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At
from alerts.cli.output import note, print_error, warn
from alerts.cli.terminal import Terminal
from alerts.deadlines.errors import InputError
from alerts.rendering.composing import compose
from alerts.views.message_previews import next_message

out = Terminal()


@cli.command()
def preview(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RULE")],
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Commitment (default: the rule's summary).")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Channel (default: the first of the rule).")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML of a mail to FILE, or print it (-).")
    ] = None,
    at: At = None,
) -> None:
    """Show the next message of a rule."""
    app, now = get_app(context), instant(at)
    through, notification = next_message(app, rule, key, channel, now)
    notification = replace(notification, links=app.signing.sample(through))
    message, error = compose(app.renderer, through, notification)
    if error:
        warn(error)
    if notification.links:
        note("the links of a preview do not work: they are signed when an alert is sent")
    if html is not None:
        if message.html is None:
            raise InputError(f"channel {through.name} sends no HTML: name a mail channel with --channel")
        _put(message.html, html)
    elif message.body is not None:
        out.print(json.dumps(message.body, indent=2, ensure_ascii=False))
    else:
        out.print(f"Subject: {message.subject}\n\n{message.text}")


def _put(html: str, file: Path) -> None:
    """Write HTML to a file, or print it (`-`). Raises InputError."""
    if str(file) == "-":
        print(html, end="")
        return
    try:
        file.write_text(html, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--html {file}: cannot be written: {error.strerror}") from None
    out.print(f"wrote {file}")


@cli.command("send-test")
def send_test(
    context: typer.Context, channel: Annotated[str, typer.Argument(metavar="CHANNEL")], at: At = None
) -> None:
    """Send a test message to all recipients of a channel."""
    app, now = get_app(context), instant(at)
    through = app.channel(channel)
    failed = False
    for one in send_tests(through, app.renderer, app.zone, now, app.settings.redaction):
        if one.is_sent:
            out.print(one.text)
        else:
            failed = True
            print_error(one.text)
    if failed:
        raise typer.Exit(1)
