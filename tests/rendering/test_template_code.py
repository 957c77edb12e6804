"""What templates are compiled to gives what Jinja2 itself gives."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps

from alerts.rendering.reminder_facts import facts
from alerts.rendering.template_code import tojson
from alerts.rendering.template_environment import Sandbox, sandbox
from tests.rendering.reminder_factories import TEMPLATES, single

HTML, TEXT = (sandbox([TEMPLATES], autoescape=escapes) for escapes in (True, False))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=300)
    | st.sampled_from(["<a href='x'>&", "'", "\ud800"]),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3),
)


@given(VALUES)
def test_json_in_a_template_is_that_of_the_library(value: object) -> None:
    assert tojson(value) == htmlsafe_json_dumps(value, sort_keys=True)
    assert tojson(value).__html__() == tojson(value)


@pytest.mark.parametrize("values", [[None, True, 1, 1.0, "1"], ["1", 1.0, 1, True, None], [False, 0, "", 0.0, []]])
def test_json_that_is_kept_is_not_that_of_an_equal_value(values: list[object]) -> None:
    assert [str(tojson(value)) for value in values] == [json.dumps(value) for value in values]


@pytest.mark.parametrize("written", ["tojson(2)", "tojson(indent=0)"])
def test_json_in_a_template_can_be_indented(written: str) -> None:
    value, given = {"b": ["<x>", 1], "a": {}}, "{{ value | " + written + " }}"
    theirs = ImmutableSandboxedEnvironment(autoescape=True)
    assert HTML.from_string(given).render(value=value) == theirs.from_string(given).render(value=value)


@given(st.lists(st.text(max_size=300) | st.sampled_from(["<b>", "&amp;"]) | st.integers() | st.none(), max_size=5))
def test_what_is_printed_is_that_of_the_library_whatever_was_printed_before(values: list[object]) -> None:
    given = "{% for one in values %}{{ one }}{{ one | safe }}{{ one }}{% endfor %}"
    theirs = ImmutableSandboxedEnvironment(autoescape=True)
    assert HTML.from_string(given).render(values=values) == theirs.from_string(given).render(values=values)


@pytest.mark.parametrize("environment", [HTML, TEXT], ids=["html", "text"])
def test_what_is_imported_is_rendered_once_and_has_the_names_that_all_templates_may_use(environment: Sandbox) -> None:
    parts = environment.from_string(
        "{% macro m(n) %}{{ range(n) | list }}{% set x = namespace(a=1) %}{{ x.a }}{% endmacro %}"
    )
    use = environment.from_string("{% import parts as p %}{{ p.m(2) }}{{ dict(a=1).a }}")
    assert use.render(parts=parts) == "[0, 1]11"
    module = parts._module
    assert module is not None
    assert use.render(parts=parts) == "[0, 1]11"
    assert parts._module is module


@pytest.mark.parametrize(
    "given", ["{{ d[['x']] }}", "{{ d['none'] }}", "{{ d['a'] }}", "{{ d.keys()|list }}", "{{ d[1] }}"]
)
def test_an_item_of_a_dictionary_is_that_of_the_library(given: str) -> None:
    values = {"a": "<b>", 1: "one"}
    found = []
    for environment in (HTML, ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)):
        try:
            found.append(environment.from_string(given).render(d=values))
        except TemplateError as error:
            found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["__class__", "_fields", "__dict__", "__slots__"])
@pytest.mark.parametrize("environment", [HTML, TEXT], ids=["html", "text"])
def test_what_begins_with_an_underscore_is_not_read_of_our_types_either(environment: Sandbox, name: str) -> None:
    (fact,) = facts(single())
    with pytest.raises(TemplateError):
        environment.from_string("{{ t." + name + " }}").render(t=fact)


def test_what_is_printed_is_escaped_once() -> None:
    (fact,) = facts(single())
    fact = replace(fact, title="<b>&</b>")
    given = "{% macro m(t) %}<i>{{ t.title }}</i>{% endmacro %}{{ t.title }} {{ m(t) }} {{ 3 }} {{ none }} {{ t.tags }}"
    theirs = ImmutableSandboxedEnvironment(autoescape=True)
    assert HTML.from_string(given).render(t=fact) == theirs.from_string(given).render(t=fact)
    assert "&lt;b&gt;&amp;&lt;/b&gt; <i>&lt;b&gt;" in HTML.from_string(given).render(t=fact)


@pytest.mark.parametrize(
    "call",
    [
        "m(1, 2)", "m(1)", "m()", "m(b=2)", "m(1, b=2)", "v(1, 2, 3)", "k(1, z=2)", "c(1)", "m(1, 2, 3)", "m(1, z=2)",
        "m(1, a=2)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("autoescape", [True, False])
def test_a_macro_is_called_as_jinja_calls_it(call: str, *, autoescape: bool) -> None:
    macros = (
        "{% macro m(a, b=7) %}<{{ a }}|{{ b }}>{% endmacro %}{% macro v(a) %}{{ a }}{{ varargs }}{% endmacro %}"
        "{% macro k(a) %}{{ a }}{{ kwargs }}{% endmacro %}{% macro c(a) %}{{ caller(a) }}{% endmacro %}"
        "{% for _ in [1, 2] %}{{ " + call + " }}{% endfor %}{% call(x) c('<') %}{{ x }}{% endcall %}"
    )
    found = []
    for kind in (Sandbox, ImmutableSandboxedEnvironment):
        try:
            found.append(kind(autoescape=autoescape).from_string(macros).render())
        except (TypeError, TemplateError) as error:
            found.append(f"{type(error).__name__}: {error}")
    assert found[0] == found[1]
