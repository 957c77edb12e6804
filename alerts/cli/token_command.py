"""The command token."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

import typer

from alerts.cli.app import App, get_app, instant, who
from alerts.cli.command_group import cli
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, By, Json
from alerts.cli.output import as_rfc3339, checked_reason, note, print_line
from alerts.cli.terminal import Terminal
from alerts.core.permissions import Scope
from alerts.store.api_tokens import LIVES, ApiToken
from alerts.views.shown_times import shown, shown_with_zone

out = Terminal()
What = Literal["add", "list", "revoke"]
Name = Annotated[str | None, typer.Argument(metavar="NAME", help="Of the token: changes are recorded under it.")]
Owner = Annotated[str | None, typer.Option("--owner", metavar="KEY", help="Only for the commitments of this person.")]
ScopeOption = Annotated[Scope, typer.Option("--scope", metavar="read|write", help="What the program may do.")]


@cli.command()
def token(
    context: typer.Context,
    what: Annotated[What, typer.Argument(metavar="add|list|revoke", help="See below.")],
    name: Name = None,
    scope: ScopeOption = "read",
    owner: Owner = None,
    by: By = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Add, list or revoke the tokens of programs that use the API.

    add prints a token, once. It works for a year. With --scope write the program may also
    record changes, which are recorded as by `token NAME`. With --owner it sees and changes
    only what that person owns.

    list shows all tokens, and when each was last used.

    revoke ends a token now.
    """
    app, now = get_app(context), instant(at)
    if what == "list":
        _list(app, now, as_json=as_json)
        return
    if name is None:
        raise typer.BadParameter("is missing", param_hint="NAME")
    if what == "revoke":
        app.store.api_tokens.revoke(name, now)
        print_line(f"token {name} is revoked: nothing can be done with it any more")
        return
    name = checked_reason(name, "NAME")
    app.store.people.add(app.settings.people)
    print_line(app.store.api_tokens.add(name, scope, by=who(by), now=now, owner=owner))
    end = shown_with_zone(now + LIVES, app.zone)
    note(f"token {name} ({_may(scope, owner)}) works until {end}. It is shown once; anybody who has it can use the API")
    if app.settings.http is None:
        note("nothing answers it yet: the API needs `http:` in the settings")


def _list(app: App, now: datetime, *, as_json: bool) -> None:
    tokens = app.store.api_tokens.all()
    if as_json:
        print(json.dumps([_json_row(one, now) for one in tokens]))
        return
    if not tokens:
        out.print("no tokens yet: `alerts token add NAME` makes one")
        return
    print_rows(out, [_row(one, now, app.zone) for one in tokens], ("name", "scope", f"last used ({app.zone})", "state"))


def _row(one: ApiToken, now: datetime, zone: str) -> Row:
    state, used = one.state(now), shown(one.last_used_at, zone) if one.last_used_at else "never"
    end = one.revoked_at or one.expires_at
    text = f"works until {shown(end, zone)}" if state == "in use" else f"{state} {shown(end, zone)}"
    return Row((one.name, _may(one.scope, one.owner), used, text), "" if state == "in use" else "dim")


def _may(scope: Scope, owner: str | None) -> str:
    return f"{scope}, only of {owner}" if owner else scope


def _json_row(one: ApiToken, now: datetime) -> dict[str, object]:
    row: dict[str, object] = {
        "name": one.name,
        "scope": one.scope,
        "owner": one.owner,
        "state": one.state(now),
        "created_by": one.created_by,
    }
    times = ("created_at", "expires_at", "last_used_at", "revoked_at")
    return row | {name: as_rfc3339(getattr(one, name)) for name in times}
