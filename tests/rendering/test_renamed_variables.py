"""Old names of template variables and filters: they render as the new ones do, and each use is listed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from alerts.rendering.renamed_variables import RENAMED, RENAMED_FILTERS
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_environment import FILTERS_OFFERED
from tests.channels.cases import CASES
from tests.rendering.reminder_factories import TEMPLATES

OLD = [
    ("before", "{{ t.basis | join }}", "{{ t.explanation | join }}"),
    ("before", "{{ t.hangs_on }}", "{{ t.depends_on }}"),
    ("before", "{{ t.speaks_next }}", "{{ t.next_alert_at }}"),
    ("before", "{{ t['speaks_next'] }}", "{{ t.next_alert_at }}"),
    ("digest", "{{ digest.told | length }}", "{{ digest.reminders | length }}"),
    ("instead", "{{ digest.instead.error }}", "{{ digest.fallback.error }}"),
    ("summary", "{{ sums.told | length }}", "{{ sums.reminders | length }}"),
    ("summary", "{{ sums.untold }}", "{{ sums.not_listed }}"),
    ("digest", '{{ digest.listed | map(attribute="basis") | join }}',
     '{{ digest.listed | map(attribute="explanation") | join }}'),
    ("before", "{{ t.title | words }}", "{{ t.title | split_words }}"),
    ("before", "{{ t.window.last | beside('UTC') }}", "{{ t.window.last | own_clock('UTC') }}"),
    ("before", "{{ t.window.last | stretch(t.window.last, 'UTC') }}",
     "{{ t.window.last | date_range(t.window.last, 'UTC') }}"),
]  # fmt: skip


def own(folder: Path, text: str) -> Renderer:
    """A renderer with a subject of the user's own."""
    (folder / "email").mkdir(exist_ok=True)
    (folder / "email/subject.txt").write_text(text)
    return Renderer([folder, TEMPLATES])


@pytest.mark.parametrize(("case", "old", "new"), OLD)
def test_an_old_name_gives_what_the_new_one_gives(tmp_path: Path, case: str, old: str, new: str) -> None:
    subjects = []
    for text in (old, new):
        message, error = own(tmp_path, text).render(CASES[case], "text")
        assert error is None
        subjects.append(message.subject)
    assert subjects[0] == subjects[1]


@pytest.mark.parametrize(("case", "old", "new"), OLD)
def test_each_use_of_an_old_name_is_listed(tmp_path: Path, case: str, old: str, new: str) -> None:
    (line,) = own(tmp_path, "first line\n" + old).uses_of_renamed()
    assert line.startswith("template email/subject.txt: line 2: `")
    assert line.endswith("the old name works until the next release")
    assert own(tmp_path, new).uses_of_renamed() == []


def test_the_line_names_the_old_name_and_the_new_one(tmp_path: Path) -> None:
    until = "; the old name works until the next release"
    assert own(tmp_path, "{{ t.speaks_next | beside(t.reader) }}").uses_of_renamed() == [
        f"template email/subject.txt: line 1: `beside` is now `own_clock`{until}",
        f"template email/subject.txt: line 1: `speaks_next` is now `next_alert_at`{until}",
    ]


def test_a_macro_may_have_the_name_of_an_old_variable(tmp_path: Path) -> None:
    renderer = own(tmp_path, '{% import "phrases.jinja" as say %}{{ say.instead(digest.fallback) }}')
    assert renderer.uses_of_renamed() == []


def test_the_shipped_templates_use_no_old_name(tmp_path: Path) -> None:
    assert Renderer([TEMPLATES, tmp_path]).uses_of_renamed() == []


def test_every_old_name_leads_to_one_that_is_there() -> None:
    for kind, names in RENAMED.items():
        stated = {field.name for field in fields(kind)}
        assert set(names.values()) <= stated
        assert not set(names) & stated
    assert set(RENAMED_FILTERS.values()) <= set(FILTERS_OFFERED)
    assert not set(RENAMED_FILTERS) & set(FILTERS_OFFERED)
