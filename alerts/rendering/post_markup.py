"""Chat templates in HTML, the former way: a user's `chat/*.html` work until the next release, which deletes this file.

Such a template may extend a shipped one. That is rendered with functions that write the tags which this file reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound, meta, nodes
from markupsafe import Markup, escape

from alerts.core.posts import Line, Run, Section
from alerts.rendering.post_builder import folded
from alerts.rendering.unused_overrides import parsed_template

BLOCKS = ("p", "blockquote")
STYLES = ("b", "i", "code", "a")
REPLACEMENTS = {
    "p": "line(…)", "blockquote": "quote(…)", "hr": "section()", "b": "bold(…)", "i": "italic(…)", "code": "code(…)",
    "a": "link(text, address)",
}  # fmt: skip


def _tagged(tag: str) -> Callable[..., Markup]:
    return lambda *parts: Markup("<{0}>{1}</{0}>").format(tag, Markup().join(parts))


def _link(part: object, address: str | None) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, part) if address else escape(part)


TAGS: Mapping[str, Callable[..., Markup]] = {
    "line": _tagged("p"), "quote": _tagged("blockquote"), "section": lambda: Markup("<hr>"), "bold": _tagged("b"),
    "italic": _tagged("i"), "code": _tagged("code"), "link": _link,
}  # fmt: skip


class _FormerNames(BaseLoader):
    """Finds `chat/reminder.html`, which is `chat/reminder.jinja` now, for templates that extend or include it."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the source of a template."""
        try:
            return self._loader.get_source(environment, template)
        except TemplateNotFound:
            if not template.removeprefix("shipped/").startswith("chat/") or not template.endswith(".html"):
                raise
            return self._loader.get_source(environment, _new_name(template))

    def list_templates(self) -> list[str]:
        """Return the names of all templates."""
        return self._loader.list_templates()


def accept_former_names(environment: Environment) -> None:
    """Let templates extend `shipped/chat/reminder.html` as before."""
    assert environment.loader
    environment.loader = _FormerNames(environment.loader)


def former_templates(own: Sequence[Path]) -> frozenset[str]:
    """Return the names of the chat templates that a user has in HTML only, or in a folder that comes first."""
    found: dict[str, str] = {}
    for folder in own:
        for path in sorted(folder.glob("chat/*"), reverse=True):  # .jinja first
            found.setdefault(f"chat/{path.stem}", path.suffix)
    return frozenset(f"{name}.html" for name, suffix in found.items() if suffix == ".html")


def uses_of_tags(environment: Environment, own: Iterable[str]) -> Iterator[str]:
    """Return one line for each chat template in HTML: its new name, and what replaces its tags."""
    for name in own:
        if name.startswith("chat/") and name.endswith(".html") and (template := parsed_template(environment, name)):
            html = " ".join(data.data for data in template.find_all(nodes.TemplateData))
            used = [f"<{tag}> is now {new}" for tag, new in REPLACEMENTS.items() if re.search(rf"<{tag}\b", html)]
            renamed = f"template {name}: rename it to {_new_name(name)}"
            extended = (
                one for one in meta.find_referenced_templates(template) if one and one.startswith("shipped/chat/")
            )
            used += [f"{one} is now {_new_name(one)}" for one in extended]
            yield "; ".join((renamed, *used, "the old file works until the next release"))


def _new_name(name: str) -> str:
    return name.removesuffix("html") + "jinja"


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
        runs, self._runs = folded(self._runs), []
        if runs:
            self.sections[-1].append(Line(runs, quote=quote))


def sections_of(html: str) -> tuple[Section, ...]:
    """Return the sections of a rendered template. Raises ValueError for a tag that a post does not know."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.handle_starttag("p", [])
    return tuple(tuple(section) for section in reader.sections if section)
