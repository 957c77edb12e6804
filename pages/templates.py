"""`make docs`: writes the tables of files, blocks, variables and filters in docs/templates.md, from the types.

The page is prose with generated parts between `<!-- made: NAME -->` and `<!-- end -->`; only these are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

from jinja2 import Environment, nodes

from alerts import shipped
from pages.block_meanings import BLOCKS, CODES, TEMPLATES
from pages.subjects import subjects
from pages.template_meanings import FILTERS, MEANINGS

PAGE = Path(__file__).parents[1] / "docs" / "templates.md"
PLACE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SHIPPED = shipped.folder("templates")


def blocks(name: str) -> list[str]:
    """Return the blocks of a template, in their order."""
    read = Environment(autoescape=True).parse((SHIPPED / name).read_text(encoding="utf-8"))
    return [block.name for block in read.find_all(nodes.Block)]


def names() -> list[str]:
    """Return the names of all shipped templates."""
    return sorted(path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*") if path.is_file())


def described(kind: type) -> dict[str, str]:
    """Return the fields and properties of a type, each with its annotation from the source."""
    stated = {field.name: str(field.type) for field in fields(kind)}
    worked_out = {
        name: str(value.fget.__annotations__["return"])
        for name, value in vars(kind).items()
        if isinstance(value, property) and value.fget
    }
    return stated | worked_out


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(heads)
    lines = [heads, ("---",) * len(heads), *map(tuple, rows)]
    return "".join(f"| {' | '.join(line)} |\n".replace("| --- ", "|---").replace("--- |", "---|") for line in lines)


def _files() -> str:
    rows = ((f"`{name}`", TEMPLATES[name], ", ".join(f"`{block}`" for block in blocks(name))) for name in names())
    return _table(("file", "what it is", "blocks"), rows)


def _blocks() -> str:
    return _table(("block", "holds"), ((f"`{name}`", meaning) for name, meaning in BLOCKS.items()))


def _variables() -> str:
    parts = []
    for kind, meanings in MEANINGS.items():
        types = {name: written.replace(" | ", " or ") for name, written in described(kind).items()}
        rows = ((f"`{name}`", f"`{types[name]}`", meaning) for name, meaning in meanings.items())
        parts.append(f"### {kind.__name__}\n\n{_table(('name', 'type', 'meaning'), rows)}")
    return "\n".join(parts)


def _codes() -> str:
    rows = (
        (f"`{name}`" if not number else "", f"`{code}`" if code else "empty", meaning)
        for name, codes in CODES.items()
        for number, (code, meaning) in enumerate(codes.items())
    )
    return _table(("of", "code", "meaning"), rows)


def _subjects() -> str:
    rows = (
        (about, kind, f"`{deadline}`" if deadline else "", day, subject)
        for about, kind, deadline, day, subject in subjects()
    )
    return _table(("alert", "kind", "deadline", "sent on", "subject"), rows)


def _filters() -> str:
    return _table(("filter", "gives"), ((f"`{name}`", meaning) for name, meaning in FILTERS.items()))


MADE: dict[str, Callable[[], str]] = {
    "files": _files,
    "blocks": _blocks,
    "variables": _variables,
    "codes": _codes,
    "filters": _filters,
    "subjects": _subjects,
}


def made(page: str) -> str:
    """Return the page with its generated parts renewed."""
    return PLACE.sub(lambda place: place[1] + MADE[place[2]]() + place[3], page)


def main() -> None:
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"docs/{PAGE.name} is written")


if __name__ == "__main__":
    main()
