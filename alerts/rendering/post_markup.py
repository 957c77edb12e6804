"""From the HTML of a chat template to a post. Only a few tags are known, and data are escaped."""

from __future__ import annotations

from html.parser import HTMLParser

from alerts.core.posts import Line, Post, Run, Section
from alerts.rendering.template_facts import Digest

BLOCKS = ("p", "blockquote")
STYLES = ("b", "i", "code", "a")


class _Reader(HTMLParser):
    """Reads `<p>` and `<blockquote>` as lines, `<hr>` as the end of a section, `<b>`, `<i>`, `<code>`, `<a href>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[list[Line]] = [[]]
        self._runs: list[Run] = []
        self._styles: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self._end_line()
        elif tag == "hr":
            self._end_line()
            self.sections.append([])
        elif tag in STYLES:
            self._styles.append((tag, dict(attrs).get("href")))
        else:
            raise ValueError(f"line {self.getpos()[0]}: a post knows no <{tag}>, only p, blockquote, hr, b, i, code, a")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._end_line(quote=tag == "blockquote")
        elif tag in STYLES and [name for name, _ in self._styles][-1:] == [tag]:
            self._styles.pop()
        else:
            raise ValueError(f"line {self.getpos()[0]}: </{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        names = {name for name, _ in self._styles}
        link = next((href for name, href in self._styles if name == "a" and href), None)
        self._runs.append(Run(data, bold="b" in names, italic="i" in names, code="code" in names, link=link))

    def _end_line(self, *, quote: bool = False) -> None:
        runs, self._runs = _folded(self._runs), []
        if runs:
            self.sections[-1].append(Line(runs, quote=quote))


def _folded(runs: list[Run]) -> tuple[Run, ...]:
    """Collapse white space as HTML does: one space for any run, none at the ends."""
    kept: list[Run] = []
    for run in runs:
        text = " ".join(run.text.split())
        before = " " if run.text[:1].isspace() and kept and not kept[-1].text.endswith(" ") else ""
        after = " " if text and run.text[-1:].isspace() else ""
        if before or text:
            kept.append(Run(before + text + after, run.bold, run.italic, run.code, run.link))
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        last = kept[-1]
        kept[-1] = Run(last.text.rstrip(), last.bold, last.italic, last.code, last.link)
    return tuple(kept)


def sections_of(html: str) -> tuple[Section, ...]:
    """Return the sections of a rendered chat template. Raises ValueError for a tag that a post does not know."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.handle_starttag("p", [])
    return tuple(tuple(section) for section in reader.sections if section)


def post_of(digest: Digest, title: str, sections: tuple[Section, ...], *, summary: bool) -> Post:
    """Return a post with its text and with what chats show apart from it. A summary is about no single commitment."""
    reminders = digest.reminders
    things = {(t.key, t.occurrence) for t in reminders}
    one = reminders[0] if len(things) == 1 and not summary else None
    order = ("low", "normal", "high", "critical")
    return Post(
        title=title.strip(),
        sections=sections,
        urgency=one.urgency if one else digest.groups[0][0] if reminders else "coming",
        priority=max((t.priority for t in reminders), key=order.index, default="normal"),
        thread=one.key if one else None,
        occurrence=one.occurrence if one else "",
        kinds=tuple(t.kind for t in reminders),
        ended=bool(one and one.ended),
        link=one.source.link if one and one.source else None,
        more=one.commands.show if one else "alerts list",
    )
