"""The text of an argument or option that is refused: what is expected, and what was stated."""

from __future__ import annotations

from typing import Any

import typer

OF_PYDANTIC = (("Value error, ", ""), (", unable to parse string as an integer", ""), ("Input should be", "expected"))


def describe_usage_error(error: typer.TyperException) -> str:
    """Return one line that names the refused value, which typer leaves out."""
    message = " ".join(error.format_message().split()).removesuffix(".")
    for theirs, ours in OF_PYDANTIC:
        message = message.replace(theirs, ours)
    found: list[Any] = getattr(error.__cause__, "errors", list)()  # of pydantic, which need not be imported for it
    stated = found[0].get("input") if found else None
    return message if stated is None or repr(stated) in message else f"{message}, found {stated!r}"
