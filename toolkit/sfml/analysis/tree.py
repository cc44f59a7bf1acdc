"""The records of one parsed module: scopes, what is bound in them, what is called, and when."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sfml.analysis.source import Source


class Kind(Enum):
    """How a name came by its value."""

    VALUE = "value"  # name = node, with `path` for unpacking
    IMPORT = "import"  # import target
    FROM = "from"  # from target import name
    PARAMETER = "parameter"
    FUNCTION = "function"
    CLASS = "class"
    ITEM = "item"  # for name in node
    ENTER = "enter"  # with node as name
    FIELD = "field"  # name: annotation, without a value


class Branch(Enum):
    """Which part of a statement is guarded."""

    IF = "if"
    TRY = "try"
    EXCEPT = "except"


@dataclass(slots=True, eq=False)
class Guard:
    """The innermost condition on a statement, and those around it within the same function."""

    branch: Branch
    node: ast.AST  # the test of an `if`, or the try statement
    holds: bool
    scope: Scope
    outer: Guard | None


@dataclass(slots=True, eq=False)
class Binding:
    """One assignment of a name. ``node`` is what it is assigned, to be read in ``scope``."""

    kind: Kind
    name: str
    line: int
    scope: Scope
    guard: Guard | None = None
    node: ast.AST | None = None
    path: tuple[int, ...] = ()
    target: str = ""
    level: int = 0
    inner: Scope | None = None


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    """A module, function or class body. ``attributes`` are what a class's methods set on ``self``."""

    module: Module
    kind: Kind | None  # None for the module itself
    name: str
    node: ast.AST
    parent: Scope | None
    guard: Guard | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    returns: list[tuple[ast.expr, Guard | None]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Call:
    """A call, the scope and condition it stands in."""

    node: ast.Call
    scope: Scope
    guard: Guard | None


@dataclass(slots=True, eq=False)
class Import:
    """What one import statement, or call that imports, asks for: ``target`` and names from it."""

    target: str
    names: tuple[str, ...]
    level: int
    line: int
    scope: Scope
    guard: Guard | None


@dataclass(slots=True, eq=False)
class Text:
    """A string that begins like an absolute path, with the call (and keyword) it is handed to."""

    node: ast.Constant
    scope: Scope
    guard: Guard | None
    call: ast.Call | None
    keyword: str | None


@dataclass(slots=True, eq=False)
class Store:
    """``base.attribute = value`` or ``base[key] = value``."""

    base: ast.expr
    key: ast.expr | str
    binding: Binding


@dataclass(slots=True, eq=False)
class Test:
    """An `if` or `assert`: where a script may refuse to go on."""

    node: ast.expr
    scope: Scope
    guard: Guard | None
    refuses_when: bool | None  # the outcome of the test that ends the script


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the project."""

    cls: Scope


@dataclass(frozen=True, slots=True)
class Folder:
    """A namespace package of the project: importable, without code of its own."""

    path: Path


@dataclass(slots=True, eq=False, repr=False)
class Module:
    """A parsed file. ``dotted`` is the name it is imported under, "__main__" for the entry point."""

    path: Path
    source: Source
    dotted: str
    package: str
    is_main: bool
    tree: ast.Module
    scope: Scope = field(init=False)
    calls: list[Call] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    stars: list[Import] = field(default_factory=list)
    attribute_stores: list[Store] = field(default_factory=list)
    item_stores: list[Store] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    roots: dict[str, str] = field(default_factory=dict)  # imported names; what they come from, "" if relative
    called: dict[str, list[Call]] = field(default_factory=dict)  # by the last part of what is called
    handed: dict[str, list[Call]] = field(
        default_factory=dict
    )  # by names given to the call, as callbacks are
    _lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        """The text's lines, split once."""
        if self._lines is None:
            # Not splitlines(): the parser counts no form feeds or other exotic line ends.
            self._lines = self.source.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return self._lines

    def calls_of(self, names: Collection[str]) -> list[Call]:
        """The calls of anything by one of these names, in the order of their lines."""
        found = [call for name in names if name in self.called for call in self.called[name]]
        return sorted(found, key=lambda call: (call.node.lineno, call.node.col_offset))

    def clear(self) -> None:
        """Let go of the tree and of all that was found in it: records that point at each other in circles."""
        for scope in (self.scope, *self.scopes):
            for found in (scope.names, scope.attributes, scope.returns):
                found.clear()
        for kept in (
            self.calls,
            self.imports,
            self.stars,
            self.attribute_stores,
            self.item_stores,
            self.tests,
        ):
            kept.clear()
        for rest in (self.texts, self.scopes, self.called, self.handed, self.tree.body):
            rest.clear()

    def __post_init__(self) -> None:
        self.scope = Scope(module=self, kind=None, name=self.dotted, node=self.tree, parent=None)
