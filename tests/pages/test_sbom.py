"""`sbom.json` states what the locks hold, and is valid CycloneDX."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
from referencing import Registry, Resource


def schema(address: str) -> Resource[dict[str, object]]:
    """Return a schema that cyclonedx-python-lib has as a file."""
    import cyclonedx.schema  # takes a while, and each process of `make test` imports this file

    schemas = Path(cyclonedx.schema.__file__).parent / "_res"
    return Resource.from_contents(json.loads((schemas / address.rpartition("/")[2]).read_text(encoding="utf-8")))


def test_it_is_that_of_the_lock() -> None:
    from pages import sbom  # as above

    assert sbom.FILE.read_text(encoding="utf-8") == sbom.made(), "renew it: make lock"


def test_it_is_valid_and_says_what_the_program_needs_and_under_which_licence() -> None:
    from pages import sbom

    stated = json.loads(sbom.FILE.read_text(encoding="utf-8"))
    known: Registry[dict[str, object]] = Registry(retrieve=schema)  # type: ignore[call-arg]
    check = jsonschema.Draft7Validator(schema("bom-1.6.SNAPSHOT.schema.json").contents, registry=known)
    assert [error.message for error in check.iter_errors(stated)] == []
    assert not check.is_valid(stated | {"components": [{"type": "nothing"}]})
    scopes = {one["name"]: one["scope"] for one in stated["components"]}
    assert {scopes[name] for name in ("sqlalchemy", "psycopg", "mako", "starlette", "certifi")} == {"required"}
    assert {scopes[name] for name in ("hatchling", "editables")} == {"excluded"}
    unlicensed = {one["name"] for one in stated["components"] if one["scope"] == "required" and "licenses" not in one}
    assert not unlicensed
