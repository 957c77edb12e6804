"""The user's own templates: which one wins, and what happens when one fails."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.core.messages import Medium
from alerts.core.reminders import Kind
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_environment import Sandbox
from alerts.rendering.template_filters import WIDTH, row
from tests.rendering.reminder_factories import TEMPLATES, single


def own(folder: Path, **templates: str) -> Renderer:
    for name, text in templates.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Renderer([folder, TEMPLATES])


def test_the_users_own_template_wins(tmp_path: Path) -> None:
    renderer = own(tmp_path, email__subject_dot_txt="Mine: {{ t.title }}")
    message, error = renderer.render(single(), "mail")
    assert (message.subject, error) == ("Mine: Trade truce", None)


def test_a_part_of_the_shipped_mail_can_be_replaced(tmp_path: Path) -> None:
    text = '{% extends "shipped/email/reminder.html" %}{% block footer %}Our own footer{% endblock %}'
    message, error = own(tmp_path, email__reminder_dot_html=text).render(single(), "mail")
    assert error is None
    assert "Our own footer" in (message.html or "")
    assert "Trade truce" in (message.html or "")


BROKEN: list[tuple[Medium, str, str, str]] = [
    ("mail", "email__reminder_dot_html", "one\n{{ foo }}", "template email/reminder.html: line 2: 'foo' is undefined"),
    ("mail", "email__reminder_dot_html", "{{ t.foo }}", "template email/reminder.html: line 1: "),
    ("mail", "email__reminder_dot_txt", "one\ntwo\n{% if %}", "template email/reminder.txt: line 3: "),
    ("text", "email__subject_dot_txt", "{{ t.title.x.y }}", "template email/subject.txt: line 1: "),
    (
        "mail",
        "phrases_dot_jinja",
        "\n\n{% macro subject(t, most) %}{{ bar }}{% endmacro %}",
        "template phrases.jinja: line 3: ",
    ),
    ("mail", "email__reminder_dot_html", '{% include "no.html" %}', "template no.html: there is no such file"),
    (
        "mail",
        "email__reminder_dot_html",
        '{% extends "email/reminder.html" %}',
        "template email/reminder.html: it extends or includes itself; extend shipped/email/reminder.html",
    ),
    ("post", "chat__reminder_dot_jinja", "{{ 1 / 0 }}", "template chat/reminder.jinja: line 1: division by zero"),
    (
        "post",
        "chat__reminder_dot_jinja",
        "{{ line('one') }}\n<p>{{ t.title }}</p>",
        "template chat/reminder.jinja: the text “<p>Trade truce</p>” is outside of line(…) and quote(…)",
    ),
    (
        "post",
        "chat__reminder_dot_jinja",
        "{{ line(bold('one')) }}\n{{ bold('two') }}",
        "template chat/reminder.jinja: the text “two” is outside of line(…) and quote(…)",
    ),
    (
        "post",
        "chat__reminder_dot_jinja",
        "{{ line(t.titel) }}",
        "template chat/reminder.jinja: line 1: 'alerts.rendering.template_facts.Facts",
    ),
    ("json", "webhook__body_dot_json", "{", "template webhook/body.json: its output is not JSON: "),
    ("json", "webhook__body_dot_json", "[]", "template webhook/body.json: its output is not a JSON object"),
    (
        "text",
        "email__reminder_dot_txt",
        "{{ ''.__class__ }}",
        "template email/reminder.txt: line 1: access to attribute",
    ),
    (
        "text",
        "email__reminder_dot_txt",
        "{% for one in 'a' %}{{ loop._iterator }}{% endfor %}",
        "template email/reminder.txt: line 1: access to attribute '_iterator'",
    ),
    (
        "text",
        "email__reminder_dot_txt",
        '{% import "phrases.jinja" as say %}{{ say.__dict__ }}',
        "template email/reminder.txt: line 1: access to attribute '__dict__'",
    ),
    (
        "text",
        "email__reminder_dot_txt",
        "{{ t.__class__ }}",
        "template email/reminder.txt: line 1: access to attribute",
    ),
]


@pytest.mark.parametrize(("medium", "name", "text", "said"), BROKEN)
def test_a_template_that_fails_is_reported_and_an_alert_gets_out(
    tmp_path: Path, medium: Medium, name: str, text: str, said: str
) -> None:
    renderer = own(tmp_path, **{name: text})
    message, error = renderer.render(single(), medium)
    assert (error or "").startswith(said)
    assert "\n" not in (error or "")
    assert message.subject.startswith("Mon 10 Nov 2025 · Trade truce")
    assert "alerts ack truce-review" in message.text
    assert message.html is None
    assert (message.body is not None) == (medium == "json")
    assert (message.post is not None) == (medium == "post")
    assert error in renderer.check(single(), medium)


def test_a_check_reports_the_errors_of_all_templates(tmp_path: Path) -> None:
    renderer = own(tmp_path, email__subject_dot_txt="{{ foo }}", email__reminder_dot_html="{{ bar }}")
    assert renderer.check(single(), "mail") == [
        "template email/subject.txt: line 1: 'foo' is undefined",
        "template email/reminder.html: line 1: 'bar' is undefined",
    ]


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_plain_message_of_a_chat_is_about_the_same_commitment(renderer: Renderer, kind: str) -> None:
    asked = single(kind=kind, commitment={"priority": "high"}, reminder={"occurrence": "2025-11-10"})
    made, plain = renderer.render(asked, "post")[0].post, renderer.plain(asked, "post").post
    assert made
    assert plain
    for one in ("priority", "thread", "occurrence", "kinds", "ended", "more"):
        assert getattr(plain, one) == getattr(made, one), one


def test_without_any_template_the_plain_message_of_a_webhook_keeps_its_shape(tmp_path: Path) -> None:
    message, error = Renderer([tmp_path]).render(single(), "json")
    body: Any = message.body
    assert error == "template email/subject.txt: there is no such file"
    assert body["type"] == "deadline.reminder"
    assert body["data"]["reminders"][0]["commitment"]["key"] == "truce-review"


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    renderer = own(tmp_path, email__subject_dot_txt="first")
    renderer.render(single(), "text")
    (tmp_path / "email/subject.txt").write_text("second")
    assert renderer.render(single(), "text")[0].subject == "first"


EXTENDS = '{% extends "shipped/email/reminder.html" %}\n'
OWN = "email__reminder_dot_html"
INSIDE = "{% block content %}{% block x %}{% endblock %}{% endblock %}"
MAYBE = '{% extends digest.rule or "shipped/email/reminder.html" %}{% block x %}{% endblock %}'
NO_SUCH = (
    "template email/reminder.html: line 2: shipped/email/reminder.html has no block fotter to replace, only "
    "answer, basis, commands, content, facts, footer, head, ledger, preheader, to_do"
)
OUTSIDE = "template email/reminder.html: line 4: text outside of the blocks is never shown"
UNUSED = "template email/remainder.html: nothing uses it; give it the name of a shipped template"
INVISIBLE = [
    (OWN, EXTENDS + "{% block fotter %}ours{% endblock %}", [NO_SUCH]),
    (OWN, EXTENDS + "{% block footer %}ours{% endblock %}\n\nand more", [OUTSIDE]),
    ("email__remainder_dot_html", "x", [UNUSED]),
    (OWN, EXTENDS + "{% set a = 1 %}\n" + INSIDE, []),
    (OWN, MAYBE, []),
    (OWN, '{% extends "email/reminder.html" %}', []),
    (OWN, "{% if", []),
    ("notes__README_dot_txt", "what these are", []),
]


@pytest.mark.parametrize(("name", "text", "said"), INVISIBLE)
def test_what_would_never_be_shown_is_named(tmp_path: Path, name: str, text: str, said: list[str]) -> None:
    assert own(tmp_path, **{name: text}).unused_overrides() == said


def test_what_another_template_includes_is_used(tmp_path: Path) -> None:
    shown = '{% include "email/ours.html" %}'
    text = '{% extends "shipped/email/reminder.html" %}{% block footer %}' + shown + "{% endblock %}"
    renderer = own(tmp_path, email__reminder_dot_html=text, email__ours_dot_html="<p>ours</p>")
    assert renderer.unused_overrides() == []
    assert "<p>ours</p>" in (renderer.render(single(), "mail")[0].html or "")


def test_phrases_of_your_own_without_subjects_keep_their_headlines(tmp_path: Path) -> None:
    phrases = (TEMPLATES / "phrases.jinja").read_text(encoding="utf-8")
    former = re.sub(r"\{%- macro \w*subject\(.*?endmacro -%\}\n", "", phrases, flags=re.DOTALL)
    message, error = own(tmp_path, phrases_dot_jinja=former).render(single(), "mail")
    assert (message.subject, error) == ("Mon 10 Nov 2025 · due that day · Trade truce", None)


@pytest.mark.parametrize("medium", get_args(Medium))
def test_after_the_start_no_template_of_a_medium_is_left_to_compile(
    medium: Medium, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer, compiled, compile_template = Renderer([TEMPLATES]), list[str | None](), Sandbox.compile

    def noted(self: Sandbox, source: str, name: str | None = None, filename: str | None = None) -> Any:
        compiled.append(name)
        return compile_template(self, source, name, filename)

    monkeypatch.setattr(Sandbox, "compile", noted)
    renderer.warm_up({medium})
    at_the_start = len(compiled)
    assert renderer.render(single(), medium)[1] is None
    assert len(compiled) == at_the_start > 0
    assert any(str(name).endswith(".html") for name in compiled) == (medium == "mail"), compiled


@given(st.text(st.sampled_from("ab -_/\t\n\x1cé"), max_size=200), st.sampled_from([0, 15]))
def test_a_row_is_wrapped_as_textwrap_wraps_it(text: str, width: int) -> None:
    wrapper = textwrap.TextWrapper(WIDTH - width, break_long_words=False, break_on_hyphens=False)
    lines = [line for part in text.splitlines() for line in wrapper.wrap(" ".join(part.split()))]
    assert row(text, "What", width) == "What".ljust(width) + ("\n" + " " * width).join(lines)
