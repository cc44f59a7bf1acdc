"""Jinja2 in a sandbox: no way out, no chance, no end that does not come, and no undefined value.

Besides what Jinja2's own sandbox forbids, loops and calls are counted and texts cannot grow without limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from sfml.errors import InputError
from sfml.specs.values import read_text

MAX_STEPS = 1_000_000
"""Loop rounds and calls of one rendering: about a second. Real templates take a few hundred."""

MAX_OUTPUT = 10_000_000
MAX_TEXT = 1_000_000
"""Characters of the whole output, and of one text (or items of one list) inside the template."""


class Sandbox(ImmutableSandboxedEnvironment):
    """One rendering: its files, and how many steps it may still take."""

    intercepted_binops = frozenset(["*", "**", "+"])

    def __init__(self, folders: Iterable[Path]) -> None:
        self.files: set[str] = set()
        self.steps = MAX_STEPS
        super().__init__(
            loader=_Loader(folders, self.files),
            undefined=jinja2.StrictUndefined,
            finalize=_finalize,
            # Constants computed while compiling would fail, or run on, before any line is known.
            optimized=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            extensions=["jinja2.ext.do"],
        )
        # Both would make another text each time.
        del self.filters["random"], self.globals["lipsum"]
        self.filters |= {"yaml": to_yaml, "_bounded": self._bounded, "_short": _short}

    def text(self, template: str, names: Mapping[str, Any]) -> str:
        """The rendered text; ends in a newline."""
        parts: list[str] = []
        size = 0
        for part in self.get_template(template).generate(names):
            size += len(part)
            if size > MAX_OUTPUT:
                raise InputError(f"the template makes more than {MAX_OUTPUT:,} characters")
            parts.append(part)
        text = "".join(parts)
        return text if text.endswith("\n") else text + "\n"

    def step(self) -> None:
        """Count one step; :class:`InputError` when there were too many."""
        self.steps -= 1
        if self.steps < 0:
            raise InputError(f"the template takes more than {MAX_STEPS:,} steps", hint="is a loop endless?")

    def _bounded(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.step()
            yield item

    def compile(self, source: Any, name: Any = None, filename: Any = None, *rest: Any, **options: Any) -> Any:
        try:
            return super().compile(source, name, filename, *rest, **options)
        except (SyntaxError, RecursionError):  # Python's own limits on nesting
            raise jinja2.TemplateSyntaxError("nested too deeply", 1, name, filename) from None

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        bounded: nodes.Template = _Bound().visit(tree)
        return bounded

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja2's names
        __self.step()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and max(abs(left), abs(right)) > 1000:
            raise ValueError(f"{left} ** {right} is too large")
        if operator == "*" and not all(isinstance(side, int | float) for side in (left, right)):
            raise TypeError("only numbers can be multiplied here")
        return _short(super().call_binop(context, operator, left, right))


class _Bound(NodeTransformer):
    """Loops count their rounds, and joined texts their length: neither can be intercepted otherwise."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja2 looks the method up by this name
        self.generic_visit(node)
        node.iter = _filtered(cast(nodes.Expr, node.iter), "_bounded")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - as above
        self.generic_visit(node)
        return _filtered(node, "_short")


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _short(value: Any) -> Any:
    if isinstance(value, str | list) and len(value) > MAX_TEXT:
        raise InputError(f"a text or list in the template grows past {MAX_TEXT:,}")
    return value


@jinja2.pass_context  # without it, constants would be computed while compiling
def _finalize(_: Context, value: Any) -> Any:
    """What ``{{ … }}`` prints: YAML's own spelling where Python's differs."""
    if isinstance(value, str | jinja2.Undefined):
        return value
    return to_yaml(value)


class _Loader(jinja2.FileSystemLoader):
    """Files below the search path; a template cannot leave it by ``..`` (Jinja2 refuses that)."""

    def __init__(self, folders: Iterable[Path], files: set[str]) -> None:
        super().__init__([str(folder) for folder in folders])
        self.files = files

    def get_source(
        self,
        environment: jinja2.Environment,  # noqa: ARG002 - Jinja2's signature
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        for folder in self.searchpath:
            path = Path(folder, *jinja2.loaders.split_template_path(template))
            if path.is_file():
                self.files.add(str(path))
                return read_text(path), str(path), lambda: True
        raise jinja2.TemplateNotFound(template)


def to_yaml(value: Any) -> str:
    """A value as one line of YAML that every parser reads alike: JSON, unprintable characters escaped."""
    text = json.dumps(value, ensure_ascii=False, default=_refuse)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


# YAML 1.1, production c-printable: these may stand in no YAML text, or break lines (NEL, LS, PS).
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _refuse(value: Any) -> Any:
    str(value)  # an undefined variable raises its own error here
    raise TypeError(f"a {type(value).__name__} cannot be written as YAML")
