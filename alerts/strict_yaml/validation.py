"""Models for values in settings and files, and one error line for each value that does not match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.strict_yaml.yaml_events import Plain, Steps

SECRET = frozenset({"channels", "database", "heartbeat", "http"})  # sections of the settings whose values are not shown
LONGEST_NAMED = 80  # characters: a longer value is not named; a part of it might be of a secret, which nothing hides


class Section(BaseModel):
    """A mapping that accepts only known keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # of many, a command uses one or two


def _text(value: object) -> object:
    if isinstance(value, Plain):
        unquoted = f"`{value}`" if value.tag == "a boolean" else "this"  # a longer value might be a secret
        raise InputError(f"{unquoted} unquoted is read as {value.tag}: write it in quotes")
    return value


def _flag(value: object) -> object:
    if isinstance(value, Plain) and value.tag == "a boolean":
        return value.lower() in ("true", "yes", "on")
    if isinstance(value, bool):
        return value
    raise InputError("expected true or false, unquoted")


def _count(value: object) -> object:
    if isinstance(value, Plain) and re.fullmatch(r"0|[1-9][0-9]{0,8}", value):
        return int(value)
    raise InputError("expected a whole number such as 14, unquoted")


Text = Annotated[str, BeforeValidator(_text)]  # text in every YAML reader
Raw = Annotated[  # as written
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, Plain) else value),
    WithJsonSchema({"type": ["string", "number"]}),
]
Flag = Annotated[bool, BeforeValidator(_flag)]
Count = Annotated[int, BeforeValidator(_count)]


def lines_of(
    error: ValidationError, model: type[BaseModel], where: Callable[[Steps], str], under: Steps = ()
) -> list[str]:
    """Return one line for each problem that pydantic found, with its place and the value that is refused.

    `where` returns the prefix of a line for the steps to a part (`Places.at`); `under` are the steps to the validated
    value.
    """
    return [where((*under, *steps)) + problem for steps, problem in problems_of(error, model)]


def problems_of(
    error: ValidationError, model: type[BaseModel], name: Callable[[Steps], str] | None = None
) -> Iterator[tuple[Steps, str]]:
    """Yield the steps to each invalid part and its problem; `name` returns the name of a part."""
    for found in error.errors(include_url=False):
        steps = tuple(step for step in found["loc"] if step != "[key]")
        named = (name or _name)(steps)
        match found["type"]:
            case "missing":
                such = _example(model, steps[:-1])
                problem = f'"{named}" is missing' + (f", as in {such}" if such else "")
            case "extra_forbidden":
                problem = f'unknown key "{named}"{did_you_mean(str(steps[-1]), _fields(model, steps[:-1]))}'
            case kind:
                message = _message(kind, found, _example(model, steps) or "{key: value}")
                message = message if SECRET.intersection(steps[:1]) else _naming(found["input"], message)
                problem = f"{named}: {message}" if named else message
        yield steps, problem


def _naming(value: object, message: str) -> str:
    """Return a message that names the value it is about, unless it does so already or the value is no short text."""
    text = str(value)
    if (
        not isinstance(value, str | int | float)
        or not text.strip()
        or len(text) > LONGEST_NAMED
        or not text.isprintable()
    ):
        return message
    if message.startswith("this unquoted"):
        return message.replace("this", f"`{text}`", 1)
    expected, hint, near = message.partition("; did you mean")
    named = any(quoted in message for quoted in (f"`{text}`", repr(text), f'"{text}"'))
    return message if named else f"{expected}, found `{text}`{hint}{near}"


def _message(kind: str, schema: Mapping[str, Any], mapping: str) -> str:
    match kind:
        case "value_error":
            return str(schema["ctx"]["error"])
        case "literal_error":
            known = re.findall(r"'([^']*)'", schema["ctx"]["expected"])
            near = did_you_mean(str(schema["input"]), known) if isinstance(schema["input"], str) else ""
            return f"expected one of {', '.join(known)}" + (near if "did you mean" in near else "")
        case "list_type" | "tuple_type":
            return "expected a list, such as [one, another]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"expected a mapping, such as {mapping}"
        case "string_type":
            return "is empty, expected text" if schema["input"] is None else "expected text"
    message = str(schema["msg"])
    return "expected" + message.removeprefix("Input should be") if message.startswith("Input should be") else message


def _name(steps: Steps) -> str:
    """Return the path of a part as people write it: `smtp.host`, `to[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _fields(model: type[BaseModel], steps: Steps) -> Mapping[str, FieldInfo]:
    """Return the keys that a model accepts at a path."""
    schema: Any = model
    for step in steps:
        fields = _stated_fields(schema)
        if step in fields:
            schema = fields[str(step)].annotation
    return _stated_fields(schema)


def _stated_fields(annotation: Any) -> Mapping[str, FieldInfo]:
    """Return the fields of the model in an annotation, under the names by which they are stated."""
    fields: Mapping[str, FieldInfo] = getattr(_model_in(annotation), "model_fields", {})
    return {one.alias or name: one for name, one in fields.items()}


def _example(model: type[BaseModel], steps: Steps) -> str:
    """Return an example mapping for a path, from the keys that have examples; empty if none has."""
    stated = [f"{name}: {one.examples[0]}" for name, one in _fields(model, steps).items() if one.examples]
    return f"{{{', '.join(stated)}}}" if stated else ""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model in an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def once(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list if it has no duplicates. Raises InputError."""
    if len(set(values)) < len(values):
        twice = next(value for place, value in enumerate(values) if value in values[:place])
        raise InputError(f"`{twice}` is listed twice")
    return values
