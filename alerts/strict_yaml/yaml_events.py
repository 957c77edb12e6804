"""Strict YAML: from the parser's events to values and their lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen

LARGEST = 256 * 2**20  # bytes
DEEPEST = 20
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is five times as fast; some builds lack it
RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
MEANS = {
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
    "merge": "a merge",
    "value": "a special value",
}
HINTS = {
    "mapping values are not allowed": "a value that holds `: ` must stand in quotes, and keys of one level line up",
    "cannot start any token": "indent with spaces, not tabs; a value that begins with @, % or ` must stand in quotes",
    "found unexpected end of stream": "a quote is never closed",
    "unknown escape": "in double quotes a backslash is written \\\\; single quotes take it as it is",
    "invalid Unicode character escape": "write the character itself, in UTF-8",
    "could not find expected ':'": "a key is followed by a colon and a space",
    "did not find expected key": "keys of one level line up; a value that goes on after a quote must be quoted whole",
    "did not find expected '-'": "a list goes on with `- ` in the same column",
    "did not find expected node content": "a bracket is never closed, or a value is missing",
    "did not find expected ',' or ']'": "the bracket [ is never closed, or a comma is missing",
    "did not find expected ',' or '}'": "the brace { is never closed, or a comma is missing",
}

Steps = tuple[str | int, ...]  # the path from a value to a part of it: ("smtp", "host"), ("to", 0)


class Plain(str):
    """An unquoted scalar that YAML would not read as text; `tag` names the type that it would have."""

    __slots__ = ("tag",)

    def __new__(cls, text: str, tag: str) -> Plain:
        made = super().__new__(cls, text)
        made.tag = tag
        return made

    tag: str


@frozen
class Places:
    """The places of the parts of a value: `lines` has the 1-based line of each part, or of its key."""

    name: str
    lines: Mapping[Steps, int]

    def line(self, steps: Steps = ()) -> int:
        """Return the line of a part, or of the nearest part around it that is in the file."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)

    def at(self, steps: Steps = ()) -> str:
        """Return the start of an error line: `config/alerts.yaml:12: `."""
        return f"{self.name}:{self.line(steps)}: "


def read(path: Path) -> tuple[dict[str, Any], Places]:
    """Read a whole file: return its top-level mapping and the places of its values.

    Scalars are text, `Plain` text, or None for null and nothing. Raises InputError, one line with the place.
    """
    data: dict[str, Any] = {}
    lines: dict[Steps, int] = {(): 1}
    for steps, value, places in stream(path):
        data[str(steps[0])] = value
        lines.update({(*steps, *below): line for below, line in places.lines.items()})
    return data, Places(str(path), lines)


def stream(
    path: Path, items: str | None = None, *, content: BinaryIO | None = None
) -> Iterator[tuple[Steps, Any, Places]]:
    """Yield each top-level value of a file (or of `content`) as `(key,), value, places`, in order.

    Elements of the list under the key `items` follow one by one, as `(items, 0), value, places`. The steps of `places`
    start at the value. Raises InputError, one line with the place.
    """
    with closing(_Reader(path, content)) as reader:
        reader.begin()
        for key, line in reader.mapping_keys():
            event = reader.take()
            if key == items and type(event) is SequenceStartEvent:
                reader.refuse_anchors(event)
                number = 0
                while type(event := reader.take()) is not SequenceEndEvent:
                    lines: dict[Steps, int] = {(): event.start_mark.line + 1}
                    yield (key, number), reader.value(event, (), lines, 3), Places(reader.name, lines)
                    number += 1
            else:
                lines = {(): line}
                yield (key,), reader.value(event, (), lines, 2), Places(reader.name, lines)
        reader.end()


class _Decoded:
    """Decodes a file; it reports the line of an invalid byte."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self.file = file
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.size = 0
        self.line = 1

    def read(self, size: int) -> str:
        data = self.file.read(size)
        self.size += len(data)
        if self.size > LARGEST:
            raise InputError(f"{self.name}: is larger than {LARGEST // 2**20} MB: split it into several files")
        try:
            text = self.decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self.line + error.object[: error.start].count(b"\n")
            raise InputError(f"{self.name}:{line}: is not UTF-8 text: save it in that encoding") from None
        if found := UNPRINTABLE.search(text):
            line = self.line + text.count("\n", 0, found.start())
            raise InputError(f"{self.name}:{line}: holds the control character U+{ord(found[0]):04X}: remove it")
        self.line += text.count("\n")
        # An incomplete character gives no text yet, and empty text would mean the end.
        return text if text or not data else self.read(1)


class _Reader:
    """A cursor over the events of one file."""

    def __init__(self, path: Path, content: BinaryIO | None = None) -> None:
        self.name = str(path)
        try:
            self.file = content or path.open("rb")
        except IsADirectoryError:
            raise InputError(f"{self.name}: is a folder, expected a file") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{self.name}: cannot be read: {why}") from None
        self.source = _Decoded(self.name, self.file)
        self.names: dict[str, str] = {}  # text keys; each is kept once

    def close(self) -> None:
        self.file.close()

    def fail(self, event: Any, problem: str) -> NoReturn:
        raise InputError(f"{self.name}:{event.start_mark.line + 1}: {problem}")

    def take(self) -> Any:
        try:
            return self.loader.get_event()
        except yaml.MarkedYAMLError as error:
            problem = " ".join(str(error.problem or error.context).split())
            position = error.problem_mark or error.context_mark
            if "end of stream" in problem:
                position = error.context_mark or position  # the start explains more than the end of the file
            hint = next((f": {hint}" for message, hint in HINTS.items() if message in problem), "")
            line = position.line + 1 if position else self.source.line
            raise InputError(f"{self.name}:{line}: is not YAML ({problem}){hint}") from None
        except yaml.YAMLError as error:
            raise InputError(f"{self.name}:{self.source.line}: is not YAML ({' '.join(str(error).split())})") from None
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read: {error.strerror}") from None

    def begin(self) -> None:
        """Go to the first key. Raises InputError if there is no mapping."""
        try:
            self.loader = LOADER(self.source)  # the pure Python loader already reads here
        except yaml.YAMLError as error:
            raise InputError(f"{self.name}: is not YAML ({' '.join(str(error).split())})") from None
        while type(event := self.take()) not in (MappingStartEvent, SequenceStartEvent, ScalarEvent, AliasEvent):
            if type(event) is StreamEndEvent:
                raise InputError(f"{self.name}: is empty")
        if type(event) is ScalarEvent and not event.value and event.style in ("", None):
            raise InputError(f"{self.name}: is empty")
        if type(event) is not MappingStartEvent:
            self.fail(event, "expected a mapping (`key: value` lines) at the top")
        self.refuse_anchors(event)

    def end(self) -> None:
        """Check that nothing follows."""
        while type(event := self.take()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                self.fail(event, "a second document begins here (`---`): put it into a file of its own")

    def refuse_anchors(self, event: Any) -> None:
        if type(event) is AliasEvent:
            self.fail(event, f"`*{event.anchor}` is an alias: write the value out (or quote a text that begins with *)")
        if event.anchor is not None:
            self.fail(event, f"`&{event.anchor}` is an anchor: leave it out (or quote a text that begins with &)")
        if event.tag is not None:
            self.fail(event, "a tag (`!…`): leave it out (or quote a text that begins with !)")

    def mapping_keys(self) -> Iterator[tuple[str, int]]:
        """Yield the keys of the current mapping, with their lines; the caller reads each value."""
        seen: dict[str, int] = {}
        while type(event := self.take()) is not MappingEndEvent:
            line = event.start_mark.line + 1
            key = self.key(event)
            if key in seen:
                self.fail(event, f'the key "{key}" is used twice, first on line {seen[key]}')
            seen[key] = line
            yield key, line

    def key(self, event: Any) -> str:
        if type(event) is not ScalarEvent:
            self.refuse_anchors(event)
            self.fail(event, "a key must be plain text, not a list or a mapping")
        value = self.scalar(event)
        if value is None:
            self.fail(event, "a key is empty: write a name, in quotes if it is `null` or `~`")
        if type(value) is Plain:
            self.fail(event, f"the key `{value}` unquoted is read as {value.tag}: write it in quotes")
        return self.names.setdefault(value, value)

    def scalar(self, event: Any) -> str | None:
        if event.anchor is not None or event.tag is not None:
            self.refuse_anchors(event)
        text: str = event.value
        if event.implicit[0]:  # unquoted
            for tag, pattern in RESOLVERS.get(text[:1], ()):
                if pattern.match(text):
                    name = tag.rpartition(":")[2]
                    return None if name == "null" else Plain(text, MEANS.get(name, name))
        return text

    def value(self, event: Any, steps: Steps, lines: dict[Steps, int], depth: int) -> Any:
        """Return the value that begins with an event; note the line of each part under its steps."""
        kind = type(event)
        if kind is ScalarEvent:
            return self.scalar(event)
        self.refuse_anchors(event)
        if depth > DEEPEST:
            self.fail(event, f"is nested deeper than {DEEPEST} levels")
        if kind is MappingStartEvent:
            mapping: dict[str, Any] = {}
            for key, line in self.mapping_keys():
                below = (*steps, key)
                lines[below] = line
                mapping[key] = self.value(self.take(), below, lines, depth + 1)
            return mapping
        elements: list[Any] = []
        while type(event := self.take()) is not SequenceEndEvent:
            below = (*steps, len(elements))
            lines[below] = event.start_mark.line + 1
            elements.append(self.value(event, below, lines, depth + 1))
        return elements
