"""Posts: what a chat is told, as runs of text that no chat's markup has touched yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alerts.core.reminders import Kind


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style. `link` is an address that a reader may safely follow."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph; `quote` sets it apart as somebody else's words."""

    runs: tuple[Run, ...]
    quote: bool = False

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(run.text for run in self.runs)


Section = tuple[Line, ...]
Write = Callable[[Section], str]  # in the markup of a chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message to a chat, section by section; the last one (the commands) is never left out for want of room.

    `urgency` is late, today, soon, coming, open, moved or changed, or trouble for what operators are told. `thread`
    and `occurrence` are what it belongs to (a commitment's key) where it is about one alone, `kinds` are those of the
    reminders in it, `ended` says that it is closed. `more` is the command that shows all of it.
    """

    title: str
    sections: tuple[Section, ...]
    urgency: str = "coming"
    priority: str = "normal"
    thread: str | None = None
    occurrence: str = ""
    kinds: tuple[Kind, ...] = ()
    ended: bool = False
    link: str | None = None
    more: str = "alerts list"

    def fitted(
        self, write: Write, size: Callable[[str], int] = len, *, section: int, whole: int, sections: int = 1000
    ) -> list[str]:
        """Write each section within the limits of a chat; what has no room is cut or left out visibly.

        `size` measures what is written, against the limits of one `section` and of the `whole`; `sections` is how many
        there may be. What is left out is pointed to by `more`; the last section is always kept.
        """
        *head, last = [fit(one, write, size, section, self.more) for one in self.sections] or [""]
        pointer = write((Line((Run("… there is more than one message holds: "), Run(self.more, code=True))),))
        places = sections - 1 if len(head) < sections else sections - 2
        room, kept = whole - size(last) - size(pointer), list[str]()
        for text in head:
            room -= size(text)
            if room < 0 or len(kept) >= places:
                kept.append(pointer)
                break
            kept.append(text)
        return [text for text in (*kept, last) if text]


def fit(section: Section, write: Write, size: Callable[[str], int], limit: int, more: str) -> str:
    """Write a section, its end cut visibly where it is larger than `limit`."""
    text = write(section)
    if size(text) <= limit:
        return text
    pointer = Line((Run("… shortened: "), Run(more, code=True)))
    room = limit
    while room > 0:
        text = write((*cut(section, room), pointer))
        if (over := size(text) - limit) <= 0:
            return text
        room -= max(over // 8, 1)  # one character may be written as several octets, or escaped
    return write((pointer,))


def cut(section: Section, length: int) -> Section:
    """The beginning of a section, so many characters long."""
    kept: list[Line] = []
    for line in section:
        runs: list[Run] = []
        for run in line.runs:
            if length <= 0:
                break
            runs.append(replace(run, text=run.text[:length]))
            length -= len(run.text)
        if runs:
            kept.append(replace(line, runs=tuple(runs)))
    return tuple(kept)


def shortened(text: str, limit: int, size: Callable[[str], int] = len, write: Callable[[str], str] = str) -> str:
    """Write one line, its end cut visibly where it is larger than `limit`."""
    text = " ".join(text.split())
    written, keep = write(text), min(len(text), limit)
    while size(written) > limit:
        keep -= max((size(written) - limit) // 8, 1)
        written = write(text[:keep].rstrip() + "…")
    return written


def plain_sections(text: str) -> tuple[Section, ...]:
    """Read plain text as sections: paragraphs between empty lines."""
    return tuple(
        tuple(Line((Run(line.strip()),)) for line in part.splitlines() if line.strip())
        for part in text.split("\n\n")
        if part.strip()
    )


def words_of(sections: Sequence[Section]) -> str:
    """The words of a post without any style, a line each."""
    return "\n\n".join("\n".join(line.text for line in section) for section in sections)
