"""What calls of well-known functions come out as: paths, strings, configuration files, asking for GPUs."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfml.analysis.constants import FIRST, GPU_LISTS, GPU_NAMES, GPU_QUESTIONS, NEVER_ON_LINUX
from sfml.analysis.functions import keyword
from sfml.analysis.mappings import merged, structured
from sfml.analysis.tree import Kind, Scope
from sfml.analysis.values import (
    FALSE,
    HAS_GPU,
    HOLE,
    UNKNOWN,
    Row,
    Table,
    Value,
    depends,
    joined,
    known,
    mapped,
    path_join,
    union,
)

if TYPE_CHECKING:
    from sfml.analysis.evaluate import Evaluator

HERE = known("")  # where the script runs: the folder that the project is unpacked in

_WHERE = frozenset({"os.getcwd", "pathlib.Path.cwd", "hydra.utils.get_original_cwd"})
_LOADERS = frozenset(
    {
        "yaml.safe_load",
        "yaml.load",
        "yaml.full_load",
        "yaml.unsafe_load",
        "json.load",
        "json.loads",
        "orjson.loads",
        "ujson.load",
        "simplejson.load",
        "tomllib.load",
        "tomllib.loads",
        "tomli.load",
        "toml.load",
        "toml.loads",
        "ruamel.yaml.YAML().load",
        "ruamel.yaml.safe_load",
        "omegaconf.OmegaConf.load",
        "anyconfig.load",
    }
)
_OPENERS = frozenset({"open", "io.open", "codecs.open", "builtins.open"})
_READS = frozenset({"read", "read_text", "read_bytes", "open", "decode"})
_DICTS = frozenset(
    {"dict", "types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict", "box.Box", "munch.Munch"}
)
_TEXT_METHODS: dict[str, Callable[[str], Any]] = {
    "strip": str.strip,
    "rstrip": lambda text: text.rstrip().rstrip("/"),
    "lower": str.lower,
    "upper": str.upper,
    "expanduser": lambda text: text,
    "resolve": lambda text: text,
    "absolute": lambda text: text,
    "as_posix": lambda text: text,
    "expandvars": lambda text: text,
    "title": str.title,
}
_SAME_PLACE = frozenset({"with_suffix", "with_name", "with_stem", "glob", "rglob"})


def _parent(text: str) -> str:
    return posixpath.dirname(text.rstrip("/"))


PATH_PARTS: dict[str, Callable[[str], str]] = {
    "parent": _parent,
    "name": posixpath.basename,
    "stem": lambda text: posixpath.splitext(posixpath.basename(text))[0],
    "value": lambda text: text,  # of an absl flag or an enum member
}


def value_of_call(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    """What a call may come out as."""
    symbol = evaluator.names.resolve(node.func, scope)
    if isinstance(symbol, str):
        found = _foreign(evaluator, symbol, node, scope)
        if found is not None:
            return found
    if isinstance(symbol, Scope):
        return _local(evaluator, symbol)
    if isinstance(node.func, ast.Attribute):
        return _method(evaluator, node.func, node, scope)
    return UNKNOWN


def _local(evaluator: Evaluator, symbol: Scope) -> Value:
    if symbol.kind is Kind.CLASS:
        return UNKNOWN
    found: Value | None = None
    for value, guard in symbol.returns:
        when = evaluator.condition(guard)
        if when.never:
            continue
        here = evaluator.value(value, symbol)
        if found is None:
            found = replace(here, gpu=True) if when.gpu or when.without_gpu else here
        else:
            found = union(here, found, gpu=True) if when.gpu else union(found, here, gpu=when.without_gpu)
    return found or UNKNOWN


def _foreign(evaluator: Evaluator, symbol: str, node: ast.Call, scope: Scope) -> Value | None:
    handler = _HANDLERS.get(symbol)
    if handler is None and symbol.endswith(".join") and isinstance(node.func, ast.Name):
        handler = _join  # somebody's own name for os.path.join
    return handler(evaluator, node, scope) if handler is not None else None


def _has_gpu(evaluator: Evaluator, _node: ast.Call, _scope: Scope) -> Value:
    return FALSE if evaluator.no_gpu else HAS_GPU


def _gpu_name(evaluator: Evaluator, _node: ast.Call, _scope: Scope) -> Value:
    return known("cpu") if evaluator.no_gpu else depends("gpu", "cpu", gpu=True)


def _no(_evaluator: Evaluator, _node: ast.Call, _scope: Scope) -> Value:
    return FALSE


def _here(_evaluator: Evaluator, _node: ast.Call, _scope: Scope) -> Value:
    return HERE


def _gpu_list(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    kind = _first(evaluator, node, scope)
    if kind.default not in {None, "GPU"} or evaluator.no_gpu:
        return known(Row((known("device"),))) if kind.default == "CPU" else known(Row())
    return depends(Row((known("GPU"),)), Row(), gpu=True)


def _first(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    if node.args:
        return evaluator.value(node.args[0], scope)
    return evaluator.value(node.keywords[0].value, scope) if node.keywords else UNKNOWN


def _join(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    parts = [evaluator.value(argument, scope) for argument in node.args]
    return joined(parts, path_join, path=True) if parts else HERE


def _dirname(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    return mapped(_first(evaluator, node, scope), _parent)


def _basename(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    return mapped(_first(evaluator, node, scope), posixpath.basename)


def _environ(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    default = keyword(node, "default", 1)
    given = evaluator.value(default, scope) if default is not None else known(None)
    return evaluator.environment(_first(evaluator, node, scope), given)


def _getattr(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    if len(node.args) < 2:
        return UNKNOWN
    name = evaluator.value(node.args[1], scope).default
    if not isinstance(name, str) or not name.isidentifier():
        return UNKNOWN
    key = (id(node), name)
    attribute = evaluator.made.get(key)
    if attribute is None:
        attribute = ast.copy_location(ast.Attribute(value=node.args[0], attr=name, ctx=ast.Load()), node)
        evaluator.made[key] = attribute
    found = evaluator.value(attribute, scope)
    return found if found is not UNKNOWN or len(node.args) < 3 else evaluator.value(node.args[2], scope)


def _dict(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    items: dict[Any, Value] = {}
    for argument in node.args:
        for option in evaluator.value(argument, scope).options:
            items.update(option.items if isinstance(option, Table) else {})
    for item in node.keywords:
        if item.arg is not None:
            items[item.arg] = evaluator.value(item.value, scope)
            continue
        for option in evaluator.value(item.value, scope).options:
            items.update(option.items if isinstance(option, Table) else {})
    return known(Table(items))


def _urljoin(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    parts = [evaluator.value(argument, scope) for argument in node.args[:2]]
    return joined(parts, lambda texts: texts[-1] if "://" in texts[-1] else "/".join(texts))


def _number(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    return mapped(_first(evaluator, node, scope), int)


def _bool(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    return mapped(_first(evaluator, node, scope), bool)


def _length(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    value = _first(evaluator, node, scope)
    return mapped(value, lambda option: len(option.items if isinstance(option, (Row, Table)) else option))


def _system(_evaluator: Evaluator, _node: ast.Call, _scope: Scope) -> Value:
    return known("Linux")


def _which(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    if _first(evaluator, node, scope).default != "nvidia-smi":
        return UNKNOWN
    return known(None) if evaluator.no_gpu else depends("/usr/bin/nvidia-smi", None, gpu=True)


# --- configuration files ---


def _loaded(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    argument = node.args[0] if node.args else keyword(node, "stream") or keyword(node, "fp")
    if argument is None:
        return UNKNOWN
    path = opened_path(evaluator, argument, scope)
    return evaluator.files.config(path, scope) if path is not None else UNKNOWN


def opened_path(evaluator: Evaluator, node: ast.expr, scope: Scope) -> Value | None:
    """The path of the file that an expression has open, or has read, or names."""
    node = _assigned(evaluator, node, scope)
    if isinstance(node, ast.Call):
        dotted = evaluator.names.dotted(node.func, scope)
        if dotted in _OPENERS and node.args:
            return evaluator.value(node.args[0], scope)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _READS:
            inner = opened_path(evaluator, node.func.value, scope)
            return inner if inner is not None else evaluator.value(node.func.value, scope)
    value = evaluator.value(node, scope)
    return value if value.texts or value.origins else None


def _assigned(evaluator: Evaluator, node: ast.expr, scope: Scope) -> ast.expr:
    """The expression that a local name was last given, or that a `with` opened."""
    for _ in range(4):
        if not isinstance(node, ast.Name):
            break
        bindings = [b for b in evaluator.names.bindings(node.id, scope) if b.scope is scope]
        before = [b for b in bindings if b.line <= node.lineno] or bindings
        last = before[-1].node if before else None
        if not isinstance(last, ast.expr) or before[-1].kind not in {Kind.VALUE, Kind.ENTER}:
            break
        node = last
    return node


# --- methods of strings, paths and mappings ---


def _method(evaluator: Evaluator, func: ast.Attribute, node: ast.Call, scope: Scope) -> Value:
    name = func.attr
    if name == "format":
        return _format(evaluator, func, node, scope)
    base = evaluator.value(func.value, scope)
    if name == "joinpath":
        return joined([base, *(evaluator.value(arg, scope) for arg in node.args)], path_join, path=True)
    if name == "join" and base.texts and node.args:
        rows = evaluator.value(node.args[0], scope).default
        parts = list(rows.items) if isinstance(rows, Row) else []
        return joined(parts, base.texts[0].join) if parts else UNKNOWN
    if name in {"get", "pop", "setdefault"} and node.args:
        found = evaluator.part(base, evaluator.value(node.args[0], scope).default)
        return found if found is not UNKNOWN else _declared_or_default(evaluator, func, node, scope)
    if name in _TEXT_METHODS:
        return mapped(base, _TEXT_METHODS[name])
    if name == "replace" and len(node.args) == 2:
        old, new = (evaluator.value(argument, scope).default for argument in node.args)
        return mapped(base, lambda text: text.replace(old, new))
    if name in _SAME_PLACE and (base.texts or base.head):
        return replace(base, options=tuple(f"{_parent(t)}/{HOLE}" for t in base.texts), complete=False)
    if name in _VIEWS and isinstance(base.default, Table):
        return known(_VIEWS[name](base.default))
    return base if name in {"copy", "as_dict"} else UNKNOWN


_VIEWS: dict[str, Callable[[Table], Row]] = {
    "items": lambda table: Row(tuple(known(Row((known(k), v))) for k, v in table.items.items())),
    "values": lambda table: Row(tuple(table.items.values())),
    "keys": lambda table: Row(tuple(known(key) for key in table.items)),
}


def _declared_or_default(evaluator: Evaluator, func: ast.Attribute, node: ast.Call, scope: Scope) -> Value:
    name = evaluator.value(node.args[0], scope).default
    dotted = evaluator.names.dotted(func.value, scope)
    declared = evaluator.arguments.attribute(f"{dotted}.{name}", scope.module) if dotted else None
    if declared is not None:
        return declared
    return evaluator.value(node.args[1], scope) if len(node.args) > 1 else UNKNOWN


def _format(evaluator: Evaluator, func: ast.Attribute, node: ast.Call, scope: Scope) -> Value:
    base = evaluator.value(func.value, scope)
    if not base.texts:
        return UNKNOWN
    import string

    parts: list[Value] = []
    try:
        pieces = list(string.Formatter().parse(base.texts[0]))
    except ValueError:
        return UNKNOWN
    for number, (text, name, _, _) in enumerate(pieces):
        parts += [known(text)] if text else []
        if name is not None:
            given = keyword(node, name.split(".")[0].split("[")[0], int(name) if name.isdecimal() else number)
            parts.append(evaluator.value(given, scope))
    return joined(parts, "".join) if parts else known("")


_HANDLERS: dict[str, Callable[[Evaluator, ast.Call, Scope], Value]] = {
    **dict.fromkeys(GPU_QUESTIONS, _has_gpu),
    **dict.fromkeys(GPU_LISTS, _gpu_list),
    **dict.fromkeys(GPU_NAMES, _gpu_name),
    **dict.fromkeys(NEVER_ON_LINUX, _no),
    **dict.fromkeys(_DICTS, _dict),
    **dict.fromkeys(FIRST, _first),
    **dict.fromkeys(_LOADERS, _loaded),
    **dict.fromkeys(_WHERE, _here),
    "omegaconf.OmegaConf.merge": merged,
    "omegaconf.OmegaConf.structured": structured,
    "os.path.join": _join,
    "posixpath.join": _join,
    "pathlib.Path": _join,
    "os.path.dirname": _dirname,
    "os.path.basename": _basename,
    "os.environ.get": _environ,
    "os.getenv": _environ,
    "os.environ.setdefault": _environ,
    "getattr": _getattr,
    "urllib.parse.urljoin": _urljoin,
    "int": _number,
    "bool": _bool,
    "len": _length,
    "platform.system": _system,
    "shutil.which": _which,
}
