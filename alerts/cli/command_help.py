"""The help of a command: usage, arguments and options, at any width and without the names of types."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

TYPE = re.compile(r" <[^<>]*>$")  # `<list[str]>` after the name of an argument
RANGE = re.compile(r"(?:; )?\d*(?:<=?)?x[<>]=?\d+")  # `x>=0` after the text of an option


class DocumentedCommand(TyperCommand):
    """A command whose help is for people."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what comes after the name of the command: `KEY... [OPTIONS]`."""
        arguments = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        names = [(str(param.metavar or param.name), param.required) for param in arguments]
        return [*(name if required or name[:1] == "[" else f"[{name}]" for name, required in names), "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and the options."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            params = [param for param in self.get_params(ctx) if param.param_type_name == kind]
            records = [record for param in params if (record := param.get_help_record(ctx))]
            if records:
                with formatter.section(title):
                    formatter.write_dl([(TYPE.sub("", name), _shortened(text)) for name, text in records])


def _shortened(text: str) -> str:
    """Return the text of an option without the range of its numbers, which an error names."""
    body, bracket, more = text.rpartition("  [")
    if not bracket:
        return text
    kept = RANGE.sub("", more.rstrip("]"))
    return f"{body}  [{kept}]" if kept else body
