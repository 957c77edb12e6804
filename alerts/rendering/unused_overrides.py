"""Parts of a user's own templates that are never shown although nothing fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jinja2 import Environment, TemplateError, meta, nodes


def unused_overrides(environment: Environment, own: Iterable[str], shipped: Iterable[str]) -> Iterator[str]:
    """Return one line for each block that replaces nothing, text outside of the blocks, and file that nothing uses."""
    parsed = {name: found for name in own if (found := parsed_template(environment, name))}
    used = set(shipped)
    for template in parsed.values():
        used |= {name for name in meta.find_referenced_templates(template) if name}
    places = {name.partition("/")[0] for name in used if "/" in name}
    for name, template in parsed.items():
        if name not in used and ("/" not in name or name.partition("/")[0] in places):
            yield f"template {name}: nothing uses it; give it the name of a shipped template"
        if (parent := _parent(template)) is not None:
            yield from _text_outside_blocks(name, template, parent, _blocks(environment, parent))


def _text_outside_blocks(name: str, template: nodes.Template, parent: str, known: set[str]) -> Iterator[str]:
    if not known:  # the file is missing (rendering reports that), or its name is an expression
        return
    after = next(number for number, node in enumerate(template.body) if isinstance(node, nodes.Extends))
    for node in template.body[after:]:
        if isinstance(node, nodes.Block) and node.name not in known:
            there = ", ".join(sorted(known))
            yield f"template {name}: line {node.lineno}: {parent} has no block {node.name} to replace, only {there}"
        if isinstance(node, nodes.Output) and (line := _shown(node)):
            yield f"template {name}: line {line}: text outside of the blocks is never shown"


def _shown(output: nodes.Output) -> int | None:
    """Return the line on which a piece of a template has more than white space."""
    for part in output.nodes:
        if not isinstance(part, nodes.TemplateData):
            return part.lineno
        if text := part.data.lstrip():
            return part.lineno + part.data.removesuffix(text).count("\n")
    return None


def parsed_template(environment: Environment, name: str) -> nodes.Template | None:
    """Return a parsed template; None if it cannot be read, which rendering reports."""
    try:
        assert environment.loader
        return environment.parse(environment.loader.get_source(environment, name)[0])
    except (TemplateError, UnicodeDecodeError):
        return None


def _parent(template: nodes.Template) -> str | None:
    """Return the name of the template that it extends, if that is a constant."""
    found = next((node for node in template.body if isinstance(node, nodes.Extends)), None)
    name = found.template.value if found and isinstance(found.template, nodes.Const) else None
    return name if isinstance(name, str) else None


def _blocks(environment: Environment, name: str | None) -> set[str]:
    """Return the blocks of a template and of what it extends."""
    known, read = set[str](), set[str]()
    while name and name not in read and (template := parsed_template(environment, name)):
        read.add(name)
        known |= {block.name for block in template.find_all(nodes.Block)}
        name = _parent(template)
    return known
