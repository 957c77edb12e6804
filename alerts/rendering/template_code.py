"""The Python that templates are compiled to: shorter where they read our own types, print, and call macros.

Most of a message's cost is what Jinja2 does around each value: a call to read it, two objects to escape it.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.nodes import EvalContext
from jinja2.runtime import Macro
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

_MARKED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}  # as Jinja2 writes them in JSON
_SHORT = 200  # characters of a text whose JSON is kept: most are those of all messages
_marked = str.__new__  # of a text: `Markup` would ask it first for its HTML
_encoded = json.JSONEncoder(sort_keys=True).encode  # one encoder for all values


class TypesWith(dict[str, frozenset[type]]):
    """Which of some types have an attribute, by its name."""

    def __init__(self, types: Collection[type]) -> None:
        super().__init__()
        self._types = types

    def __missing__(self, name: str) -> frozenset[type]:
        found = frozenset(one for one in self._types if hasattr(one, name))
        self[name] = found
        return found


class TemplateCode(CodeGenerator):
    """Compiles a template. What it reads of our own types needs no further look at whether that is safe."""

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 # as its base
        """Write an expression that reads an attribute: at once from our types, else as the sandbox does."""
        if not node.attr.isidentifier() or node.attr.startswith("_") or keyword.iskeyword(node.attr):
            super().visit_Getattr(node, frame)
            return
        self.write(f"(_v.{node.attr} if type(_v := ")
        self.visit(node.node, frame)
        self.write(f") in environment.types_with[{node.attr!r}] else environment.getattr(_v, {node.attr!r}))")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.printed(")


def printed(value: object) -> str:
    """Return a value as HTML. What is HTML already stays as it is."""
    if type(value) is Markup:
        return value
    return _escaped(value) if type(value) is str and len(value) <= _SHORT else escape(value)


def tojson(value: object, indent: int | None = None) -> Markup:
    """Return a value as JSON that is safe in HTML too, as the filter of Jinja2 does."""
    if indent is not None:
        return htmlsafe_json_dumps(value, indent=indent, sort_keys=True)
    if value is None or value is True or value is False or (type(value) is str and len(value) <= _SHORT):
        return _kept(value)
    return _json(value)


def call_macro(macro: Macro, context: EvalContext, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Call a macro. One that is given just what it takes needs no look for the rest, which is half of its time."""
    if kwargs:
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
    takes_more = macro.caller or macro.catch_kwargs or macro.catch_varargs
    if kwargs or takes_more or len(args) != len(macro.arguments):
        return macro(context, *args, **kwargs)
    text = macro._func(*args)  # what calling it comes to
    return _marked(Markup, text) if context.autoescape else text


def _json(value: object) -> Markup:
    text = _encoded(value)
    for sign, written in _MARKED.items():
        if sign in text:
            text = text.replace(sign, written)
    return _marked(Markup, text)


_kept = lru_cache(maxsize=4096)(_json)
_escaped = lru_cache(maxsize=4096)(escape)
