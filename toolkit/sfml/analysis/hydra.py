"""Hydra: the configuration that a decorated function gets, composed from the files beside the script."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sfml.analysis import configs
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.functions import keyword
from sfml.analysis.index import index
from sfml.analysis.seen import at_line
from sfml.analysis.source import Source
from sfml.analysis.tree import Call, Module
from sfml.analysis.values import Row, Table, Value, known

_REFERENCE = re.compile(r"^\$\{([A-Za-z_][\w.]*)\}$")


def learn(evaluator: Evaluator, call: Call) -> None:
    """Compose the configuration that ``@hydra.main(config_path=…, config_name=…)`` names, if it exists."""
    dotted = evaluator.names.dotted(call.node.func, call.scope)
    if dotted not in {"hydra.main", "hydra.initialize", "hydra.compose"}:
        return
    folder = _text(
        evaluator, keyword(call.node, "config_path", 0 if dotted != "hydra.compose" else None), call
    )
    name = (
        _text(evaluator, keyword(call.node, "config_name", 1 if dotted == "hydra.main" else 0), call)
        or "config"
    )
    beside = call.scope.module.path.parent
    places = [
        Path(os.path.normpath(place / (folder or "conf"))) for place in (beside, evaluator.files.project.root)
    ]
    for place in places:
        found = _file(place, name)
        if found is not None:
            evaluator.arguments.hydra = compose(evaluator, place, found)
            evaluator.arguments.hydra_file = at_line(
                evaluator.files.project.name_of(found), 1, f"configuration {name}"
            )
            return
    evaluator.arguments.hydra_file = evaluator.arguments.hydra_file or at_line(
        call.scope.module.source.name, call.node.lineno, dotted
    )


def instantiated(evaluator: Evaluator) -> list[Module]:
    """The objects described by ``_target_`` in the configuration files, as modules of imports and calls."""
    found = []
    for path in evaluator.arguments.hydra_files:
        tables = list(_targets(configs.load(path)))
        if not tables or path in evaluator.files.project.modules:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        source = Source(name=evaluator.files.project.name_of(path), text=text)
        tree = ast.Module(body=[s for table in tables for s in _statements(table, text)], type_ignores=[])
        module = Module(path=path, source=source, dotted=path.stem, package="", is_main=False, tree=tree)
        evaluator.files.project.modules[path] = index(module)
        found.append(module)
    evaluator.arguments.hydra_files.clear()
    return found


def _targets(value: Value | None) -> Iterator[Table]:
    option = value.default if value is not None else None
    if isinstance(option, Table):
        if isinstance(option.items.get("_target_", known(None)).default, str):
            yield option
        for item in option.items.values():
            yield from _targets(item)
    elif isinstance(option, Row):
        for item in option.items:
            yield from _targets(item)


def _statements(table: Table, text: str) -> list[ast.stmt]:
    """`import a.b` and `a.b.C(key=value)` for one description, on the line that names its target."""
    target = table.items["_target_"].default
    module = target.rpartition(".")[0]
    arguments = [
        f"{key}={_literal(value.default)}"
        for key, value in table.items.items()
        if isinstance(key, str) and key.isidentifier() and key != "_target_"
    ]
    code = f"import {module}, hydra\n{target}({', '.join(arguments)})"
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError):
        return []
    line = next((n for n, row in enumerate(text.splitlines(), 1) if target in row), 1)
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno, node.end_lineno, node.col_offset, node.end_col_offset = line, line, 0, 10_000
    return statements


def _literal(option: object) -> str:
    if isinstance(option, str) and "${hydra:runtime.output_dir}" in option:
        return "hydra.compose().hydra.run.dir"
    reference = _REFERENCE.match(option) if isinstance(option, str) else None
    if reference:
        return f"hydra.compose().{reference[1]}"
    return repr(option) if isinstance(option, (str, int, float, bool, type(None))) else "..."


def compose(evaluator: Evaluator, place: Path, path: Path) -> Table:
    """A primary configuration with the group files that its defaults list names."""
    if path in evaluator.arguments.hydra_files:
        return Table()  # a file that includes itself
    evaluator.files.note(path)
    evaluator.arguments.hydra_files.append(path)
    content = configs.load(path)
    own = content.default if content is not None and isinstance(content.default, Table) else Table()
    items: dict[object, Value] = {}
    defaults = own.items.get("defaults")
    for entry in defaults.default.items if defaults is not None and isinstance(defaults.default, Row) else ():
        items.update(_group(evaluator, place, entry))
    for key, value in own.items.items():
        items[key] = _deep(items[key], value) if key in items else value
    return Table(items)


def _group(evaluator: Evaluator, place: Path, entry: Value) -> dict[object, Value]:
    option = entry.default
    if isinstance(option, str):
        found = _file(place, option) if option != "_self_" else None
        return dict(compose(evaluator, found.parent, found).items) if found is not None else {}
    items: dict[object, Value] = {}
    for group, chosen in option.items.items() if isinstance(option, Table) else ():
        name = str(group).removeprefix("override ").removeprefix("optional ").split("@")[0].strip("/ ")
        found = _file(place / name, str(chosen.default)) if isinstance(chosen.default, str) else None
        if found is not None:
            items[name.split("/")[0]] = known(compose(evaluator, found.parent, found))
    return items


def _deep(first: Value, second: Value) -> Value:
    if not isinstance(first.default, Table) or not isinstance(second.default, Table):
        return second
    return known(Table({**first.default.items, **second.default.items}))


def _file(place: Path, name: str) -> Path | None:
    for suffix in ("", ".yaml", ".yml"):
        path = place / f"{name}{suffix}"
        if path.suffix in {".yaml", ".yml"} and path.is_file():
            return path
    return None


def _text(evaluator: Evaluator, node: ast.expr | None, call: Call) -> str | None:
    value = evaluator.value(node, call.scope).default if node is not None else None
    return value if isinstance(value, str) else None
