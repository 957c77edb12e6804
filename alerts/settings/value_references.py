"""Values that stand elsewhere: `{env: NAME}` in the environment, `{file: PATH}` in a file of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.strict_yaml.yaml_events import Steps

LARGEST_SECRET = 64 * 1024  # bytes
SECRET_OPTIONS = frozenset(
    {"password", "routing_key", "secret", "token", "url"}
)  # a webhook's address lets anybody post to it


@frozen
class References:
    """Resolves `{env: NAME}` and `{file: PATH}`; `found` are the values so far."""

    environ: Mapping[str, str]
    folder: Path
    found: set[str] = field(default_factory=set)

    def resolve(
        self, value: Any, where: Callable[[Steps], str], steps: Steps, errors: list[str], prefix: str = ""
    ) -> Any:
        """Replace the references in a value; what cannot be is added to `errors` and becomes None.

        `steps` lead to the value for `where`; as text they are put after `prefix`.
        """
        if reference := reference_in(value):
            try:
                text = self.value(*reference)
            except InputError as error:
                errors.append(f"{where(steps)}{prefix}{'.'.join(map(str, steps))}: {error}")
                return None
            self.found.add(text)
            return text
        if isinstance(value, Mapping):
            return {key: self.resolve(below, where, (*steps, key), errors, prefix) for key, below in value.items()}
        if isinstance(value, list):
            return [self.resolve(below, where, (*steps, n), errors, prefix) for n, below in enumerate(value)]
        return value

    def value(self, source: str, name: str) -> str:
        """What a reference names, less one line end. Raises InputError where there is nothing."""
        if source == "env":
            text, what = self.environ.get(name), f"the environment variable {name}"
            if text is None:
                raise InputError(f"{what} is not set")
        else:
            text, what = self._read(name), f"the file {self.folder / name}"
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise InputError(f"{what} is empty")
        return text

    def _read(self, name: str) -> str:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST_SECRET + 1)
            if len(data) > LARGEST_SECRET:
                raise InputError(f"the file {path} is larger than {LARGEST_SECRET // 1024} kB: that is no secret")
            return data.decode()
        except UnicodeDecodeError:
            raise InputError(f"the file {path} is not UTF-8 text") from None
        except OSError as error:
            raise InputError(f"the file {path} cannot be read: {error.strerror}") from None

    def values(self, value: Any) -> Iterator[str]:
        """The values of all references in it that can be read."""
        if reference := reference_in(value):
            try:
                yield self.value(*reference)
            except InputError:
                return
        elif isinstance(value, Mapping | list):
            for below in value.values() if isinstance(value, Mapping) else value:
                yield from self.values(below)


def reference_in(value: Any) -> tuple[str, str] | None:
    if isinstance(value, Mapping) and len(value) == 1:
        [(source, name)] = value.items()
        if source in ("env", "file") and isinstance(name, str) and name:
            return source, name
    return None


def literal_secrets(options: Any) -> Iterator[str]:
    """Secrets that are written into the configuration itself."""
    if isinstance(options, Mapping):
        for key, value in options.items():
            if key == "headers" and isinstance(value, Mapping):
                yield from (str(text) for text in value.values() if isinstance(text, str))
            elif key in SECRET_OPTIONS:
                yield from (str(one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
            elif key == "proxy" and isinstance(value, str) and "@" in value:  # its login is; a proxy's name is not
                yield value
            yield from literal_secrets(value)
    elif isinstance(options, list):
        for value in options:
            yield from literal_secrets(value)
