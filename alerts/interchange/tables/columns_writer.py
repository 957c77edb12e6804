"""A first file of `--columns` for a table: what was recognised, and questions about what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.interchange.tables.cell_values import text_of
from alerts.interchange.tables.column_finder import FoundColumns
from alerts.interchange.tables.date_formats import quoted
from alerts.interchange.tables.field_finder import are_keys
from alerts.interchange.tables.yaml_parts import slug, yaml_value

MOST_SHOWN = 6
OF_SOURCES = ("source_locator", "source_quote")  # nobody can be cited without a source


def write_columns(name: str, sheets: Sequence[FoundColumns]) -> str:
    """Return the text of the file for the sheets that are to be read; `name` is that of the table."""
    lines = [f"# How `alerts load {name} --columns THIS-FILE` reads {name}. Lines that begin with `# ?` are questions."]
    if len(sheets) == 1:
        lines += _sheet(sheets[0])
    else:
        lines.append("sheets:")
        for one in sheets:
            lines += [("- " if number == 0 else "  ") + line for number, line in enumerate(_sheet(one))]
    return "\n".join(lines) + "\n"


def _sheet(found: FoundColumns) -> list[str]:
    """Return the lines for a sheet; the first is its name, if it has one."""
    lines = [f"sheet: {yaml_value(found.sheet)}"] if found.sheet else []
    rows = f"{found.rows} {'row' if found.rows == 1 else 'rows'}"
    if not found.header_row:
        lines += [f"# {rows}, and no row of headings: columns are named by their letters", "header_row: none"]
    else:
        lines.append(f"# {rows} below the headings in row {found.header_row}")
        lines += [f"header_row: {found.header_row}"] if found.header_row != found.first_row else []
    if found.sections:
        lines.append(f"skip_rows: [{', '.join(map(str, found.sections))}]  # they have one cell only")
    lines.append("columns:")
    made, key_lines = _key(found)
    lines += [
        f"  {name}: {yaml_value(heading)}"
        for name, heading in found.fields.items()
        if name not in OF_SOURCES and (name != "key" or not made)
    ]
    lines += [
        f"# ? which column is the {name}? add it above" for name in ("title", "deadline") if name not in found.fields
    ]
    for name in OF_SOURCES:
        if name in found.fields:
            lines.append(f"# ? {found.fields[name]} can be the `{name}`, if `defaults` name the `source`: its key")
    lines += key_lines
    if found.blank:
        lines.append(f"blank: [{', '.join(map(yaml_value, found.blank))}]")
    lines += [*_dates(found), *_formats(found), *_owner(found), *_status(found)]
    used = {*found.fields.values(), found.status, *found.date_columns}
    if unused := [heading for heading in found.headings if heading not in used]:
        lines.append(f"# not read: {', '.join(unused)}")
    return lines


def _key(found: FoundColumns) -> tuple[bool, list[str]]:
    """Return whether the key is made from columns, and the lines that say how."""
    if "key" not in found.fields:
        named = ", ".join(map(yaml_value, found.key_columns))
        return True, [
            "# ? no column names each row. Keys are made from these columns: a row that changes there is a new one",
            f"key_from: {{hash: [{named}], prefix: row-}}",
        ]
    heading, cells = found.fields["key"], found.cells("key")
    if not are_keys(cells):
        example = next(text_of(one) for one in cells if not are_keys([one]))
        return True, [f"# {heading} has values such as {example!r}, which are not keys by themselves",
                      f"key_from: {{columns: [{yaml_value(heading)}], prefix: ref-}}"]  # fmt: skip
    return False, []


def _dates(found: FoundColumns) -> Iterator[str]:
    others = [one for one in found.date_columns if one != found.fields.get("deadline")]
    if others:
        yield f"# ? dates are also in {', '.join(others)}. If these are deadlines, too, remove `deadline` above:"
        yield "# dates:"
        for heading in (found.fields.get("deadline", ""), *others):
            suffix = slug(heading)[:20].strip("-")
            yield f"#   - {{column: {yaml_value(heading)}, key: {suffix or 'date'}}}"


def _formats(found: FoundColumns) -> Iterator[str]:
    if found.ambiguous:
        yield f"# ? {found.ambiguous!r} fits several of these: keep the right ones, and remove the `#` before them"
        yield f"# date_formats: [{', '.join(map(quoted, found.formats))}]"
    elif found.formats:
        yield f"date_formats: [{', '.join(map(quoted, found.formats))}]"
    if found.midnight:
        yield f"# ? is `{found.midnight}` the day, or the instant at which it begins? `day` or `instant`:"
        yield "# midnight: day"


def _owner(found: FoundColumns) -> Iterator[str]:
    if "owner" not in found.fields:
        yield "# ? nobody is named as responsible: who gets alerts about these?"
        yield "# defaults: {owner: KEY-OF-A-PERSON}"
        return
    cells = found.cells("owner")
    texts = [text_of(one) for one in cells]
    if any("@" in one for one in texts):
        yield "owner_by: email"
    elif not are_keys(cells):
        yield "owner_by: name"
    if len(cells) < found.rows:
        without = found.rows - len(cells)
        rows, these = ("row names", "it") if without == 1 else ("rows name", "these")
        yield f"# ? {without} {rows} nobody: who gets alerts about {these}?"
        yield "# defaults: {owner: KEY-OF-A-PERSON}"


def _status(found: FoundColumns) -> Iterator[str]:
    if not found.status:
        return
    listed = ", ".join(f"{state} ({count})" for state, count in found.statuses.items())
    yield f"# {found.status} has {listed}"
    if found.done:
        yield f"status: {{column: {yaml_value(found.status)}, done: [{', '.join(map(yaml_value, found.done))}]}}"
    else:
        yield "# ? which of them mean that nothing is to be done any more?"
        yield f"# status: {{column: {yaml_value(found.status)}, done: [{yaml_value(next(iter(found.statuses)))}]}}"
