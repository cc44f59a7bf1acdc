"""What a name or attribute chain of the code stands for, through imports, aliases and assignments."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from sfml.analysis.functions import (
    argument_of,
    decorator_names,
    first_parameter,
    method_class,
    relative_start,
    tail,
)
from sfml.analysis.project import Project
from sfml.analysis.tree import Binding, Call, Folder, Import, Instance, Kind, Module, Scope, Store

# A dotted name outside the project ("torch.cuda.is_available"; an object made by a call ends in "()"), a
# function or class of the project, an object of such a class, a module or namespace folder of the project.
Answer = TypeVar("Answer")
Symbol: TypeAlias = str | Scope | Instance | Module | Folder | None

_BUILTINS = frozenset(dir(builtins))
_IMPORTS = frozenset({Kind.IMPORT, Kind.FROM})

# Methods that give back the object they are called on, as far as names are concerned.
_SAME = frozenset(
    {"to", "cuda", "cpu", "eval", "train", "half", "float", "double", "bfloat16", "requires_grad_", "copy"}
)
_WRAPPERS = frozenset(
    {
        "functools.partial",
        "copy.copy",
        "copy.deepcopy",
        "iter",
        "list",
        "tuple",
        "vars",
        "omegaconf.OmegaConf.to_container",
        "omegaconf.OmegaConf.to_object",
        "torch.compile",
    }
)
# Annotations that say less about a parameter than the calls of its function do.
_CONFIGURATIONS = frozenset({"omegaconf.DictConfig()", "argparse.Namespace()", "dict()", "typing.Any()"})
HYDRA = "hydra:cfg"  # a configuration whose keys the command line sets; what follows is a key
_FROM_CLI = "omegaconf.OmegaConf.from_cli"
DEEPEST = 80  # each level takes up to eight frames of Python's thousand
_MOST_AGAIN = 20_000  # questions that are asked again after they met that limit
_MOST_ANCESTORS = 50


class Names:
    """Resolves expressions of a project's modules to symbols; answers are remembered."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self.stores: dict[str, list[Store]] = defaultdict(list)
        self.depth = 0  # of questions within questions, here and in the evaluation of values
        self.cut = False  # whether the current one met the limit
        self.again = _MOST_AGAIN
        self._known: dict[int, Symbol] = {}
        self._bound: dict[int, Symbol] = {}
        self._by_name: dict[str, dict[int, list[Call]]] = {}

    def link(self, modules: Iterable[Module]) -> None:
        """Make the calls of all modules known, so that parameters resolve; forgets earlier answers."""
        self._known.clear()
        self._bound.clear()
        self._by_name.clear()
        for module in modules:
            for name, calls in module.called.items():
                self.calls[name].extend(calls)
            for store in module.attribute_stores:
                self.stores[str(store.key)].append(store)

    def resolve(self, node: ast.AST, scope: Scope) -> Symbol:
        """The symbol that an expression means in a scope, or None where that depends on the run."""
        if type(node) is ast.Name:
            return self._name(node, scope)  # its bindings are remembered
        key = id(node)  # an expression stands in one scope only
        if key in self._known:
            return self._known[key]
        handler = _HANDLERS.get(type(node))
        return self.ask(self._known, key, None, handler, self, node, scope) if handler is not None else None

    def ask(
        self,
        known: dict[int, Answer],
        key: int,
        unknown: Answer,
        question: Callable[..., Answer],
        *arguments: object,
    ) -> Answer:
        """The remembered answer to a question, or a new one.

        A question that comes up while it is being answered is ``unknown``; so is one too many levels deep,
        and what followed from that is not remembered, so that it can be asked again from nearer.
        """
        if key in known:
            return known[key]
        if self.depth > DEEPEST:
            self.cut = True
            return unknown
        known[key] = unknown
        outer, self.cut = self.cut, False
        self.depth += 1
        try:
            answer = known[key] = question(*arguments)
        finally:
            self.depth -= 1
        if self.cut and self.depth and self.again:
            self.again -= 1
            del known[key]
        self.cut = self.cut or outer
        return answer

    def dotted(self, node: ast.AST, scope: Scope) -> str:
        """The dotted name of something outside the project, or ''."""
        found = self.resolve(node, scope)
        return found if isinstance(found, str) else ""

    # --- names ---

    def bindings(self, name: str, scope: Scope) -> list[Binding]:
        """The assignments that a name may mean, those of the nearest scope that has any."""
        here: Scope | None = scope
        while here is not None:
            if name in here.names and (here.kind is not Kind.CLASS or here is scope):
                return here.names[name]
            here = here.parent
        return self._starred(name, scope.module)

    def named(self, name: str, scope: Scope) -> list[Symbol]:
        """What the assignments of a name give it."""
        return [self.bound(binding) for binding in self.bindings(name, scope)]

    def _starred(self, name: str, module: Module) -> list[Binding]:
        for source in self._star_sources(module):
            if isinstance(source, Module) and name in source.scope.names:
                return source.scope.names[name]
        return []

    def _star_sources(self, module: Module) -> list[Symbol]:
        """What a module takes everything from, directly or through another's star."""
        if not module.stars:
            return []
        found: list[Symbol] = []
        pending = [module]
        seen = {id(module)}
        while pending:
            here = pending.pop(0)
            for star in here.stars:
                source = self._starred_module(star, here)
                found.append(source)
                if isinstance(source, Module) and id(source) not in seen:
                    seen.add(id(source))
                    pending.append(source)
        return found

    def _name(self, node: ast.Name, scope: Scope) -> Symbol:
        found = self.bindings(node.id, scope)
        if len(found) == 1:
            return self.bound(found[0])
        if found:
            return self._latest(found, node.lineno, scope)
        if node.id in _BUILTINS:
            return node.id
        return self._from_foreign_star(node.id, scope.module)

    def _from_foreign_star(self, name: str, module: Module) -> Symbol:
        foreign = [source for source in self._star_sources(module) if isinstance(source, str)]
        return f"{foreign[0]}.{name}" if foreign else None

    def _latest(self, found: Sequence[Binding], line: int, scope: Scope) -> Symbol:
        """The last binding before the line that resolves; failing that, the first that does."""
        before = [b for b in found if b.scope is scope and b.line <= line] or found
        for binding in reversed(before):
            symbol = self.bound(binding)
            if symbol is not None:
                return symbol
        return None

    def bound(self, binding: Binding) -> Symbol:
        """What one binding gives its name."""
        return self.ask(self._bound, id(binding), None, self._bind, binding)

    def _bind(self, binding: Binding) -> Symbol:
        if binding.kind in _IMPORTS:
            return self.imported(binding.target, binding.scope.module, binding.level)
        if binding.inner is not None:
            return binding.inner
        if binding.kind is Kind.PARAMETER:
            return self._parameter(binding)
        if binding.node is None:
            return None
        if binding.kind is Kind.FIELD:
            return self._annotation(binding.node, binding.scope)
        found = self._element(binding.node, binding.path, binding.scope)
        if binding.kind is Kind.ITEM:
            return f"{found}[]" if isinstance(found, str) else None
        return found

    def _element(self, node: ast.AST, path: tuple[int, ...], scope: Scope) -> Symbol:
        for depth, position in enumerate(path):
            if isinstance(node, (ast.Tuple, ast.List)) and position < len(node.elts):
                node = node.elts[position]
                continue
            found = self.resolve(node, scope)
            rest = "".join(f"[{p}]" for p in path[depth:])
            return f"{found}{rest}" if isinstance(found, str) else None
        return self.resolve(node, scope)

    def imported(self, dotted: str, module: Module, level: int) -> Symbol:
        """The module or, failing that, the name in a module that an import of ``dotted`` gives."""
        start = relative_start(module, level)
        if start is not None and not dotted:
            return self._module_at(start / "__init__.py", "")
        found = self._module(dotted, start)
        if found is not None:
            return found
        parent, _, name = dotted.rpartition(".")
        owner = self._module(parent, start) if parent else None
        if owner is None and start is not None and not parent:
            owner = self._module_at(start / "__init__.py", "")
        if isinstance(owner, Module):
            return self.member(owner, name)
        return None if owner is not None or level else dotted

    def _module(self, dotted: str, start: Path | None) -> Module | Folder | None:
        path = self.project.find(dotted, start=start)
        if path is None:
            return None
        return self._module_at(path, dotted)

    def _module_at(self, path: Path, dotted: str) -> Module | Folder | None:
        if path.suffix != ".py":
            return Folder(path)
        if self.project.listing(path.parent).get(path.name) is not False:
            return None
        return self.project.module(path, dotted or path.parent.name)

    def member(self, owner: Module, name: str) -> Symbol:
        """A name of another module: what it binds, one of its submodules, or what it took from elsewhere."""
        found = owner.scope.names.get(name) or self._starred(name, owner)
        if found:
            return self._latest(found, 1 << 30, owner.scope)
        if owner.path.name == "__init__.py":
            below = self.project.find(name, start=owner.path.parent)
            if below is not None:
                return self._module_at(below, f"{owner.dotted}.{name}")
        return self._from_foreign_star(name, owner)

    def _starred_module(self, star: Import, module: Module) -> Symbol:
        start = relative_start(module, star.level)
        if start is not None and not star.target:
            return self._module_at(start / "__init__.py", "")
        found = self._module(star.target, start)
        return star.target if found is None and not star.level else found

    # --- parameters ---

    def _parameter(self, binding: Binding) -> Symbol:
        function, arg = binding.scope, binding.node
        if self._is_hydra_main(function):
            return HYDRA
        if isinstance(arg, ast.arg) and arg.annotation is not None:
            found = self._annotation(arg.annotation, function)
            if found is not None and found not in _CONFIGURATIONS:
                return found
        owner = method_class(function)
        if owner is not None and binding.name == first_parameter(function):
            return Instance(owner)
        for node, scope in self.arguments(function, binding.name):
            found = self.resolve(node, scope)
            if found is not None:
                return found
        return None

    def _is_hydra_main(self, function: Scope) -> bool:
        if "main" not in decorator_names(function):
            return False
        decorators = getattr(function.node, "decorator_list", [])
        functions = [d.func if isinstance(d, ast.Call) else d for d in decorators]
        return any(self.dotted(func, function.parent or function) == "hydra.main" for func in functions)

    def _annotation(self, node: ast.AST, scope: Scope) -> Symbol:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            try:
                node = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError):
                return None
        if isinstance(node, ast.Subscript) and tail(node.value) == "Optional":
            node = node.slice
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            node = node.left
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return None
        found = self.resolve(node, scope)
        if isinstance(found, Scope):
            return Instance(found) if found.kind is Kind.CLASS else None
        return f"{found}()" if isinstance(found, str) and found not in _BUILTINS else None

    def call_sites(self, function: Scope) -> list[Call]:
        """The calls in the project that run a function, or make an object when it is ``__init__``."""
        owner = method_class(function)
        if owner is not None and function.name == "__init__":
            return self.made(owner) + self._sites("__init__").get(id(function), [])
        sites = self._sites(function.name)
        found = sites.get(id(function), [])
        # A method called on something unknown may be this one.
        return found + sites.get(0, []) if owner is not None else found

    def made(self, cls: Scope) -> list[Call]:
        """The calls in the project that make an object of a class."""
        return self._sites(cls.name).get(id(cls), [])

    def _sites(self, name: str) -> dict[int, list[Call]]:
        """The calls by that name, by what they call; under 0 those of which that is unknown."""
        if name not in self._by_name:
            sites = self._by_name[name] = {}
            for call in self.calls.get(name, ()):
                found = self.resolve(call.node.func, call.scope)
                if found is None or isinstance(found, Scope):
                    sites.setdefault(id(found) if found is not None else 0, []).append(call)
        return self._by_name[name]

    def arguments(self, function: Scope, name: str) -> list[tuple[ast.expr, Scope]]:
        """The expressions that the calls of a function give one of its parameters."""
        found = []
        for call in self.call_sites(function):
            given = argument_of(function, call.node, name, bound=self.is_bound(function, call))
            if given is not None:
                found.append((given, call.scope))
        return found

    def is_bound(self, function: Scope, call: Call) -> bool:
        """Whether a call fills a function's first parameter by itself."""
        if method_class(function) is None or "staticmethod" in decorator_names(function):
            return False
        if isinstance(call.node.func, ast.Attribute) and "classmethod" not in decorator_names(function):
            return not isinstance(self.resolve(call.node.func.value, call.scope), Scope)
        return True

    # --- the other expressions ---

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Symbol:
        inner: ast.expr = node
        names: list[str] = []
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        found = self.resolve(inner, scope)
        while names and found is not None:
            if isinstance(found, str):
                return ".".join([found, *reversed(names)])
            found = self._member_of(found, names.pop(), node.lineno)
        return found

    def _member_of(self, base: Symbol, name: str, line: int) -> Symbol:
        if isinstance(base, Module):
            return self.member(base, name)
        if isinstance(base, Folder):
            below = self.project.find(name, start=base.path)
            return self._module_at(below, name) if below is not None else None
        if isinstance(base, Scope):
            return self._class_member(base, name, line) if base.kind is Kind.CLASS else None
        return self._class_member(base.cls, name, line) if isinstance(base, Instance) else None

    def _class_member(self, cls: Scope, name: str, line: int) -> Symbol:
        for ancestor in self.ancestors(cls):
            if isinstance(ancestor, str):
                return f"{ancestor}().{name}"
            found = ancestor.names.get(name) or ancestor.attributes.get(name)
            if found:
                return self._latest(found, line, cls)
        return None

    def ancestors(self, cls: Scope) -> list[Scope | str]:
        """A class, its bases in the project, and at the end the first base from outside, if any."""
        found: list[Scope | str] = []
        outside: list[str] = []
        pending = [cls]
        while pending and len(found) < _MOST_ANCESTORS:
            here = pending.pop(0)
            if here in found:
                continue
            found.append(here)
            for base in here.node.bases if isinstance(here.node, ast.ClassDef) else ():
                symbol = self.resolve(base, here.parent or here)
                if isinstance(symbol, Scope):
                    pending.append(symbol)
                elif isinstance(symbol, str) and symbol != "object":
                    outside.append(symbol)
        return [*found, *outside[:1]]

    def _call(self, node: ast.Call, scope: Scope) -> Symbol:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SAME:
            base = self.resolve(node.func.value, scope)
            if isinstance(base, Instance) or (isinstance(base, str) and base.endswith(")")):
                return base
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return self._super(scope)
        found = self.resolve(node.func, scope)
        if isinstance(found, str):
            if found in _WRAPPERS and node.args:
                return self.resolve(node.args[0], scope)
            if found in {"hydra.compose", _FROM_CLI} or self._has_command_line(found, node, scope):
                return HYDRA
            if found == "getattr" and node.args:
                owner = self.resolve(node.args[0], scope)
                return f"{owner}.?" if isinstance(owner, str) else None
            return f"{found}()"
        if isinstance(found, Scope):
            return Instance(found) if found.kind is Kind.CLASS else self._returned(found)
        return None

    def _has_command_line(self, function: str, node: ast.Call, scope: Scope) -> bool:
        """Whether a call merges the keys that the command line sets over other configurations."""
        merges = function == "omegaconf.OmegaConf.merge"
        return merges and any(self.resolve(part, scope) == HYDRA for part in node.args)

    def _super(self, scope: Scope) -> Symbol:
        owner = method_class(scope)
        ancestors = self.ancestors(owner)[1:2] if owner is not None else []
        for ancestor in ancestors:
            return f"{ancestor}()" if isinstance(ancestor, str) else Instance(ancestor)
        return None

    def _returned(self, function: Scope) -> Symbol:
        for value, _ in function.returns:
            found = self.resolve(value, function)
            if found is not None:
                return found
        annotation = getattr(function.node, "returns", None)
        return self._annotation(annotation, function) if annotation is not None else None

    def _first(self, nodes: Iterable[ast.expr], scope: Scope) -> Symbol:
        for node in nodes:
            found = self.resolve(node, scope)
            if found is not None:
                return found
        return None

    def _either(self, node: ast.IfExp, scope: Scope) -> Symbol:
        return self._first((node.body, node.orelse), scope)

    def _any(self, node: ast.BoolOp, scope: Scope) -> Symbol:
        return self._first(node.values, scope)

    def _inner(self, node: ast.Await | ast.NamedExpr | ast.Starred, scope: Scope) -> Symbol:
        return self.resolve(node.value, scope)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Symbol:
        base = self.resolve(node.value, scope)
        key = node.slice
        if not isinstance(base, str):
            return self._first(self._shown(node.value, key, scope), scope) if base is None else None
        return f"{base}[{key.value!s}]" if isinstance(key, ast.Constant) else f"{base}[]"

    def _shown(self, node: ast.expr, key: ast.expr, scope: Scope) -> list[ast.expr]:
        """The values that a dictionary in the code has under a key, or all of them: {"a": make_a}[name]."""
        bound = self.bindings(node.id, scope) if isinstance(node, ast.Name) else ()
        shown = [b.node for b in bound if isinstance(b.node, ast.Dict)]
        found = [(k, v) for table in shown for k, v in zip(table.keys, table.values, strict=True)]
        wanted = [v for k, v in found if _is_same(k, key)]
        return wanted or [v for _, v in found][:1]


def _is_same(key: ast.expr | None, other: ast.expr) -> bool:
    return isinstance(key, ast.Constant) and isinstance(other, ast.Constant) and key.value == other.value


_HANDLERS: dict[type[ast.AST], Callable[..., Symbol]] = {
    ast.Attribute: Names._attribute,
    ast.Call: Names._call,
    ast.IfExp: Names._either,
    ast.BoolOp: Names._any,
    ast.Await: Names._inner,
    ast.NamedExpr: Names._inner,
    ast.Starred: Names._inner,
    ast.Subscript: Names._subscript,
}
