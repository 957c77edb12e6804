"""The shapes that values must have, and what is wrong with those that do not, in a line each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.strict_yaml.yaml_events import Plain, Steps


class Section(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _text(value: object) -> object:
    if isinstance(value, Plain):
        unquoted = f"`{value}`" if value.tag == "a boolean" else "this"  # anything longer might be a secret
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


Text = Annotated[str, BeforeValidator(_text)]  # what must be text in every reader of YAML
Raw = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, Plain) else value)]  # as written
Flag = Annotated[bool, BeforeValidator(_flag)]
Count = Annotated[int, BeforeValidator(_count)]


def lines_of(
    error: ValidationError, model: type[BaseModel], where: Callable[[Steps], str], under: Steps = ()
) -> list[str]:
    """Say each thing that pydantic found wrong in one line, with its place, and never with the value itself.

    `where` gives the beginning of the line for the steps to a part (`Places.at`); `under` are the steps to the value
    that the model was given.
    """
    return [where((*under, *steps)) + problem for steps, problem in problems_of(error, model)]


def problems_of(
    error: ValidationError, model: type[BaseModel], name: Callable[[Steps], str] | None = None
) -> Iterator[tuple[Steps, str]]:
    """Yield the steps to each part that pydantic found wrong, and what is wrong with it; `name` names a part."""
    for found in error.errors(include_url=False):
        steps = tuple(step for step in found["loc"] if step != "[key]")
        named = (name or _name)(steps)
        match found["type"]:
            case "missing":
                such = _example(model, steps[:-1])
                problem = f'"{named}" is missing' + (f", as in {such}" if such else "")
            case "extra_forbidden":
                problem = f'unknown key "{named}"{did_you_mean(str(steps[-1]), _fields(model, steps[:-1]))}'
            case "value_error":
                problem = f"{named}: {found['ctx']['error']}" if named else str(found["ctx"]["error"])
            case kind:
                message = _expected(kind, found, _example(model, steps) or "{key: value}")
                problem = f"{named}: {message}" if named else message
        yield steps, problem


def _expected(kind: str, found: Mapping[str, Any], mapping: str) -> str:
    match kind:
        case "literal_error":
            known = re.findall(r"'([^']*)'", found["ctx"]["expected"])
            near = did_you_mean(str(found["input"]), known) if isinstance(found["input"], str) else ""
            return f"expected one of {', '.join(known)}" + (near if "did you mean" in near else "")
        case "list_type" | "tuple_type":
            return "expected a list, such as [one, another]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"expected a mapping, such as {mapping}"
        case "string_type":
            return "is empty, expected text" if found["input"] is None else "expected text"
    message = str(found["msg"])
    return "expected" + message.removeprefix("Input should be") if message.startswith("Input should be") else message


def _name(steps: Steps) -> str:
    """Write the way to a part as people do: `smtp.host`, `to[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _fields(model: type[BaseModel], steps: Steps) -> Mapping[str, FieldInfo]:
    """The keys that a model knows where the steps lead."""
    schema: Any = model
    for step in steps:
        fields: Mapping[str | int, FieldInfo] = getattr(_model_in(schema), "model_fields", {})
        if step in fields:
            schema = fields[step].annotation
    return getattr(_model_in(schema), "model_fields", {})


def _example(model: type[BaseModel], steps: Steps) -> str:
    """A mapping that may stand where the steps lead, of the keys that have examples; empty where none has."""
    stated = [f"{name}: {one.examples[0]}" for name, one in _fields(model, steps).items() if one.examples]
    return f"{{{', '.join(stated)}}}" if stated else ""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as `list[Model] | None` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def once(values: tuple[str, ...]) -> tuple[str, ...]:
    """Pass a list on in which nothing stands twice. Raises InputError."""
    if len(set(values)) < len(values):
        twice = next(value for place, value in enumerate(values) if value in values[:place])
        raise InputError(f"`{twice}` is listed twice")
    return values
