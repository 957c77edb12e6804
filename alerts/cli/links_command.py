"""The command links."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from alerts import answer_keys
from alerts.answer_keys import AnswerKey
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At
from alerts.cli.terminal import Terminal
from alerts.core.answer_links import key_id_of
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.settings.http_section import Answer, HttpSettings
from alerts.views.shown_times import shown_with_zone

out = Terminal()
What = Literal["list", "rotate", "revoke"]


@cli.command()
def links(
    context: typer.Context,
    what: Annotated[What, typer.Argument(metavar="list|rotate|revoke", help="See below.")],
    recipient: Annotated[
        str | None,
        typer.Option("--recipient", metavar="ADDRESS", help="With revoke: whose links; for a chat, its channel."),
    ] = None,
    drop: Annotated[
        str | None,
        typer.Option(
            "--drop-older-than",
            metavar="P90D",
            help="With rotate: drop the keys that were replaced so long ago (P0D: all).",
        ),
    ] = None,
    at: At = None,
) -> None:
    """List, rotate or revoke the links by which readers answer.

    list shows where links lead, which channels have them, and the keys in use.
    rotate adds a key that signs from now on; links in older messages still work.
    revoke makes all links void that a recipient has got so far.
    """
    for option, value, only in (("--recipient", recipient, "revoke"), ("--drop-older-than", drop, "rotate")):
        if value is not None and what != only:
            raise typer.BadParameter(f"is for `alerts links {only}`", param_hint=option)
    app, now = get_app(context), instant(at)
    if what == "revoke":
        _revoke(app, recipient, now)
    elif what == "rotate":
        _rotate(app, drop, now)
    else:
        _list(app)


def _print(text: str) -> None:
    out.print(text)


def _revoke(app: App, recipient: str | None, now: datetime) -> None:
    if recipient is None:
        raise typer.BadParameter("is missing: whose links are to be void?", param_hint="--recipient")
    known = app.store.link_revocations.recipients()
    if recipient.lower() not in {one.lower() for one in known}:
        raise InputError(f"nothing was sent to {recipient!r}{did_you_mean(recipient, known)}")
    app.store.link_revocations.revoke(recipient, now)
    _print(f"the links that {recipient} has got so far are void; the next message has new ones")


def _rotate(app: App, drop: str | None, now: datetime) -> None:
    path = _key_file(app)
    dropped = answer_keys.rotate(path, now, now - _age(drop) if drop else None)
    count = len(answer_keys.read_key_file(path))
    _print(f"{path}: a new key signs from now on" + (f"; {count - 1} older verify" if count > 1 else ""))
    if dropped:
        _print(f"dropped {len(dropped)}: the links that they have signed are void")


def _age(text: str) -> timedelta:
    """Return a duration of days or hours. Raises InputError for any other text."""
    stated = Duration.parse(text)
    if stated.years or stated.months:
        raise InputError(f"--drop-older-than: expected days or hours, such as P90D, found {text!r}")
    return timedelta(days=stated.days) + stated.time


def _http(app: App) -> HttpSettings:
    http = app.settings.http
    if http is None or http.public_url is None:
        raise InputError("messages have no links: `public_url` is not set under `http:`")
    return http


def _key_file(app: App) -> Path:
    """Return the key file that is ours to change. Raises InputError where the settings name the keys."""
    if _http(app).answer_keys is not None:
        raise InputError(
            "the keys are those that http.answer_keys names: put a new line of `openssl rand -hex 32` before the "
            "others, then run `alerts reload`"
        )
    path = app.signing.path
    if path is None:
        raise InputError("there is no key file here: set http.answer_keys")
    return path


def _list(app: App) -> None:
    http = _http(app)
    signing = app.signing
    allowed = [code for code in get_args(Answer) if code in http.allowed_answers]
    _print(f"links lead to {http.public_url}, and may {', '.join(allowed) or 'answer nothing'}")
    with_links = [name for name, channel in app.channels.items() if signing.reaches(channel)]
    without = [name for name in app.channels if name not in with_links]
    _print(f"channels with links: {', '.join(with_links) or 'none'}")
    if without:
        _print(f"channels that show commands: {', '.join(without)}")
    if signing.path and not signing.path.exists():
        _print(f"keys: none yet; {signing.path} is made when the first link is sent")
    else:
        keys = answer_keys.read_key_file(signing.path) if signing.path else signing.source()
        _print(f"keys: {signing.path or 'as http.answer_keys names them'}")
        for number, key in enumerate(keys):
            _print(f"  {_described(key, app.zone)}: {'signs' if number == 0 else 'verifies'}")
    for one in app.store.link_revocations.all():
        _print(f"void: links to {one.recipient} up to {shown_with_zone(one.revoked_at, app.zone)}")


def _described(key: AnswerKey, zone: str) -> str:
    made = f", made {shown_with_zone(key.made_at, zone)}" if key.made_at else ""
    return f"key {key_id_of(key.secret).hex()}{made}"
