"""The group of all commands, each of which is imported when it is used: all of them take a second."""

from __future__ import annotations

import gc
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info

from alerts.cli.command_help import DocumentedCommand
from alerts.cli.command_list import COMMANDS

GARBAGE = 10_000  # objects, instead of 700: to look for what is unused takes a tenth of the time that a listing takes


class CommandGroup(TyperGroup):
    """Knows names and summaries, for completion and "did you mean", and imports the command that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=entry.summary) for name, entry in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command itself, and what is left of the arguments."""
        name, known, rest = super().resolve_command(ctx, args)
        return name, known and _imported(str(name)), rest


def _imported(name: str) -> Any:
    import_module(f"alerts.cli.{COMMANDS[name].module}")
    for entry in cli.registered_commands:
        if name in (entry.name, getattr(entry.callback, "__name__", "")):
            entry.cls = DocumentedCommand
            return get_command_from_info(entry, pretty_exceptions_short=False, rich_markup_mode=None)
    raise LookupError(name)


cli = typer.Typer(
    cls=CommandGroup,
    name="alerts",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Track deadlines and alert the right people until somebody acknowledges.",
)
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", help="Configuration folder (default: ALERTS_CONFIG, ./config)."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="Database URL (default: ALERTS_DATABASE, or as configured)."),
]


@cli.callback()
def _set_up(context: typer.Context, config: Config = None, database: DatabaseUrl = None) -> None:
    from alerts.cli.app import App

    if not gc.isenabled():  # it was disabled while modules were imported: what they hold is not garbage
        gc.freeze()
        gc.set_threshold(GARBAGE)
        gc.enable()
    app = App(config, database, COMMANDS[str(context.invoked_subcommand)].access)
    context.obj = app
    context.call_on_close(app.close)
