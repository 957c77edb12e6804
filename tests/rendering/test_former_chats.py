"""A user's chat templates in HTML work until the next release, and `alerts check` names what replaces them."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.core.notifications import Notification
from alerts.core.posts import Line, Run
from alerts.rendering.renderer import Renderer
from tests.channels.cases import CASES
from tests.injections import INJECTIONS
from tests.rendering.reminder_factories import TEMPLATES, laced, single

FORMER = Path(__file__).parent / "former"  # the chat templates as they were shipped in HTML
CALLS = Path(__file__).parent / "former_calls"  # the same with calls in place of tags
SHIPPED = [name for name, case in CASES.items() if not case.notice]


def own(folder: Path, **templates: str) -> Renderer:
    (folder / "chat").mkdir(exist_ok=True)
    for name, text in templates.items():
        (folder / "chat" / name.replace("_", ".")).write_text(text)
    return Renderer([folder, TEMPLATES])


@pytest.fixture(scope="module")
def former() -> Renderer:
    return Renderer([FORMER, TEMPLATES])


@pytest.fixture(scope="module")
def calls() -> Renderer:
    return Renderer([CALLS, TEMPLATES])


def extending(folder: Path) -> Renderer:
    return own(folder, **{f"{name}_html": f'{{% extends "shipped/chat/{name}.html" %}}' for name in
                          ("digest", "reminder", "summary")})  # fmt: skip


def posts(renderer: Renderer, asked: Notification) -> object:
    message, error = renderer.render(asked, "post")
    assert error is None
    return message.post


@pytest.mark.parametrize("name", SHIPPED)
def test_tags_give_the_same_posts_as_calls(
    name: str, former: Renderer, calls: Renderer, renderer: Renderer, tmp_path: Path
) -> None:
    assert posts(former, CASES[name]) == posts(calls, CASES[name])
    assert posts(extending(tmp_path), CASES[name]) == posts(renderer, CASES[name])


def test_they_give_the_same_posts_whatever_stands_in_data(
    former: Renderer, calls: Renderer, renderer: Renderer, tmp_path: Path
) -> None:
    extended = extending(tmp_path)
    for text in INJECTIONS:
        assert posts(former, laced(text)) == posts(calls, laced(text)), text
        assert posts(extended, laced(text)) == posts(renderer, laced(text)), text


def test_a_block_in_html_replaces_one_of_a_shipped_template(tmp_path: Path) -> None:
    text = '{% extends "shipped/chat/reminder.html" %}{% block ledger %}<p>Ours: <b>{{ t.title }}</b></p>{% endblock %}'
    message, error = own(tmp_path, reminder_html=text).render(single(commitment={"title": "<b> & more"}), "post")
    assert error is None
    assert message.post
    assert message.post.sections[0][0].runs[0] == Run("Who:", bold=True)
    assert message.post.sections[2] == (Line((Run("Ours: "), Run("<b> & more", bold=True))),)


def test_a_new_template_comes_before_one_in_html(tmp_path: Path) -> None:
    renderer = own(tmp_path, reminder_html="<p>old</p>", reminder_jinja="{{ line('new') }}")
    assert renderer.render(single(), "post")[0].text == "new\n"
    assert renderer.unused_overrides() == [
        "template chat/reminder.html: nothing uses it; give it the name of a shipped template"
    ]


def test_a_tag_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    renderer = own(tmp_path, reminder_html="<p>\n<script>")
    message, error = renderer.render(single(), "post")
    assert (error or "").startswith(
        "template chat/reminder.html: its output is no post: line 2: a post knows no <script>"
    )
    assert "alerts ack truce-review" in message.text


def test_what_replaces_a_template_that_is_extended_is_named(tmp_path: Path) -> None:
    assert extending(tmp_path).uses_of_renamed()[0] == (
        "template chat/digest.html: rename it to chat/digest.jinja; shipped/chat/digest.html is now "
        "shipped/chat/digest.jinja; the old file works until the next release"
    )


def test_what_replaces_each_file_and_tag_is_named(tmp_path: Path) -> None:
    renderer = own(tmp_path, digest_html="<p><b>{{ digest.count }}</b></p>\n<hr>", summary_jinja="{{ line('new') }}")
    (line,) = renderer.uses_of_renamed()
    assert line == (
        "template chat/digest.html: rename it to chat/digest.jinja; <p> is now line(…); <hr> is now section(); "
        "<b> is now bold(…); the old file works until the next release"
    )
    assert renderer.unused_overrides() == []
