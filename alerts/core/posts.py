"""Posts: the content of a chat message, before any chat's markup."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, replace
from typing import TypeVar

from alerts.core.reminders import Kind

Written = TypeVar("Written", bound=Sized)  # what a chat writes a section as: text, or a part of its JSON


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style. `link` is an address that a reader may safely follow."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph; `quote` sets it apart as a quote."""

    runs: tuple[Run, ...]
    quote: bool = False

    @property
    def text(self) -> str:
        """Return the text without style."""
        return "".join(run.text for run in self.runs)


Section = tuple[Line, ...]
Write = Callable[[Section], Written]  # as a chat has it
Measure = Callable[[Written], int]  # of what is written

SMALLEST = 300  # characters that a section is cut to before whole sections are left out
SHORTEST = 60  # characters that a line is cut to before whole lines are left out
LOOSE = 2  # a text longer than the room by this factor is too large however it is written


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message to a chat, section by section; the last one (the commands) is never left out for want of room.

    `urgency` is late, today, soon, coming, open, moved or changed, or failure for a notice to operators. `thread`
    and `occurrence` are what it belongs to (a commitment's key) where it is about one alone, `kinds` are those of the
    reminders in it, `ended` says that it is closed. `more` is the command that shows all of it. `answer` is the link
    by which a reader answers, if there is one.
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
    answer: Run | None = None

    @property
    def pointer(self) -> Run:
        """Return where a reader finds what has no room here."""
        return replace(self.answer, text="see all of it") if self.answer else Run(self.more, code=True)

    def without_answer_line(self) -> Post:
        """Return it without the lines that hold the link by which a reader answers, for a chat with a button for it."""
        link = self.answer and self.answer.link
        kept = (
            tuple(line for line in section if not link or [run.link for run in line.runs] != [link])
            for section in self.sections
        )
        return replace(self, sections=tuple(section for section in kept if section))

    def fitted(
        self,
        write: Write[Written],
        size: Measure[Written] = len,
        *,
        section: int,
        whole: int,
        sections: int = 1000,
        between: int = 0,
    ) -> list[Written]:
        """Write each section within the limits of a chat; what has no room is cut or left out visibly.

        `size` measures what is written, against the limits of one `section` and of the `whole`; `sections` is how many
        there may be, `between` what each takes up around its text. Where all together are too large, the large ones
        are cut rather than any left out. What is left out is pointed to by `more`; the last is always kept. A section
        without visible text is not written.
        """
        shown = [one for one in self.sections if any(line.text.strip() for line in one)]
        if not shown:
            return []
        *head, commands = shown
        last = fit(commands, write, size, section, self.pointer)
        pointer = write((Line((Run("… there is more than one message holds: "), self.pointer)),))
        room = whole - size(last) - between
        sizes = [_size(one, write, size, section) + between for one in head]
        share = section
        if sum(sizes) > room:
            room -= size(pointer) + between
            shares = range(SMALLEST, section)
            fits = bisect_right(shares, room, key=lambda most: sum(min(one, most + between) for one in sizes))
            share = shares[max(fits - 1, 0)]
        kept: list[Written] = []
        for one in head:
            written = fit(one, write, size, share, self.pointer)
            room -= size(written) + between
            if room < 0 or len(kept) == sections - (1 if len(head) < sections else 2):
                kept.append(pointer)
                break
            kept.append(written)
        return [*kept, last]


def fit(section: Section, write: Write[Written], size: Measure[Written], limit: int, more: Run) -> Written:
    """Write a section; where it is larger than `limit`, its longest lines are cut visibly, and if need be the last."""
    if _size(section, write, size, limit) <= limit:
        return write(section)
    pointer = Line((Run("… shortened: "), more))
    section = tuple(_cut(line, limit) for line in section)

    def cut(length: int, lines: int) -> Written:
        return write((*(_cut(line, length) for line in section[:lines]), pointer))

    lengths = range(SHORTEST, limit)
    if found := bisect_right(lengths, limit, key=lambda length: size(cut(length, len(section)))):
        return cut(lengths[found - 1], len(section))
    lines = bisect_right(range(len(section)), limit, key=lambda lines: size(cut(SHORTEST, lines)))
    return cut(SHORTEST, max(lines - 1, 0))


def _size(section: Section, write: Write[Written], size: Measure[Written], limit: int) -> int:
    """Return the size of a section, or `limit` + 1 where it is larger."""
    if sum(len(run.text) for line in section for run in line.runs) > LOOSE * limit:
        return limit + 1
    return min(size(write(section)), limit + 1)


def _cut(line: Line, length: int) -> Line:
    """Return the beginning of a line, of a given length with the sign that it was cut."""
    if len(line.text) <= length:
        return line
    runs: list[Run] = []
    left = length - 1
    for run in line.runs:
        if left <= 0:
            break
        runs.append(replace(run, text=run.text[:left]))
        left -= len(run.text)
    runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip() + "…")
    return replace(line, runs=tuple(runs))


def shortened(text: str, limit: int, size: Callable[[str], int] = len, write: Callable[[str], str] = str) -> str:
    """Write one line, its end cut visibly where it is larger than `limit`; never within what one sign is written as."""
    text = " ".join(text.split())[: limit + 1]
    if size(written := write(text)) <= limit:
        return written

    def cut(length: int) -> str:
        return write(text[:length].rstrip() + "…")

    return cut(max(bisect_right(range(limit), limit, key=lambda length: size(cut(length))) - 1, 0))


def utf16(text: str) -> int:
    """Return the length in UTF-16 units, as browsers count: never less than one that counts characters."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def octets(text: str) -> int:
    """Return the length in octets of UTF-8."""
    return len(text.encode(errors="replace"))


def plain_sections(text: str) -> tuple[Section, ...]:
    """Read plain text as sections: paragraphs between empty lines; a first column of a line is its label."""
    return tuple(
        tuple(_plain_line(line.strip()) for line in part.splitlines() if line.strip())
        for part in text.split("\n\n")
        if part.strip()
    )


def _plain_line(line: str) -> Line:
    label, column, rest = line.partition("  ")
    rest = rest.strip()
    value = Run(rest, code=rest.startswith("alerts "))
    return Line((Run(f"{label}:", bold=True), Run(" "), value)) if column else Line((Run(line),))


def text_of(sections: Sequence[Section]) -> str:
    """Return the text of a post without style, one line each."""
    return "\n\n".join("\n".join(line.text for line in section) for section in sections)
