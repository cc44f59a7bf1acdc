"""Templates to text: Jinja2 in a sandbox, where whatever is undefined or endless is an error with its line.

Rendering is deterministic and bounded. What comes from elsewhere (an image's path, a pool's family) is passed
in as a function; nothing here looks it up.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import jinja2

from sfml.errors import InputError
from sfml.specs.families import FAMILIES, Family
from sfml.specs.memory import shm_size
from sfml.specs.sandbox import Sandbox, to_yaml

Resolver = Callable[[str], str]

# What a template's own mistakes raise; what is raised outside of its lines is our own and goes on.
_TEMPLATE_ERRORS = (
    jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError,
    MemoryError, AssertionError,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What templates may ask for: ``{{ image('dev-gpu') }}``, ``{{ pool_family('GPU_POOL') }}``."""

    image: Resolver | None = None
    pool_family: Resolver | None = None
    families: Mapping[str, Family] = field(default_factory=lambda: FAMILIES)


def render(
    template: Path,
    values: Mapping[str, Any],
    *,
    sources: Sources | None = None,
    environ: Mapping[str, str] | None = None,
    library: Sequence[Path] = (),
) -> str:
    """The template's text with ``values`` filled in; ends in a newline.

    ``environ`` appears as ``environ`` in the template, if given. ``{% extends %}`` and ``{% include %}`` look
    beside the template, then in the folders of ``library``. An :class:`InputError` names file and line.
    """
    names = _names(values, environ, sources or Sources())
    environment = Sandbox([template.parent, *library])
    try:
        return environment.text(template.name, names)
    except InputError as error:
        where = _where(error.__traceback__, environment.files)
        raise InputError(f"{where}{error}", hint=error.hint) from None
    except jinja2.TemplateSyntaxError as error:
        raise InputError(f"{error.filename or template}:{error.lineno}: {error.message}") from None
    except _TEMPLATE_ERRORS as error:
        where = _where(error.__traceback__, environment.files)
        if not where and not isinstance(error, jinja2.TemplateError):
            raise
        raise InputError(f"{where}{_message(error)}", hint=_hint(error, values)) from None


def _names(values: Mapping[str, Any], environ: Mapping[str, str] | None, sources: Sources) -> dict[str, Any]:
    functions: dict[str, Any] = {
        "image": _resolver("image", sources.image, values.get("images")),
        "pool_family": _resolver("pool_family", sources.pool_family, values.get("pool_families")),
        "shm_size": lambda memory=None, family=None: shm_size(memory, _family(sources, family)),
        "yaml": to_yaml,
    }
    if environ is not None:
        functions["environ"] = dict(environ)
    taken = sorted(functions.keys() & values.keys())
    if taken:
        raise InputError(f"values may not redefine {', '.join(taken)}", hint="choose another name")
    return {**values, **functions}


def _family(sources: Sources, name: str | None) -> Family | None:
    if name is None or name in sources.families:
        return sources.families.get(name or "")
    near = difflib.get_close_matches(name, sources.families, n=1)
    raise InputError(
        f"there is no instance family {name!r}" + (f", did you mean {near[0]}?" if near else ""),
        hint="sfml spec families lists them",
    )


def _resolver(what: str, function: Resolver | None, known: Any) -> Resolver:
    """``what('name')`` in a template: from the values (a map, named in the plural), else from outside."""

    def resolve(name: str) -> str:
        if isinstance(known, Mapping) and name in known:
            return str(known[name])
        if function is None:
            plural = "images" if what == "image" else "pool_families"
            raise InputError(
                f"{what}({name!r}) is not known here", hint=f"give it with --set {plural}.{name}=…"
            )
        return function(name)

    return resolve


def _where(traceback: TracebackType | None, files: set[str]) -> str:
    """``file:line: `` of the innermost template line in a traceback, or nothing."""
    found = ""
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename in files:
            found = f"{filename}:{traceback.tb_lineno}: "
        traceback = traceback.tb_next
    return found


def _message(error: BaseException) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"the template {error} is not there"
    if isinstance(error, RecursionError):
        return "the template calls or includes itself without end"
    if isinstance(error, MemoryError):
        return "the template needs more memory than there is"
    return str(error) or type(error).__name__


def _hint(error: BaseException, values: Mapping[str, Any]) -> str | None:
    if not isinstance(error, jinja2.UndefinedError):
        return None
    match = re.match(r"'(\w+)' is undefined", str(error))
    if match is None:
        return None
    name = match[1]
    if name == "secret":
        return "to leave {{secret.…}} for Snowflake: {% raw %}{{secret.NAME.secret_string}}{% endraw %}"
    near = difflib.get_close_matches(name, values, n=1)
    return (
        f"did you mean {near[0]}? " if near else ""
    ) + f"give it with --set {name}=… or in a --values file"
