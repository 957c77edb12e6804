"""The command schema."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from alerts.channels import KINDS
from alerts.channels.plugins import plugin_kinds
from alerts.cli.command_group import cli
from alerts.cli.file_schemas import SchemaName, file_schema


@cli.command()
def schema(
    of: Annotated[SchemaName, typer.Argument(metavar="config|rules|commitments", help="Which kind of file.")],
) -> None:
    """Print the JSON Schema of a file, by which editors check it.

    The shipped files name theirs in a comment that editors with a YAML language server read.
    This one also has the channels of installed plugins.
    """
    print(json.dumps(file_schema(of, [*KINDS, *plugin_kinds()]), indent=2))
