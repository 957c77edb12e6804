"""The Jinja2 environment: where templates are looked for, what they may use, and where one failed."""

from __future__ import annotations

import traceback
from collections.abc import MutableMapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
)
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.deadlines.points import Instant
from alerts.rendering.fact_parts import (
    AbsenteeFacts,
    AcknowledgedFacts,
    ChangeFacts,
    Commands,
    FallbackFacts,
    SnoozedFacts,
    SourceFacts,
    Window,
)
from alerts.rendering.renamed_variables import RENAMED_FILTERS, current_name
from alerts.rendering.summary_facts import AuditFacts, SummaryFacts
from alerts.rendering.template_code import TemplateCode, TypesWith, call_macro, printed, tojson
from alerts.rendering.template_facts import Digest, Facts
from alerts.rendering.template_filters import FILTERS
from alerts.rendering.timeline import Cell, Month, Row, Timeline, timeline

FACT_TYPES: frozenset[type] = frozenset(
    {
        Facts,
        Digest,
        SummaryFacts,
        AuditFacts,
        AbsenteeFacts,
        FallbackFacts,
        Window,
        SourceFacts,
        ChangeFacts,
        AcknowledgedFacts,
        SnoozedFacts,
        Commands,
        Timeline,
        Month,
        Row,
        Cell,
    }
)
READABLE: frozenset[type] = FACT_TYPES | {
    TemplateModule,
    LoopContext,
    Instant,
    timedelta,
}  # of which a template may read what has no underscore
MISSING = object()  # what an attribute that is not there is
FILTERS_OFFERED: dict[str, Any] = {**FILTERS, "timeline": timeline}


class Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox of Jinja2. It knows the old names of our own types too."""

    code_generator_class = TemplateCode
    types_with = TypesWith(READABLE)
    printed = staticmethod(printed)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the names that all templates may use, as a dictionary. Jinja2 itself returns a ChainMap.

        Each rendering copies them, and each import compares them with its own: a ChainMap takes ten times as long.
        """
        return {**self.globals, **(d or {})}

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Return whether a template may read an attribute. A short answer for our types makes mails fast."""
        return not attr.startswith("_") if type(obj) in READABLE else super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: object, attribute: str) -> object:
        """Return an attribute of a value in a template. What our own types offer needs no further look."""
        if type(obj) in READABLE and attribute[:1] != "_":
            found = getattr(obj, attribute, MISSING)
            if found is not MISSING:
                return found
        return _by_current_name(obj, attribute, super().getattr(obj, attribute))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 # as its base
        """Call a value in a template. A macro is made of a template, which needs no check of whether it is safe."""
        if type(__obj) is not Macro:
            return super().call(__context, __obj, *args, **kwargs)
        return call_macro(__obj, __context.eval_ctx, args, kwargs)

    def getitem(self, obj: object, argument: object) -> object:
        """Return an item of a value in a template; also what `map(attribute="…")` reads."""
        if type(obj) is dict and type(argument) is str and argument in obj:
            return obj[argument]
        return _by_current_name(obj, argument, super().getitem(obj, argument))


def _by_current_name(obj: object, name: object, value: object) -> object:
    new = current_name(obj, name) if isinstance(value, Undefined) else None
    return getattr(obj, new) if new else value


def sandbox(folders: Sequence[Path], *, autoescape: bool) -> Sandbox:
    """Return an environment that looks in each folder; the last one holds the shipped templates."""
    shipped = {"shipped": FileSystemLoader(folders[-1:])}
    environment = Sandbox(
        loader=ChoiceLoader([FileSystemLoader(folders), PrefixLoader(shipped)]),
        autoescape=autoescape,  # for plain text and JSON there is nothing to escape
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS_OFFERED)
    environment.filters.update({old: FILTERS_OFFERED[new] for old, new in RENAMED_FILTERS.items()})
    environment.filters["tojson"] = tojson
    return environment


def error_text(error: Exception, name: str, folders: Sequence[Path]) -> str:
    """Return which template failed, on which line, and why."""
    if isinstance(error, TemplateNotFound):
        return f"template {error.name or name}: there is no such file"
    if isinstance(error, TemplateSyntaxError):
        return f"template {error.name or name}: line {error.lineno}: {error.message}"
    if isinstance(error, RecursionError):
        return f"template {name}: it extends or includes itself; extend shipped/{name} instead"
    frames = [(_name_of(frame.filename, folders), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    places = [(found, line) for found, line in frames if found]
    found, line = places[-1] if places else (name, None)
    return f"template {found}: " + (f"line {line}: " if line else "") + (str(error) or type(error).__name__)


def _name_of(filename: str, folders: Sequence[Path]) -> str | None:
    """Return the name of the template that a file holds, if it holds one."""
    path = Path(filename)
    return next((path.relative_to(folder).as_posix() for folder in folders if path.is_relative_to(folder)), None)
