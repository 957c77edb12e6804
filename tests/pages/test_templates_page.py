"""docs/templates.md names all that templates may use, and is what `make docs` makes."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from alerts.core.reminders import Kind
from alerts.rendering.fact_parts import Certainty, Standing
from alerts.rendering.post_builder import PostBuilder
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_environment import FACT_TYPES, FILTERS_OFFERED
from alerts.rendering.template_facts import Group, What
from alerts.rendering.timeline import Drawn
from pages.block_meanings import BLOCKS, CODES, TEMPLATES
from pages.template_meanings import FILTERS, MEANINGS
from pages.templates import PAGE, blocks, described, made, names
from tests.rendering.reminder_factories import TEMPLATES as FOLDER
from tests.rendering.reminder_factories import notification, single, told

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_types_say() -> None:
    assert made(TEXT) == TEXT, "run `make docs`"


@pytest.mark.parametrize("kind", sorted(FACT_TYPES, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_every_field_that_templates_see_has_a_meaning(kind: type) -> None:
    assert set(MEANINGS[kind]) == set(described(kind))
    assert all(f"| `{name}` |" in TEXT for name in MEANINGS[kind])


def test_every_filter_has_a_meaning() -> None:
    assert set(FILTERS) == set(FILTERS_OFFERED)


def test_every_template_and_block_has_a_meaning() -> None:
    assert list(TEMPLATES) == names()
    assert set(BLOCKS) == {block for name in names() for block in blocks(name)}


@pytest.mark.parametrize(
    ("name", "codes"),
    [("kind", Kind), ("what", What), ("standing", Standing), ("certainty", Certainty), ("group", Group),
     ("kind of a cell", Drawn)],
)  # fmt: skip
def test_every_code_has_a_meaning(name: str, codes: object) -> None:
    assert tuple(CODES[name]) == get_args(codes)


def test_every_function_of_chat_templates_is_named() -> None:
    assert all(f"`{{{{ {name}(" in TEXT or f"`{name}(" in TEXT for name in PostBuilder().names)


def test_the_blocks_that_the_page_replaces_are_replaced(tmp_path) -> None:
    mail, chat = re.findall(r"```jinja\n(.+?)```", TEXT, re.DOTALL)
    for name, text in (("email/reminder.html", mail), ("chat/reminder.jinja", chat)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    renderer = Renderer([tmp_path, FOLDER])
    message, error = renderer.render(single(), "mail")
    assert error is None
    assert "Questions? Write to desk@example.org." in (message.html or "")
    post, error = renderer.render(single(), "post")
    assert error is None
    assert "Questions? Our page" in post.text
    assert renderer.check(single(), "mail") == renderer.check(single(), "post") == []


OWN = [
    ("email/reminder.html", "footer", '{{ say.who(t) }} {{ html.link("https://example.org", ink["late"]) }}'),
    ("email/digest.html", "timeline", '{{ html.heading("Ours") }} {{ say.digest_headline(digest) }} {{ ink["open"] }}'),
    ("chat/reminder.jinja", "ledger", "{{ line(say.next(t)) }}"),
    ("chat/digest.jinja", "commands", "{{ line(say.digest_headline(digest)) }}"),
]


@pytest.mark.parametrize(("name", "block", "text"), OWN)
def test_what_the_page_says_is_there_in_a_block_is_there(tmp_path, name: str, block: str, text: str) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(f'{{% extends "shipped/{name}" %}}{{% block {block} %}}{text}{{% endblock %}}')
    asked = single() if "reminder" in name else notification(told(), told("2025-12-01"))
    medium = "post" if name.startswith("chat") else "mail"
    assert Renderer([tmp_path, FOLDER]).check(asked, medium) == []
