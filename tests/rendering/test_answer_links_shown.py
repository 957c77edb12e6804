"""Links by which a reader answers, in mails and their text; without them messages are as they always were."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alerts.core.answer_links import placeholders
from alerts.core.notifications import Notification
from alerts.rendering.renderer import Renderer
from tests.channels.cases import CASES, LINKED
from tests.rendering.reminder_factories import told

URL = re.compile(r"https://alerts\.example\.org/a/[0-9a-z]+")
NAMES = sorted(LINKED)


class Links(HTMLParser):
    """The links of a page: address and accessible name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: dict[str, str | None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = dict(attrs)

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found.append((self._open["href"] or "", self._open.get("aria-label") or data))
            self._open = None


def mail(renderer: Renderer, case: Notification) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    message, error = renderer.render(case, "mail")
    assert error is None
    return message.text, message.html or ""


def expected(case: Notification) -> set[tuple[int | None, str]]:
    """Return what the links of a message must answer: each entry, and in a list also all together."""
    entries = {(one.tracked.id, one.reminder.occurrence) for one in case.contexts}
    return entries if len(case.contexts) == 1 and not case.summary else {*entries, (None, "")}


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_has_its_link_and_a_list_one_for_all(name: str, renderer: Renderer) -> None:
    for part in mail(renderer, LINKED[name]):
        links = placeholders(part)
        assert {(link.commitment_id, link.occurrence) for link in links} == expected(LINKED[name])
        assert {link.delivery for link in links} == {LINKED[name].id}


def test_the_link_of_what_recurs_names_its_occurrence(renderer: Renderer) -> None:
    item = told("every FREQ=MONTHLY;BYMONTHDAY=15 from 2025-11-15", reminder={"occurrence": "2025-11-15"})
    case = replace(LINKED["before_linked"], contexts=(replace(item, tracked=item.tracked.at("2025-11-15")),))
    (link,) = placeholders(mail(renderer, case)[0])
    assert link.occurrence == "2025-11-15"


@pytest.mark.parametrize("name", NAMES)
def test_in_text_a_link_is_alone_on_its_line(name: str, renderer: Renderer) -> None:
    text, _ = mail(renderer, LINKED[name])
    lines = [line.strip() for line in text.splitlines() if "/a/" in line]
    assert lines
    assert all(URL.fullmatch(line) for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_no_command_is_left_where_there_are_links(name: str, renderer: Renderer) -> None:
    for part in mail(renderer, LINKED[name]):
        assert "alerts ack" not in part
        assert "alerts close" not in part
        assert "alerts show" not in part
        assert "alerts list" not in part


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_each_link_to_one_has_its_title(name: str, renderer: Renderer) -> None:
    titles = [one.tracked.commitment.title for one in LINKED[name].contexts]
    links = Links(mail(renderer, LINKED[name])[1]).found
    for address, spoken in links:
        if any(link.commitment_id for link in placeholders(address)):
            assert any(spoken.endswith(f": {title}") for title in titles), spoken


def test_a_single_alert_has_one_button_with_a_ground_of_its_own(renderer: Renderer) -> None:
    _, html = mail(renderer, LINKED["before_linked"])
    cell = '<td class="act" align="center" bgcolor="#1756b0"'
    assert html.count(cell) == html.count(">Answer</a>") == 1
    assert ".act {" in html  # what it looks like for dark readers
    assert "Acknowledge, snooze or add a note without signing in." in html


def test_only_what_a_link_may_do_is_named(renderer: Renderer) -> None:
    case = LINKED["before_linked"]
    assert case.links
    one = replace(case, links=replace(case.links, allowed=("acknowledge", "move", "close", "reopen")))
    text, html = mail(renderer, one)
    for part in (text, html):
        assert "Acknowledge, new date or done without signing in" in part
    none = replace(case, links=replace(case.links, allowed=()))
    assert "See how it stands." in mail(renderer, none)[1]


def test_what_is_closed_has_a_link_to_its_details(renderer: Renderer) -> None:
    text, html = mail(renderer, LINKED["closed_linked"])
    assert "Details: Trade truce" in html
    assert "Acknowledging" not in text + html


@pytest.mark.parametrize("name", ["before", "digest", "summary"])
def test_a_mail_says_who_reads_replies(name: str, renderer: Renderer) -> None:
    linked = replace(LINKED[f"{name}_linked"], reply_to="desk@example.org")
    for part in mail(renderer, linked):
        assert "A reply to this mail records no answer; it goes to desk@example.org." in " ".join(part.split())
    for part in mail(renderer, replace(CASES[name], reply_to="desk@example.org")):
        assert "Replies go to desk@example.org." in part
    for part in mail(renderer, CASES[name]):
        assert "repl" not in part.lower()


@pytest.mark.parametrize("medium", ["mail", "text", "json", "post"])
@pytest.mark.parametrize("name", NAMES)
def test_the_built_in_message_has_the_links_too(name: str, medium: str, tmp_path: Path) -> None:
    message, error = Renderer([tmp_path]).render(LINKED[name], medium)
    assert error
    if message.post:
        assert message.post.answer
        assert message.post.answer.link in {run.link for line in message.post.sections[-1] for run in line.runs}
        assert "/a/" not in message.text
    else:
        entries = {(one.tracked.id, one.reminder.occurrence) for one in LINKED[name].contexts}
        assert {(link.commitment_id, link.occurrence) for link in placeholders(message.text)} == entries


def test_phrases_of_a_users_own_need_no_word_about_links(tmp_path: Path, renderer: Renderer) -> None:
    shipped = Path(__file__).parents[2] / "templates"
    for name in ("phrases.jinja", "email/parts.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((shipped / name).read_text())
    own = Renderer([tmp_path, shipped])
    for case in LINKED.values():
        assert mail(own, case) == mail(renderer, case)


def test_a_message_hides_its_texts_when_it_is_shown(renderer: Renderer) -> None:
    message, _ = renderer.render(LINKED["digest_linked"], "mail")
    assert "/a/" not in repr(message)
    assert "subject=" in repr(message)
