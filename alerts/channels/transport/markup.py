"""How a chat writes styles: its markers for bold, italic, code, links and quotes, and how it makes text inert."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from alerts.core.posts import Line, Run, Section

COLORS = {  # by urgency, the same as in mails
    "late": "#b3261e", "today": "#a84a00", "soon": "#1756b0", "coming": "#1756b0", "open": "#5b3fb5",
    "moved": "#0b6b74", "changed": "#3d6b35", "failure": "#b3261e",
}  # fmt: skip
BACKTICKS = "`{}`"
_LIVE = re.compile(  # an address, an :emoji:, a mention, and addresses without a scheme
    r":(?=//|(?!\d+:)[+\w-]{1,64}:)|@(?=\S)|\bwww\d{0,3}(?=\.)|\b(?:mailto|tel)(?=:)", re.IGNORECASE
)
_OPENS = re.compile(r"\s*(?:\d{1,9}(?=[.)])|(?=[#>+-]|=+\s*\Z))")  # the start of a list, a heading or a quote
_ENDS = {
    ord(character): f"%{ord(character):02X}" for character in "()<>\"'|\\`* "
}  # characters that may stand around an address


def unlinked(text: str) -> str:
    """Break automatic links and mentions with a space of zero width."""
    return _LIVE.sub("\\g<0>\u200b", text)


def markdown(text: str) -> str:
    """Make text inert within a line of Markdown, links and mentions too (CommonMark 0.31 §2.4, §6)."""
    return re.sub(r"([\\`*_\[\]~|<])", r"\\\1", unlinked(text))


def markdown_opening(line: str) -> str:
    """Make the start of a line inert: Markdown has more markers there (CommonMark 0.31 §4, §5)."""
    return _OPENS.sub(lambda found: found[0] + "\\", line, count=1) if _OPENS.match(line) else line


def fenced(text: str) -> str:
    """Return text as Markdown code, between more backticks than it contains (CommonMark 0.31 §6.1)."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, room = "`" * (longest + 1), " " if longest else ""
    return fence + room + text + room + fence


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """The markers of one chat. `{}` stands for the text; `link` has `{text}` and `{url}`.

    `escape` makes data inert within a line, `escape_code` in code, `opening` the beginning of a line, and
    `escape_address` an address in a link. Code stands between as many backticks as it needs.
    """

    escape: Callable[[str], str]
    opening: Callable[[str], str] = str
    escape_code: Callable[[str], str] = str
    escape_address: Callable[[str], str] = str
    bold: str = "**{}**"
    italic: str = "_{}_"
    code: str = BACKTICKS
    link: str = "[{text}]({url})"
    quote: str = "> {}"
    newline: str = "\n"

    def write(self, section: Section) -> str:
        """Return a section, line by line."""
        return self.newline.join(self._line(line) for line in section).strip()

    def _line(self, line: Line) -> str:
        runs = [
            Run("".join(run.text for run in same), *style)  # adjacent markers would be read as one
            for style, same in groupby(line.runs, key=_style)
        ]
        texts = ["", *(run.text for run in runs), ""]
        escaped = "".join(map(self._run, runs, texts, texts[2:]))
        escaped = self.opening(escaped)
        return self.quote.format(escaped) if line.quote else escaped

    def _run(self, run: Run, before: str, after: str) -> str:
        text = " ".join(run.text.split())
        if not text:
            return run.text and " "
        escaped = (
            self._code(text)
            if run.code
            else self.escape(_escape_brackets(text) if run.link and self.link[0] == "[" else text)
        )
        if not (_inside_word(before[-1:] + run.text[:1], 2) or _inside_word(run.text[-1:] + after[:1], 2)):
            escaped = self.bold.format(escaped) if run.bold else escaped
            escaped = self.italic.format(escaped) if run.italic else escaped
        if run.link:
            escaped = self.link.format(text=escaped, url=self.escape_address(_address(run.link)))
        return " " * run.text[:1].isspace() + escaped + " " * run.text[-1:].isspace()

    def _code(self, text: str) -> str:
        escaped = self.escape_code(text)
        return fenced(escaped) if self.code == BACKTICKS else self.code.format(escaped)


def _style(run: Run) -> tuple[bool, bool, bool, str | None]:
    return run.bold, run.italic, run.code, run.link


def _inside_word(characters: str, count: int) -> bool:
    """Return whether markers would touch a letter or sign: chats do not read them as markers there."""
    return len(characters) == count and not any(character.isspace() for character in characters)


def _escape_brackets(text: str) -> str:
    """Replace square brackets in a link's text: clients disagree on how they nest."""
    return text.translate({ord("["): "(", ord("]"): ")"})


def _address(url: str) -> str:
    """Return an address without the characters that would end a link."""
    return "".join(filter(str.isprintable, url)).translate(_ENDS)
