"""JSON Schemas of the files that people write, made from the models that read them: editors check by these.

They are of draft 7, which editors know best. What a model checks beyond the shape of a value, a schema does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from alerts.channels import settings_models
from alerts.channels.heartbeat import HeartbeatSettings
from alerts.interchange.commitment_entry import CommitmentEntry, PartyEntry, SourceEntry
from alerts.interchange.renewal_entries import SHORTHAND
from alerts.settings.schema import ConfigFile
from alerts.strict_yaml.person_entry import PersonInFile

SchemaName = Literal["config", "rules", "commitments"]
Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"
REFERENCE: Schema = {
    "description": "Taken from an environment variable, or from a file.",
    "oneOf": [
        {"type": "object", "properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": False}
        for name in ("env", "file")
    ],
}
TITLES: dict[SchemaName, str] = {
    "config": "The settings of alerts",
    "rules": "The rules of alerts: who gets which alerts, and when",
    "commitments": "Commitments, as `alerts load` reads them",
}


def file_schema(name: SchemaName, kinds: Collection[str]) -> Schema:
    """Return the schema of a kind of file. `kinds` are those of channels."""
    if name == "commitments":
        whole, definitions = _of_commitments()
    else:
        whole, definitions = _of_settings(kinds)
        if name == "rules":
            whole["required"] = ["rules"]
    found = {"$schema": DRAFT, **whole, "title": TITLES[name], "definitions": dict(sorted(definitions.items()))}
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # each part is a value of its own


def _of_settings(kinds: Collection[str]) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a file of settings. Any value may be a reference, but for the kind of a channel."""
    models = settings_models(kinds)
    definitions = _definitions(ConfigFile, HeartbeatSettings, *models.values())
    definitions["HeartbeatSection"] = definitions.pop(HeartbeatSettings.__name__)
    for one in definitions.values():
        _let_be_referred(one)
    definitions["Reference"] = REFERENCE
    definitions["ChannelSection"] = _of_channels(models, definitions)
    whole = definitions.pop(ConfigFile.__name__)
    whole["properties"]["channels"]["additionalProperties"] = {"$ref": "#/definitions/ChannelSection"}
    return whole, definitions


def _of_channels(models: dict[str, type[BaseModel]], definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a channel: which settings it has depends on its kind."""
    for model in models.values():
        definitions[model.__name__]["properties"]["kind"] = True
    by_kind = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/definitions/{model.__name__}"},
        }
        for kind, model in models.items()
    ]
    kind: Schema = {"description": "How its messages are sent.", "enum": sorted(models)}
    return {"type": "object", "properties": {"kind": kind}, "required": ["kind"], "allOf": by_kind}


def _let_be_referred(schema: Schema) -> None:
    """Let each value in an object or a list be a reference instead."""
    reference = {"$ref": "#/definitions/Reference"}
    for name, value in schema.get("properties", {}).items():
        for part in _parts(value):
            if isinstance(part.get("items"), dict):
                part["items"] = {"anyOf": [part["items"], reference]}
        schema["properties"][name] = {"anyOf": [value, reference]} if "$ref" not in value else value


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for one in schema.get("anyOf", []):
        yield from _parts(one)


def _of_commitments() -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a file of commitments, with the shorthand for what is renewed unless somebody cancels it."""
    entries: dict[str, type[BaseModel]] = {
        "people": PersonInFile, "parties": PartyEntry, "sources": SourceEntry, "commitments": CommitmentEntry
    }  # fmt: skip
    definitions = _definitions(*entries.values())
    entry = definitions[CommitmentEntry.__name__]
    for name in SHORTHAND:
        entry["properties"][name] = {"type": ["string", "number"]}
    entry["required"].remove("deadline")
    entry["oneOf"] = [{"required": ["deadline"]}, {"required": [SHORTHAND[0]]}]
    entry["dependencies"] = {"notice": ["renews"]}
    lists = {
        name: {"type": "array", "items": {"$ref": f"#/definitions/{model.__name__}"}} for name, model in entries.items()
    }
    return {"type": "object", "properties": lists, "additionalProperties": False}, definitions


class _Quiet(GenerateJsonSchema):
    """Leaves out defaults that JSON has no form for."""

    ignored_warning_kinds = frozenset({"non-serializable-default"})  # type: ignore[assignment]


def _definitions(*models: type[BaseModel]) -> dict[str, Schema]:
    """Return the schemas of models and of what they are made of, by name."""
    asked = [(model, "validation") for model in dict.fromkeys(models)]
    _, found = models_json_schema(asked, ref_template="#/definitions/{model}", schema_generator=_Quiet)  # type: ignore[arg-type]
    definitions: dict[str, Schema] = found["$defs"]
    for one in definitions.values():
        _tidy(one)
    return definitions


def _tidy(schema: Any) -> None:
    """Leave out titles, which repeat the names, and descriptions that point into the code."""
    if isinstance(schema, list):
        for one in schema:
            _tidy(one)
    elif isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        if schema.get("default", ...) is None:
            del schema["default"]
        if re.match(r"See `", str(schema.get("description", ""))):
            del schema["description"]
        for name, one in schema.items():
            for inner in one.values() if name == "properties" else [one]:
                _tidy(inner)
