"""Settings that the environment states in place of the files, as containers do: `ALERTS__HTTP__PORT=8081`.

Two underscores begin the name and part the steps. Below `ALERTS__CHANNELS` a step is the name of a channel, in small
letters unless the files have it otherwise. A name with `_FILE` at its end names the file that holds the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.strict_yaml.yaml_events import Steps, stream

PREFIX, FILE = "ALERTS__", "_FILE"
AS_YAML = re.compile(r"[\[{].*|[-+.\w]*", re.DOTALL)  # lists, mappings, numbers and words; the rest is text


@frozen
class Overrides:
    """Which variables stated which settings, by the steps that lead to them."""

    variables: Mapping[Steps, str]

    def variable(self, steps: Steps) -> str | None:
        """Return the variable that stated a setting, or what is around it."""
        tops = (steps[:length] for length in range(len(steps), 0, -1))
        return next((self.variables[top] for top in tops if top in self.variables), None)


def override(data: dict[str, Any], environ: Mapping[str, str]) -> Overrides:
    """Put what the environment states into the settings `data`.

    Raises InputError, a line for each variable that cannot be a setting.
    """
    found: dict[Steps, str] = {}
    errors: list[str] = []
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX):
            try:
                found[_put(data, variable, text)] = variable
            except InputError as error:
                errors.append(f"the environment variable {variable}: {error}")
    if errors:
        raise InputError("\n".join(errors))
    return Overrides(found)


def _put(data: dict[str, Any], variable: str, text: str) -> Steps:
    """Put one value into `data`, and return the steps that lead to it."""
    value = {"file": text} if variable.endswith(FILE) else _value(text)
    names = variable.removeprefix(PREFIX).removesuffix(FILE).split("__")
    if not all(names):
        raise InputError("expected the names of settings, with two underscores between them: ALERTS__HTTP__PORT")
    steps: list[str] = []
    inner: Any = data
    for number, name in enumerate(names, 1):
        step = next((key for key in inner if key.lower() == name.lower()), name.lower())
        steps.append(step)
        if number == len(names):
            inner[step] = value
        elif not isinstance(inner.setdefault(step, {}), dict):
            raise InputError(f"`{'.'.join(steps)}` holds no settings by name")
        inner = inner[step]
    return tuple(steps)


def _value(text: str) -> Any:
    """Return a value as a file would state it."""
    if not AS_YAML.fullmatch(text):
        return text
    try:
        [(_, value, _)] = stream(Path("value"), content=BytesIO(b"value: " + text.encode()))
    except InputError as error:
        raise InputError(str(error).removeprefix("value:1: ")) from None
    return value
