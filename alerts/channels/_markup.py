"""How a chat writes styles: its markers for bold, italic, code, links and quotes, and how it makes text inert."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from alerts.core.posts import Line, Run, Section

COLOURS = {  # by urgency, as the mails have them
    "late": "#b3261e", "today": "#a84a00", "soon": "#1756b0", "coming": "#1756b0", "open": "#5b3fb5",
    "moved": "#0b6b74", "changed": "#3d6b35", "trouble": "#b3261e",
}  # fmt: skip
_LIVE = re.compile(r"(?<=:)(?=//)|(?<=@)(?=\S)|(?<=[Ww][Ww][Ww])(?=\.)|(?<=mailto)(?=:)", re.IGNORECASE)


def unlinked(text: str) -> str:
    """Break what a chat would make a link or a mention of by itself, with a space of no width."""
    return _LIVE.sub("\u200b", text)


def markdown(text: str) -> str:
    """Make text inert in Markdown, links and mentions too (CommonMark 0.31 §2.4: punctuation may be escaped)."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~:@])", r"\\\1", unlinked(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """The markers of one chat. `{}` stands for the text; `link` has `{text}` and `{url}`.

    `escape` makes data inert outside of code, `escape_code` inside; there a backtick would end it.
    """

    escape: Callable[[str], str]
    escape_code: Callable[[str], str] = str
    escape_address: Callable[[str], str] = str
    bold: str = "**{}**"
    italic: str = "*{}*"
    code: str = "`{}`"
    link: str = "[{text}]({url})"
    quote: str = "> {}"
    newline: str = "\n"

    def write(self, section: Section) -> str:
        """A section, line by line."""
        return self.newline.join(self._line(line) for line in section)

    def _line(self, line: Line) -> str:
        text = "".join(self._run(run) for run in line.runs)
        return self.quote.format(text) if line.quote else text

    def _run(self, run: Run) -> str:
        if not run.text.strip():
            return run.text
        text = run.text.strip()
        before, after = run.text[: run.text.index(text[0])], run.text[len(run.text.rstrip()) :]
        said = self.code.format(self.escape_code(text.replace("`", "'"))) if run.code else self.escape(text)
        if run.bold:
            said = self.bold.format(said)
        if run.italic:
            said = self.italic.format(said)
        if run.link:
            said = self.link.format(text=said, url=self.escape_address(_address(run.link)))
        return before + said + after


def _address(url: str) -> str:
    """An address that ends nothing that stands around it."""
    marks = {"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", '"': "%22", "'": "%27", "|": "%7C", " ": "%20", "\n": ""}
    return "".join(marks.get(sign, sign) for sign in url)
