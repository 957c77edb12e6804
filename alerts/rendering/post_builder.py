"""What a chat template calls to write a post, and the post that comes of it. Data are text here, never markup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import groupby

from alerts.core.posts import Line, Post, Run, Section
from alerts.rendering.template_facts import Digest


def _run(part: object) -> Run:
    return part if isinstance(part, Run) else Run(str(part))


def bold(part: object) -> Run:
    """Return the part in bold."""
    return replace(_run(part), bold=True)


def italic(part: object) -> Run:
    """Return the part in italics."""
    return replace(_run(part), italic=True)


def code(part: object) -> Run:
    """Return the part in a font of fixed width."""
    return replace(_run(part), code=True)


def link(part: object, address: str | None) -> Run:
    """Return the part as a link; without an address, as it is."""
    return replace(_run(part), link=address or None)


class PostBuilder:
    """Collects the lines of one post, section by section, while its template is rendered."""

    def __init__(self) -> None:
        self._sections: list[list[Line]] = [[]]

    @property
    def names(self) -> Mapping[str, Callable[..., object]]:
        """What the template may call, by name."""
        return {
            "line": self.line, "quote": self.quote, "section": self.section,
            "bold": bold, "italic": italic, "code": code, "link": link,
        }  # fmt: skip

    @property
    def sections(self) -> tuple[Section, ...]:
        """What was written so far, without empty sections."""
        return tuple(tuple(section) for section in self._sections if section)

    def line(self, *parts: object) -> str:
        """Add a line, unless it has no visible text."""
        return self._add(parts, quote=False)

    def quote(self, *parts: object) -> str:
        """Add a line that quotes somebody."""
        return self._add(parts, quote=True)

    def section(self) -> str:
        """Begin a new section."""
        self._sections.append([])
        return ""

    def _add(self, parts: tuple[object, ...], *, quote: bool) -> str:
        alike = groupby(map(_run, parts), key=lambda run: replace(run, text=""))
        runs = folded([replace(style, text="".join(run.text for run in same)) for style, same in alike])
        if runs:
            self._sections[-1].append(Line(runs, quote=quote))
        return ""


def folded(runs: list[Run]) -> tuple[Run, ...]:
    """Collapse white space as HTML does: one space for any run, none at the ends."""
    kept: list[Run] = []
    for run in runs:
        text = " ".join(run.text.split())
        before = " " if run.text[:1].isspace() and kept and not kept[-1].text.endswith(" ") else ""
        after = " " if text and run.text[-1:].isspace() else ""
        if before or text:
            kept.append(replace(run, text=before + text + after))
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)


def post_of(digest: Digest, title: str, sections: tuple[Section, ...], *, summary: bool) -> Post:
    """Return a post with its text and with what chats show apart from it. A summary is about no single commitment."""
    reminders = digest.reminders
    things = {(t.key, t.occurrence) for t in reminders}
    one = reminders[0] if len(things) == 1 and not summary else None
    order = ("low", "normal", "high", "critical")
    address = one.answer_url if one else digest.answer_url
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
        answer=_link_to(address, sections) if address else None,
    )


def _link_to(address: str, sections: Iterable[Section]) -> Run:
    """Return the link to an address as the template has written it."""
    runs = (run for section in sections for line in section for run in line.runs)
    return next((Run(run.text, link=address) for run in runs if run.link == address), Run("Answer", link=address))
