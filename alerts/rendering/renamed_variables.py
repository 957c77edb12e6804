"""Template variables and filters that have a new name: the old names still work, and `alerts check` lists their use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jinja2 import Environment, nodes

from alerts.rendering.summary_facts import SummaryFacts
from alerts.rendering.template_facts import Digest, Facts
from alerts.rendering.unused_overrides import parsed_template

RENAMED: Mapping[type, Mapping[str, str]] = {
    Facts: {"basis": "explanation", "hangs_on": "depends_on", "speaks_next": "next_alert_at"},
    Digest: {"instead": "fallback", "told": "reminders"},
    SummaryFacts: {"told": "reminders", "untold": "not_listed"},
}
RENAMED_FILTERS = {"beside": "own_clock", "stretch": "date_range", "words": "split_words"}
RENAMED_VARIABLES = {old: new for names in RENAMED.values() for old, new in names.items()}


def current_name(value: object, name: object) -> str | None:
    """Return what an old attribute of a template variable is called now; None for any other name."""
    return RENAMED.get(type(value), {}).get(name) if isinstance(name, str) else None


def uses_of_renamed(environment: Environment, own: Iterable[str]) -> Iterator[str]:
    """Return one line for each place where a template uses an old name, with the new one."""
    for name in own:
        if template := parsed_template(environment, name):
            for line, old, new in sorted(_uses(template)):
                yield f"template {name}: line {line}: `{old}` is now `{new}`; the old name works until the next release"


def _uses(template: nodes.Template) -> Iterator[tuple[int, str, str]]:
    macros = {node.target for node in template.find_all(nodes.Import)}
    for got in template.find_all(nodes.Getattr):
        is_macro = isinstance(got.node, nodes.Name) and got.node.name in macros
        if got.attr in RENAMED_VARIABLES and not is_macro:
            yield got.lineno, got.attr, RENAMED_VARIABLES[got.attr]
    for item in template.find_all(nodes.Getitem):
        if isinstance(item.arg, nodes.Const) and item.arg.value in RENAMED_VARIABLES:
            yield item.lineno, item.arg.value, RENAMED_VARIABLES[item.arg.value]
    for used in template.find_all(nodes.Filter):
        if used.name in RENAMED_FILTERS:
            yield used.lineno, used.name, RENAMED_FILTERS[used.name]
        yield from _attribute_uses(used)


def _attribute_uses(used: nodes.Filter) -> Iterator[tuple[int, str, str]]:
    """Find old names in `map(attribute="…")`, `selectattr("…")` and their like."""
    stated = [*used.args, *(keyword.value for keyword in used.kwargs)]
    for value in stated if used.name in _BY_ATTRIBUTE else ():
        if isinstance(value, nodes.Const) and value.value in RENAMED_VARIABLES:
            yield used.lineno, value.value, RENAMED_VARIABLES[value.value]


_BY_ATTRIBUTE = {"groupby", "join", "map", "max", "min", "rejectattr", "selectattr", "sort", "sum", "unique"}
