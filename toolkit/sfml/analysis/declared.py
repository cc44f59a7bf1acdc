"""Options that no call declares one by one: docopt's usage text, pydantic's settings from the environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from sfml.analysis.arguments import Argument, Arguments
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.findings import Evidence, OutputKind
from sfml.analysis.functions import keyword
from sfml.analysis.mappings import dataclass_default
from sfml.analysis.seen import at_line
from sfml.analysis.tree import Call, Kind, Scope
from sfml.analysis.values import Value, known

_SETTINGS = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"})
# docopt's own grammar: an option's line begins with a dash; <name> and NAME are positions (docopt.org).
_OPTION = re.compile(r"^\s*(?:-\w[ ,=<>\w]*?)?(--[\w-]+)(.*)$")
_OPTION_USED = re.compile(r"(--[\w-]+)")
_POSITION = re.compile(r"(<[\w -]+>)")
_DEFAULT = re.compile(r"\[default:\s*(.*?)\]", re.IGNORECASE)


def docopt(_: Arguments, evaluator: Evaluator, call: Call) -> Iterator[Argument]:
    """What ``docopt(__doc__)`` reads in the module's own docstring."""
    module = call.scope.module
    given = keyword(call.node, "doc", 0)
    if evaluator.names.dotted(call.node.func, call.scope) != "docopt.docopt" or given is None:
        return
    is_own = isinstance(given, ast.Name) and given.id == "__doc__"
    text = ast.get_docstring(module.tree) if is_own else evaluator.value(given, call.scope).default
    if isinstance(text, str):
        where = at_line(module.source.name, call.node.lineno, "docopt(…)")
        for argument in _used(text, where):
            yield replace(argument, module=module)


def _used(text: str, where: Evidence) -> Iterator[Argument]:
    defaults: dict[str, Value] = {}
    for line in text.splitlines():
        found = _OPTION.match(line)
        default = _DEFAULT.search(found[2]) if found else None
        if found and default:
            defaults[found[1]] = known(default[1])
    for name in dict.fromkeys(_OPTION_USED.findall(text)):
        default_ = defaults.get(name, known(None))
        yield Argument(name=name, dest=name, kind=OutputKind.OPTION, evidence=where, default=default_)
    for name in dict.fromkeys(_POSITION.findall(text)):
        yield Argument(name=name, dest=name, kind=OutputKind.POSITIONAL, evidence=where)


def settings(arguments: Arguments, evaluator: Evaluator, cls: Scope) -> None:
    """The fields of a pydantic settings class, each of which a variable of the environment sets."""
    if cls.kind is not Kind.CLASS or not _SETTINGS & set(evaluator.names.ancestors(cls)):
        return
    prefix = _prefix(evaluator, cls)
    for name, bindings in cls.names.items():
        if bindings[-1].kind not in {Kind.VALUE, Kind.FIELD} or name == "model_config":
            continue
        default = evaluator.bound(bindings, None, 0) if bindings[-1].kind is Kind.VALUE else Value()
        variable = f"${prefix}{name}".upper()
        argument = Argument(
            name=variable,
            dest=name,
            kind=OutputKind.VARIABLE,
            evidence=at_line(cls.module.source.name, bindings[-1].line, f"{cls.name}.{name}"),
            default=dataclass_default(evaluator, cls, bindings[-1], default),
            module=cls.module,
        )
        arguments.fields[(id(cls), name)] = argument
        arguments.by_origin.setdefault(variable, argument)


def _prefix(evaluator: Evaluator, cls: Scope) -> str:
    """model_config = SettingsConfigDict(env_prefix=…), or the inner class Config of pydantic 1."""
    for binding in cls.names.get("model_config", ()):
        if isinstance(binding.node, ast.Call):
            found = evaluator.value(keyword(binding.node, "env_prefix"), cls).default
            return found if isinstance(found, str) else ""
    for binding in cls.names.get("Config", ()):
        inner = binding.inner.names.get("env_prefix", ()) if binding.inner is not None else ()
        for one in inner:
            return str(evaluator.value(one.node, one.scope).default or "")
    return ""
