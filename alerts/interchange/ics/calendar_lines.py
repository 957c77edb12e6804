"""The lines of a calendar, unfolded, and the components that they make up (RFC 5545, sections 3.1 and 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from icalendar.parser import Contentline

from alerts.deadlines.errors import InputError

BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Block:
    """A component as it stands in a file: its name, its first line, its own lines, and the components in it."""

    name: str
    line: int
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    closed: bool = False

    def texts(self, wanted: Callable[[bytes], bool] = bool) -> list[str]:
        """Return those of its own lines that are wanted. Raises InputError for one that is not UTF-8 text."""
        return [_decoded(number, data) for number, data in self.lines if wanted(data)]

    def value(self, name: str) -> str:
        """Return the value of the first property of that name; an empty text where there is none to be read."""
        for _, data in self.lines:
            try:
                found, _, value = Contentline(data.decode()).parts()  # type: ignore[no-untyped-call]  # the library's
            except ValueError:
                continue
            if found.upper() == name:
                return str(value).strip()
        return ""

    def walk(self) -> Iterator[Block]:
        """Yield it and all components in it, in order."""
        todo = [self]
        while todo:
            one = todo.pop()
            yield one
            todo += reversed(one.blocks)


def read_blocks(path: Path, data: bytes) -> list[Block]:
    """Return the outermost components of a file. Raises InputError for what is no calendar, or not a whole one."""
    outer: list[Block] = []
    stack: list[Block] = []
    for number, line in _unfolded(data):
        keyword, colon, name = line.strip().upper().partition(b":")
        called = name.strip().decode("ascii", "replace")
        if colon and keyword.strip() == b"BEGIN":
            stack.append(Block(called, number))
            (stack[-2].blocks if len(stack) > 1 else outer).append(stack[-1])
        elif colon and keyword.strip() == b"END":
            _end(stack, called)
        elif stack:
            stack[-1].lines.append((number, line))
        elif not outer and line.strip():
            shown = line.decode("utf-8", "replace").strip()[:40]
            raise InputError(f"{path}:{number}: is not a calendar: expected BEGIN:VCALENDAR, found `{shown}`")
    if not outer:
        raise InputError(f"{path}: is empty, expected a calendar")
    if stack:
        raise InputError(f"{path}: is not whole: it ends inside the {stack[-1].name} of line {stack[-1].line}")
    return outer


def _end(stack: list[Block], name: str) -> None:
    """End the innermost component of that name, and those in it that have no end."""
    if any(one.name == name for one in stack):
        while stack:
            one = stack.pop()
            one.closed = one.name == name
            if one.closed:
                return


def _unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers. A line may be folded within a character, so they are joined as bytes."""
    start, pieces = 1, list[bytes]()
    text = data.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for number, line in enumerate(text.split(b"\n"), 1):
        if line[:1] in (b" ", b"\t") and pieces:
            pieces.append(line[1:])
        elif line:
            if pieces:
                yield start, b"".join(pieces)
            start, pieces = number, [line]
    if pieces:
        yield start, b"".join(pieces)


def _decoded(number: int, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InputError(f"line {number} is not UTF-8 text, which calendars are (RFC 5545, section 3.1.4)") from None
