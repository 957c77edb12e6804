"""`make docs`: writes the tables of docs/api.md from the OpenAPI document that the API serves.

The page is prose with generated parts between `<!-- made: NAME -->` and `<!-- end -->`; only these are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alerts.web.api.api_routes import PREFIX, ROUTES
from alerts.web.api.openapi_document import openapi_document
from pages.templates import PLACE

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
HEADERS = {"If-Match": "`If-Match`", "Idempotency-Key": "`Idempotency-Key`"}


def made(text: str) -> str:
    """Return the page with its generated parts as they should be."""
    document = openapi_document(ROUTES, PREFIX, "")
    parts = {"requests": _requests(document), "parameters": _parameters(document), "bodies": _bodies(document)}
    parts["answers"] = _answers(document)
    return PLACE.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", text)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path.removeprefix(PREFIX)}", operation


def _requests(document: dict[str, Any]) -> str:
    scopes = {f"{route.method} {route.path}": (route.scope, route.for_owner) for route in ROUTES}
    lines = ["| request | does | scope | takes |", "|---|---|---|---|"]
    for name, operation in _operations(document):
        scope, for_owner = scopes[name]
        does = operation["description"].partition(" Needs a token")[0]
        some = [one["name"] for one in operation.get("parameters", ()) if one["in"] != "path"]
        takes = [HEADERS.get(one, f"`?{one}`") for one in some]
        takes += [f"[{_body(operation)}](#{_body(operation).lower()})"] if "requestBody" in operation else []
        lines.append(f"| `{name}` | {_cell(does)} | {scope}{'' if for_owner else ', of all'} | {' '.join(takes)} |")
    return "\n".join(lines) + "\n"


def _body(operation: dict[str, Any]) -> str:
    return _name_in(operation["requestBody"]["content"]["application/json"]["schema"])


def _name_in(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _parameters(document: dict[str, Any]) -> str:
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, operation in _operations(document):
        for one in operation.get("parameters", ()):
            if one["in"] == "query":
                row = (one["name"], _type(one["schema"]), one["description"])
                found.setdefault(row, []).append(f"`{name.removeprefix('GET ')}`")
    lines = ["| parameter | value | meaning | of |", "|---|---|---|---|"]
    for (name, kind, meaning), of in found.items():
        lines.append(f"| `{name}` | {kind} | {_cell(meaning)} | {', '.join(of)} |")
    return "\n".join(lines) + "\n"


def _bodies(document: dict[str, Any]) -> str:
    names = [_body(operation) for _, operation in _operations(document) if "requestBody" in operation]
    return "\n".join(_model(document, name) for name in dict.fromkeys(names))


def _answers(document: dict[str, Any]) -> str:
    names = [
        _name_in(answer["content"]["application/json"]["schema"])
        for _, operation in _operations(document)
        for code, answer in operation["responses"].items()
        if code.startswith("2")
    ]
    return "\n".join(_model(document, name) for name in dict.fromkeys(names))


def _model(document: dict[str, Any], name: str) -> str:
    schema = document["components"]["schemas"][name]
    required = schema.get("required", ())
    lines = [
        f"#### {name}",
        "",
        _cell(schema.get("description", "")),
        "",
        "| field | value | meaning |",
        "|---|---|---|",
    ]
    for field, one in schema["properties"].items():
        mark = "" if field in required else ", optional"
        lines.append(f"| `{field}` | {_type(one)}{mark} | {_cell(one.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _type(schema: dict[str, Any]) -> str:
    """Return what a value may be, as people read it."""
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return f"`{_name_in(schema)}`"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("format") == "date-time":
        return "time"
    names = {"string": "text", "integer": "number", "boolean": "true or false", "object": "object", "null": "null"}
    return names.get(str(schema.get("type")), "any value")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
